import type { ReferenceReason } from '../../lib/api/conditions.ts';
import type { HTTPBackendRef, HTTPRoute, HTTPRouteMatch, HTTPRouteRule } from '../../lib/api/http-route.ts';
import { KINDS } from '../../lib/api/kinds.ts';
import type { Grants } from './grants.ts';
import { regexProblem } from './regex.ts';
import type { ResolvedBackend, ResolvedRule } from './resolved.ts';

/** What routes refer to. */
export interface RouteReferences {
  readonly backends: ReadonlyMap<string, ResolvedBackend>;
  /** Absent: no grants are asked for. */
  readonly grants: Grants | undefined;
}

export interface RuleResolution {
  readonly rules: readonly ResolvedRule[];
  /** One for each rule that cannot be served: the rule is left out. */
  readonly dropped: readonly string[];
  /** The first reference that does not resolve. */
  readonly unresolved: { readonly reason: ReferenceReason; readonly message: string } | undefined;
}

/** A rule without matches takes every path. */
const DEFAULT_MATCHES: readonly HTTPRouteMatch[] = [{ path: { type: 'PathPrefix', value: '/' } }];

export const resolveRules = (route: HTTPRoute, references: RouteReferences): RuleResolution => {
  const rules: ResolvedRule[] = [];
  const dropped: string[] = [];
  const names = new Set<string>();
  let unresolved: RuleResolution['unresolved'];
  for (const [index, rule] of (route.spec.rules ?? [{}]).entries()) {
    const backends = (rule.backendRefs ?? []).map((ref) => {
      const backend = resolveBackendRef(route, ref, references);
      if (backend.type === 'invalid' && backend.reason !== 'TranslationError') {
        unresolved ??= { reason: backend.reason, message: backend.message };
      }
      return { weight: ref.weight ?? 1, backend };
    });
    const isRepeated = rule.name !== undefined && names.has(rule.name);
    if (rule.name !== undefined) names.add(rule.name);
    const problem = isRepeated
      ? `rules[${index}].name: ${rule.name} is the name of a rule already`
      : unsupported(rule, `rules[${index}]`);
    if (problem !== undefined) {
      dropped.push(problem);
      continue;
    }
    const matches = rule.matches === undefined || rule.matches.length === 0 ? DEFAULT_MATCHES : rule.matches;
    rules.push({ index, name: rule.name, matches, backends });
  }
  return { rules, dropped, unresolved };
};

/** The first thing in a rule that is not served: it must not be ignored. */
const unsupported = (rule: HTTPRouteRule, field: string): string | undefined => {
  const filter = rule.filters?.[0];
  if (filter !== undefined) return `${field}.filters[0]: filter ${filter.type} is not supported`;
  for (const [name, value] of Object.entries(rule.timeouts ?? {})) {
    if (value !== undefined) return `${field}.timeouts.${name} is not supported`;
  }
  for (const [index, ref] of (rule.backendRefs ?? []).entries()) {
    const own = ref.filters?.[0];
    if (own !== undefined) return `${field}.backendRefs[${index}].filters[0]: filter ${own.type} is not supported`;
  }
  for (const [index, match] of (rule.matches ?? []).entries()) {
    const problem = matchProblem(match, `${field}.matches[${index}]`);
    if (problem !== undefined) return problem;
  }
  return undefined;
};

const matchProblem = (match: HTTPRouteMatch, field: string): string | undefined => {
  const { type = 'PathPrefix', value = '/' } = match.path ?? {};
  if (type !== 'RegularExpression') {
    // Gateway API, HTTPPathMatch: the rules that the API server applies to Exact and PathPrefix.
    if (!value.startsWith('/')) return `${field}.path.value: ${JSON.stringify(value)} must begin with /`;
    const forbidden = /\/\/|\/\.\.?(?=\/|$)|%2[fF]|#/.exec(value);
    if (forbidden !== null) return `${field}.path.value: ${JSON.stringify(value)} must not hold ${forbidden[0]}`;
  }
  const expressions = [
    { field: `${field}.path.value`, type, value },
    ...(match.headers ?? []).map((item, index) => ({ field: `${field}.headers[${index}].value`, ...item })),
    ...(match.queryParams ?? []).map((item, index) => ({ field: `${field}.queryParams[${index}].value`, ...item })),
  ];
  for (const expression of expressions) {
    if (expression.type !== 'RegularExpression') continue;
    const problem = regexProblem(expression.value);
    if (problem !== undefined) {
      return `${expression.field}: regular expression ${JSON.stringify(expression.value)} is not supported: ${problem}`;
    }
  }
  return undefined;
};

const resolveBackendRef = (
  { metadata }: HTTPRoute,
  ref: HTTPBackendRef,
  { backends, grants }: RouteReferences,
): ResolvedBackend => {
  const { group = '', kind = 'Service', name, namespace = metadata.namespace ?? '' } = ref;
  const fullName = `${namespace}/${name}`;
  const invalid = (reason: ReferenceReason, message: string): ResolvedBackend => ({
    type: 'invalid',
    name: fullName,
    reason,
    message,
  });
  const known = KINDS.AgentgatewayBackend;
  if (group !== known.group || kind !== known.kind) {
    const found = group === '' ? kind : `${kind} of ${group}`;
    return invalid(
      'InvalidKind',
      `backendRef to ${found} ${fullName}: only ${known.kind} of ${known.group} is supported`,
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
  return backends.get(fullName) ?? invalid('BackendNotFound', `Backend not found: ${fullName}`);
};
