import type { HTTPRouteFilter } from '../../../lib/api/http-route.ts';
import type { BackendRefPolicy, HeaderField, HeaderModifier } from '../rule-policy.ts';

/** The shape that filters and policies share. */
interface HeaderModifierSpec {
  readonly set?: readonly HeaderField[];
  readonly add?: readonly HeaderField[];
  readonly remove?: readonly string[];
}

export const compileHeaders = ({ set = [], add = [], remove = [] }: HeaderModifierSpec): HeaderModifier => ({
  set: set.map(toField),
  add: add.map(toField),
  remove: remove.map((name) => name.toLowerCase()),
});

const toField = ({ name, value }: HeaderField): HeaderField => ({ name: name.toLowerCase(), value });

/** Modifiers of requests and of answers among some filters. */
export const headerFilters = (filters: readonly HTTPRouteFilter[]): BackendRefPolicy => ({
  requestHeaders: filters.flatMap(({ requestHeaderModifier: spec }) =>
    spec === undefined ? [] : [compileHeaders(spec)],
  ),
  responseHeaders: filters.flatMap(({ responseHeaderModifier: spec }) =>
    spec === undefined ? [] : [compileHeaders(spec)],
  ),
});

export const compileBackendRefPolicy = (filters: readonly HTTPRouteFilter[]): BackendRefPolicy | undefined =>
  filters.length === 0 ? undefined : headerFilters(filters);
