import type { ReferenceReason } from '../../../lib/api/conditions.ts';
import type { HTTPBackendRef, HTTPRoute, HTTPRouteMatch, HTTPRouteRule } from '../../../lib/api/http-route.ts';
import { KINDS, namespacedName } from '../../../lib/api/kinds.ts';
import type { Backends } from '../backend/backends.ts';
import { type ConnectionFields, NO_FIELDS } from '../backend/connection.ts';
import { milliseconds } from '../duration.ts';
import type { Grants } from '../grants.ts';
import { Once } from '../once.ts';
import type { Levels, ListenerLevel } from '../policy/levels.ts';
import type { ResolvedBackend, ResolvedRule } from '../resolved.ts';
import { backendFiltersProblem, filtersProblem, type RuleProblem } from './filters.ts';
import { matchProblem } from './matches.ts';

/** What rules refer to. */
export interface RuleContext {
  readonly backends: Backends;
  readonly levels: Levels;
  /** Absent: no grants are asked for. */
  readonly grants: Grants | undefined;
}

/** A rule without matches takes every path. */
const DEFAULT_MATCHES: readonly HTTPRouteMatch[] = [{ path: { type: 'PathPrefix', value: '/' } }];

interface ServedRule {
  readonly index: number;
  readonly rule: HTTPRouteRule;
  readonly matches: readonly HTTPRouteMatch[];
}

/** The rules of one route: on most listeners the same, but policies of a listener can make them others. */
export class RouteRules {
  /** One for each rule that cannot be served: the rule is left out. */
  readonly problems: readonly RuleProblem[];
  /** The first reference that does not resolve. */
  readonly unresolved: { readonly reason: ReferenceReason; readonly message: string } | undefined;
  /** `Kind/namespace/name` of the route and of the backends that it may have. */
  readonly refersTo: ReadonlySet<string>;
  /** What is accepted and has no effect. */
  readonly notes: readonly string[];
  readonly #route: HTTPRoute;
  readonly #context: RuleContext;
  readonly #served: readonly ServedRule[];
  /** By what is felt on the listener. */
  readonly #rules = new Once<ListenerLevel, readonly ResolvedRule[]>();

  constructor(route: HTTPRoute, context: RuleContext) {
    this.#route = route;
    this.#context = context;
    const problems: RuleProblem[] = [];
    const served: ServedRule[] = [];
    const names = new Set<string>();
    const refersTo = new Set([`HTTPRoute/${namespacedName(route.metadata)}`]);
    let unresolved: RouteRules['unresolved'];
    for (const [index, rule] of (route.spec.rules ?? [{}]).entries()) {
      for (const ref of backendRefs(rule)) {
        const backend = resolveBackendRef(route, ref, context, NO_FIELDS);
        const isPermitted = backend.type !== 'invalid' || backend.reason !== 'RefNotPermitted';
        if (isPermitted)
          refersTo.add(`${ref.kind ?? 'Service'}/${ref.namespace ?? route.metadata.namespace}/${ref.name}`);
        if (backend.type === 'invalid' && backend.reason !== 'TranslationError') {
          unresolved ??= { reason: backend.reason, message: backend.message };
        }
      }
      const isRepeated = rule.name !== undefined && names.has(rule.name);
      if (rule.name !== undefined) names.add(rule.name);
      const matches = rule.matches === undefined || rule.matches.length === 0 ? DEFAULT_MATCHES : rule.matches;
      const problem: RuleProblem | undefined = isRepeated
        ? {
            reason: 'UnsupportedValue',
            message: `rules[${index}].name: ${rule.name} is the name of a rule already`,
          }
        : (ruleProblem(rule, matches, `rules[${index}]`) ?? rewriteProblem(route, rule, context, `rules[${index}]`));
      if (problem === undefined) served.push({ index, rule, matches });
      else problems.push(problem);
    }
    this.problems = problems;
    this.notes = served.flatMap(({ index, rule }) =>
      rule.retry?.codes === undefined
        ? []
        : [`rules[${index}].retry.codes has no effect: requests are retried only when no connection came about`],
    );
    this.unresolved = unresolved;
    this.refersTo = refersTo;
    this.#served = served;
  }

  /** No rule can be served. */
  get isEmpty(): boolean {
    return this.#served.length === 0;
  }

  /** The rules with the policies that are in force on a listener. */
  on(gateway: string, listener: string, port: number): readonly ResolvedRule[] {
    const level = this.#context.levels.ofListener(gateway, listener, port);
    return this.#rules.get(level, () => this.#resolve(level));
  }

