import { namespacedName } from '../../../lib/api/kinds.ts';
import type { AttachedRoute, FrontendPolicy, ResolvedListener } from '../../resolve/resolved.ts';
import type { RouteLabels } from '../../telemetry/labels.ts';
import type { RouteMatch } from '../snapshot.ts';
import { compileHostname } from './match.ts';
import type { RouteParts } from './parts.ts';
import { comparePrecedence, type RankedMatch } from './precedence.ts';
import { compileRule } from './rule.ts';

/** All matches of a listener's routes, the one to be tried first in front. */
export const compileMatches = (
  { routes, frontend }: ResolvedListener,
  labels: RouteLabels,
  parts: RouteParts,
): readonly RouteMatch[] =>
  routes
    .flatMap((route) => rank(route, labels, frontend, parts))
    .sort(comparePrecedence)
    .map(({ match }) => match);

const rank = (
  { route, hostnames, rules }: AttachedRoute,
  labels: RouteLabels,
  frontend: FrontendPolicy,
  parts: RouteParts,
): readonly RankedMatch[] => {
  const name = namespacedName(route.metadata);
  return rules.flatMap((resolved) => {
    const ruleOf = compileRule(resolved, { ...labels, route: name, routeRule: resolved.name }, frontend, parts);
    return resolved.matches.flatMap((match, matchIndex) => {
      const { pattern, ...compiled } = parts.match(match);
      const rule = ruleOf(match);
      return hostnames.map((hostname) => ({
        match: { hostname: compileHostname(hostname), ...compiled, rule, pattern },
        creationTimestamp: route.metadata.creationTimestamp ?? '',
        route: name,
        ruleIndex: resolved.index,
        matchIndex,
      }));
    });
  });
};
