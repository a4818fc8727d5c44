import type { HTTPRouteFilter, HTTPRouteMatch } from '../../../lib/api/http-route.ts';

export interface RuleProblem {
  readonly reason: 'UnsupportedValue' | 'IncompatibleFilters';
  readonly message: string;
}

/** Filters that are served, and the field of each. */
const RULE_FILTERS: Readonly<Record<string, keyof HTTPRouteFilter>> = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  CORS: 'cors',
};
const BACKEND_FILTERS: ReadonlySet<string> = new Set(['RequestHeaderModifier', 'ResponseHeaderModifier']);

/** Gateway API: which redirects there are. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const unsupported = (message: string): RuleProblem => ({ reason: 'UnsupportedValue', message });

/** The first thing in a rule's filters that cannot be served. */
export const filtersProblem = (
  filters: readonly HTTPRouteFilter[],
  matches: readonly HTTPRouteMatch[],
  field: string,
): RuleProblem | undefined => {
  const types = new Set(filters.map(({ type }) => type));
  for (const [index, filter] of filters.entries()) {
    const place = `${field}[${index}]`;
    const name = RULE_FILTERS[filter.type];
    if (name === undefined) return unsupported(`${place}: filter ${filter.type} is not supported`);
    if (filter[name] === undefined) return unsupported(`${place}: filter ${filter.type} needs ${name}`);
    if (filters.findIndex(({ type }) => type === filter.type) < index) {
      return unsupported(`${place}: filter ${filter.type} cannot be repeated`);
    }
    const problem = redirectProblem(filter, place) ?? pathProblem(filter, matches, place);
    if (problem !== undefined) return unsupported(problem);
  }
  if (types.has('RequestRedirect') && types.has('URLRewrite')) {
    return { reason: 'IncompatibleFilters', message: `${field}: RequestRedirect and URLRewrite exclude each other` };
  }
  return undefined;
};

/** The same for the filters of a backendRef. */
export const backendFiltersProblem = (filters: readonly HTTPRouteFilter[], field: string): RuleProblem | undefined => {
  for (const [index, { type }] of filters.entries()) {
    if (!BACKEND_FILTERS.has(type))
      return unsupported(`${field}[${index}]: filter ${type} of a backendRef is not supported`);
  }
  return filtersProblem(filters, [], field);
};

const redirectProblem = ({ requestRedirect }: HTTPRouteFilter, place: string): string | undefined => {
  const { statusCode = 302 } = requestRedirect ?? {};
  return REDIRECTS.has(statusCode) ? undefined : `${place}: status ${statusCode} is no redirect`;
};

/** Gateway API, HTTPPathModifier: the value that goes with the type, and a prefix to replace in each match. */
const pathProblem = (
  { requestRedirect, urlRewrite }: HTTPRouteFilter,
  matches: readonly HTTPRouteMatch[],
  place: string,
): string | undefined => {
  const path = requestRedirect?.path ?? urlRewrite?.path;
  if (path === undefined) return undefined;
  const value = path.type === 'ReplaceFullPath' ? path.replaceFullPath : path.replacePrefixMatch;
  if (value === undefined) return `${place}: path of type ${path.type} has no value`;
  if (/[^\x21-\x7e]|[?#]/.test(value)) return `${place}: ${JSON.stringify(value)} is no path`;
  if (path.type === 'ReplaceFullPath') return undefined;
  const isPrefix = ({ path: own }: HTTPRouteMatch): boolean => (own?.type ?? 'PathPrefix') === 'PathPrefix';
  return matches.every(isPrefix) ? undefined : `${place}: ReplacePrefixMatch goes with PathPrefix matches only`;
};
