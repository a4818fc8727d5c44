import type { HTTPRouteMatch } from '../../../lib/api/http-route.ts';
import type { FrontendPolicy, ResolvedRule } from '../../resolve/resolved.ts';
import type { RouteLabels } from '../../telemetry/labels.ts';
import { replacesPrefix } from '../policy/rewrite.ts';
import type { Rule } from '../snapshot.ts';
import { trimSlashes } from './match.ts';
import type { RouteParts } from './parts.ts';

/** The rule that a match leads to: one for all of them, or one for each prefix where a filter replaces what was matched. */
export const compileRule = (
  resolved: ResolvedRule,
  labels: RouteLabels,
  frontend: FrontendPolicy,
  parts: RouteParts,
): ((match: HTTPRouteMatch) => Rule) => {
  const backends = parts.backends(resolved);
  const totalWeight = backends.reduce((sum, { weight }) => sum + weight, 0);
  const rules = new Map<string, Rule>();
  const byPrefix = replacesPrefix(resolved.filters);
  return ({ path }) => {
    const prefix = byPrefix && (path?.type ?? 'PathPrefix') === 'PathPrefix' ? trimSlashes(path?.value ?? '/') : '';
    let rule = rules.get(prefix);
    if (rule === undefined) {
      const policy = parts.policy(resolved, frontend, prefix);
      rule = { labels, backends, totalWeight, ...(policy === undefined ? {} : { policy }) };
      rules.set(prefix, rule);
    }
    return rule;
  };
};