  #resolve(level: ListenerLevel): readonly ResolvedRule[] {
    const { levels } = this.#context;
    const name = namespacedName(this.#route.metadata);
    return this.#served.map(({ index, rule, matches }): ResolvedRule => {
      const inherited = levels.inherited(level, name, rule.name);
      return {
        index,
        name: rule.name,
        matches,
        filters: rule.filters ?? [],
        timeouts: {
          request: optional(rule.timeouts?.request),
          backendRequest: optional(rule.timeouts?.backendRequest),
        },
        retry: rule.retry,
        backends: (rule.backendRefs ?? []).map((ref) => ({
          weight: ref.weight ?? 1,
          backend: resolveBackendRef(this.#route, ref, this.#context, inherited),
          filters: ref.filters ?? [],
        })),
        traffic: levels.traffic(level, name, rule.name),
      };
    });
  }
}

const optional = (duration: string | undefined): number | undefined =>
  duration === undefined ? undefined : milliseconds(duration);

/** Gateway API: references in filters count as well. */
const backendRefs = (rule: HTTPRouteRule): readonly HTTPBackendRef[] => [
  ...(rule.backendRefs ?? []),
  ...[...(rule.filters ?? []), ...(rule.backendRefs ?? []).flatMap(({ filters = [] }) => filters)].flatMap(
    ({ requestMirror }) => requestMirror?.backendRef ?? [],
  ),
];

/** The first thing in a rule that is not served: it must not be ignored. */
const ruleProblem = (
  rule: HTTPRouteRule,
  matches: readonly HTTPRouteMatch[],
  field: string,
): RuleProblem | undefined => {
  const filters = filtersProblem(rule.filters ?? [], matches, `${field}.filters`);
  if (filters !== undefined) return filters;
  for (const [index, ref] of (rule.backendRefs ?? []).entries()) {
    const own = backendFiltersProblem(ref.filters ?? [], `${field}.backendRefs[${index}].filters`);
    if (own !== undefined) return own;
  }
  if (rule.sessionPersistence !== undefined) {
    return { reason: 'UnsupportedValue', message: `${field}.sessionPersistence is not supported` };
  }
  const redirects = (rule.filters ?? []).some(({ type }) => type === 'RequestRedirect');
  if (redirects && (rule.backendRefs ?? []).length > 0) {
    return {
      reason: 'IncompatibleFilters',
      message: `${field}: RequestRedirect and backendRefs exclude each other`,
    };
  }
  for (const [index, match] of matches.entries()) {
    const problem = matchProblem(match, `${field}.matches[${index}]`);
    if (problem !== undefined) return { reason: 'UnsupportedValue', message: problem };
  }
  return undefined;
};

/** An MCP target has a path of its own: a rewritten one would go nowhere. */
const rewriteProblem = (
  { metadata }: HTTPRoute,
  { filters = [], backendRefs: refs = [] }: HTTPRouteRule,
  { backends }: RuleContext,
  field: string,
): RuleProblem | undefined => {
  const index = filters.findIndex(({ urlRewrite }) => urlRewrite?.path !== undefined);
  const mcp = refs.find(
    ({ kind, name, namespace }) =>
      kind === KINDS.AgentgatewayBackend.kind && backends.isMcp(`${namespace ?? metadata.namespace}/${name}`),
  );
  if (index < 0 || mcp === undefined) return undefined;
  const message = `${field}.filters[${index}]: a path cannot be rewritten for MCP backend ${mcp.name}, whose targets have their own`;
  return { reason: 'UnsupportedValue', message };
};

const resolveBackendRef = (
  { metadata }: HTTPRoute,
  ref: HTTPBackendRef,
  { backends, grants }: RuleContext,
  inherited: ConnectionFields,
): ResolvedBackend => {
  const { group = '', kind = 'Service', name, namespace = metadata.namespace ?? '' } = ref;
  const fullName = `${namespace}/${name}`;
  const invalid = (reason: ReferenceReason, message: string): ResolvedBackend => ({
    type: 'invalid',
    name: fullName,
    reason,
    message,
  });
  const known = [KINDS.Service, KINDS.AgentgatewayBackend].find((info) => info.group === group && info.kind === kind);
  if (known === undefined) {
    const found = group === '' ? kind : `${kind} of ${group}`;
    return invalid(
      'InvalidKind',
      `backendRef to ${found} ${fullName}: only Service and AgentgatewayBackend are supported`,
    );
  }
  const reference = {
    from: { kind: KINDS.HTTPRoute, namespace: metadata.namespace ?? '' },
    to: { group, kind, namespace, name },
  };
  if (grants?.allows(reference) === false) {
    return invalid(
      'RefNotPermitted',
      `backendRef to ${kind} ${fullName} from HTTPRoute ${metadata.namespace}/${metadata.name}: a ReferenceGrant in namespace ${namespace} is missing`,
    );
  }
  return known === KINDS.Service
    ? backends.service(namespace, name, ref.port, inherited)
    : backends.backend(fullName, inherited);
};
