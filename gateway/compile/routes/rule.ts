import type { HTTPRouteMatch } from '../../../lib/api/http-route.ts';
import type { FrontendPolicy, ResolvedRule } from '../../resolve/resolved.ts';
import type { RouteLabels } from '../../telemetry/labels.ts';
import { toBackend } from '../backend.ts';
import type { Expressions } from '../expressions.ts';
import { compileBackendRefPolicy } from '../policy/headers.ts';
import { compileRulePolicy } from '../policy/policy.ts';
import { replacesPrefix } from '../policy/rewrite.ts';
import type { Rule, WeightedBackend } from '../snapshot.ts';

/** The rule that a match leads to: one for all of them, or one for each prefix where a filter replaces what was matched. */
export const compileRule = (
  resolved: ResolvedRule,
  labels: RouteLabels,
  frontend: FrontendPolicy,
  expressions: Expressions,
): ((match: HTTPRouteMatch) => Rule) => {
  const backends = resolved.backends.map(({ weight, backend, filters }): WeightedBackend => {
    const policy = compileBackendRefPolicy(filters);
    return { weight, backend: toBackend(backend), ...(policy === undefined ? {} : { policy }) };
  });
  const totalWeight = backends.reduce((sum, { weight }) => sum + weight, 0);
  const rules = new Map<string, Rule>();
  const byPrefix = replacesPrefix(resolved.filters);
  return ({ path }) => {
    const prefix = byPrefix && (path?.type ?? 'PathPrefix') === 'PathPrefix' ? trimSlashes(path?.value ?? '/') : '';
    let rule = rules.get(prefix);
    if (rule === undefined) {
      const policy = compileRulePolicy(resolved, frontend, prefix, expressions);
      rule = { labels, backends, totalWeight, ...(policy === undefined ? {} : { policy }) };
      rules.set(prefix, rule);
    }
    return rule;
  };
};

/** A prefix without trailing slashes; the empty string matches all. */
export const trimSlashes = (path: string): string => path.replace(/\/+$/, '');
