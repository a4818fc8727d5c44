import type { HTTPRouteMatch } from '../../../lib/api/http-route.ts';
import { namespacedName } from '../../../lib/api/kinds.ts';
import type { AttachedRoute, FrontendPolicy, ResolvedListener } from '../../resolve/resolved.ts';
import type { RouteLabels } from '../../telemetry/labels.ts';
import type { Expressions } from '../expressions.ts';
import type { Hostname, PathMatch, RouteMatch, Rule, ValueMatch } from '../snapshot.ts';
import { comparePrecedence, type RankedMatch } from './precedence.ts';
import { compileRule, trimSlashes } from './rule.ts';

/** All matches of a listener's routes, the one to be tried first in front. */
export const compileMatches = (
  { routes, frontend }: ResolvedListener,
  labels: RouteLabels,
  expressions: Expressions,
): readonly RouteMatch[] =>
  routes
    .flatMap((route) => rank(route, labels, frontend, expressions))
    .sort(comparePrecedence)
    .map(({ match }) => match);

const rank = (
  { route, hostnames, rules }: AttachedRoute,
  labels: RouteLabels,
  frontend: FrontendPolicy,
  expressions: Expressions,
): readonly RankedMatch[] => {
  const name = namespacedName(route.metadata);
  return rules.flatMap((resolved) => {
    const ruleOf = compileRule(resolved, { ...labels, route: name, routeRule: resolved.name }, frontend, expressions);
    return resolved.matches.flatMap((match, matchIndex) => {
      const compiled = compileMatch(match, ruleOf(match), expressions);
      return hostnames.map((hostname) => ({
        match: { hostname: compileHostname(hostname), ...compiled },
        creationTimestamp: route.metadata.creationTimestamp ?? '',
        route: name,
        ruleIndex: resolved.index,
        matchIndex,
      }));
    });
  });
};

/** Under whichever hostname. */
const compileMatch = (match: HTTPRouteMatch, rule: Rule, expressions: Expressions): Omit<RouteMatch, 'hostname'> => {
  const path = compilePath(match.path, expressions);
  return {
    path,
    method: match.method,
    headers: compileValues(match.headers, (name) => name.toLowerCase(), expressions),
    query: compileValues(match.queryParams, (name) => name, expressions),
    rule,
    pattern:
      path.type === 'PathPrefix' ? `${path.value}/*` : path.type === 'Exact' ? path.value : (match.path?.value ?? ''),
  };
};

export const compileHostname = (hostname: string | undefined): Hostname | undefined => {
  if (hostname === undefined) return undefined;
  return hostname.startsWith('*.') ? { suffix: hostname.slice(1) } : { exact: hostname };
};

const compilePath = (
  { type = 'PathPrefix', value = '/' }: NonNullable<HTTPRouteMatch['path']> = {},
  expressions: Expressions,
): PathMatch => {
  switch (type) {
    case 'Exact':
      return { type, value };
    case 'PathPrefix':
      return { type, value: trimSlashes(value) };
    case 'RegularExpression':
      return { type, value: expressions.pattern(value) };
  }
};

/** Gateway API: of several entries with the same name only the first counts. */
const compileValues = (
  matches: HTTPRouteMatch['headers'],
  normalize: (name: string) => string,
  expressions: Expressions,
): readonly ValueMatch[] => {
  const byName = new Map<string, ValueMatch>();
  for (const { name, type, value } of matches ?? []) {
    const key = normalize(name);
    if (!byName.has(key))
      byName.set(key, { name: key, value: type === 'RegularExpression' ? expressions.pattern(value) : value });
  }
  return [...byName.values()];
};
