import type { HTTPRouteMatch } from '../../../lib/api/http-route.ts';
import { Once } from '../../resolve/once.ts';
import type { FrontendPolicy, ResolvedBackend, ResolvedRule } from '../../resolve/resolved.ts';
import { toBackend } from '../backend.ts';
import type { Expressions } from '../expressions.ts';
import { compileBackendRefPolicy } from '../policy/headers.ts';
import { compileRulePolicy, hasOwnPolicy } from '../policy/policy.ts';
import type { RulePolicy } from '../rule-policy.ts';
import type { Backend, WeightedBackend } from '../snapshot.ts';
import { compileMatch, type MatchParts } from './match.ts';

/**
 * What is compiled of routes and is the same on every listener that they are attached to, or for all rules under the same policies:
 * compiled once for a snapshot.
 */
export class RouteParts {
  readonly #expressions: Expressions;
  readonly #matches = new Once<HTTPRouteMatch, MatchParts>();
  readonly #backends = new Once<ResolvedBackend, Backend>();
  readonly #weighted = new Once<ResolvedRule, readonly WeightedBackend[]>();
  readonly #policies = new Once<object, Once<string, RulePolicy | undefined>>();

  constructor(expressions: Expressions) {
    this.#expressions = expressions;
  }

  match(match: HTTPRouteMatch): MatchParts {
    return this.#matches.get(match, () => compileMatch(match, this.#expressions));
  }

  backends(rule: ResolvedRule): readonly WeightedBackend[] {
    return this.#weighted.get(rule, () =>
      rule.backends.map(({ weight, backend, filters }): WeightedBackend => {
        const policy = compileBackendRefPolicy(filters);
        const compiled = this.#backends.get(backend, () => toBackend(backend));
        return { weight, backend: compiled, ...(policy === undefined ? {} : { policy }) };
      }),
    );
  }

  /** @param prefix what the match that led here matched; empty if that makes no difference */
  policy(rule: ResolvedRule, frontend: FrontendPolicy, prefix: string): RulePolicy | undefined {
    const compile = (): RulePolicy | undefined => compileRulePolicy(rule, frontend, prefix, this.#expressions);
    if (frontend.refusal !== undefined) return compile();
    const decisive = hasOwnPolicy(rule) ? rule : rule.traffic;
    return this.#policies.get(decisive, () => new Once()).get(prefix, compile);
  }
}
