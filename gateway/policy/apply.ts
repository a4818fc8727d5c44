import type { OutgoingHttpHeaders } from 'node:http';
import type { CelContext, CelExpression } from '../../lib/cel/expression.ts';
import type { Alternatives, BackendRefPolicy, RulePolicy, Transformation } from '../compile/rule-policy.ts';
import { ERRORS, type ErrorCode, GatewayError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { ContextPlan, type EnvironmentFacts } from '../telemetry/context.ts';
import type { RequestRecord } from '../telemetry/record.ts';
import type { Answer } from './answer.ts';
import { denialOf } from './authorization.ts';
import { corsHeaders, isPreflight, PREFLIGHT_ANSWER } from './cors.ts';
import { directAnswer } from './direct-response.ts';
import { choose, type Variables } from './evaluate.ts';
import { RequestFields, ResponseFields } from './fields.ts';
import { modifyHeaders } from './header-modifier.ts';
import { RateLimiter } from './rate-limit.ts';
import { redirectAnswer } from './redirect.ts';
import { rewrite } from './rewrite.ts';
import { transformRequest, transformResponse } from './transformation.ts';

export interface PoliciesOptions {
  readonly environment: EnvironmentFacts;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Changes the header fields of an answer (names in lower case) before they are sent, and returns its status. */
export type HeadRewriter = (status: number, headers: OutgoingHttpHeaders) => number;

/** Executes the policies of rules and of their backendRefs, in the order that RulePolicy has. */
export class Policies {
  readonly #options: PoliciesOptions;
  readonly #limiter: RateLimiter;
  readonly #plans = new WeakMap<RulePolicy, Plans>();

  constructor(options: PoliciesOptions) {
    this.#options = options;
    this.#limiter = new RateLimiter(options.now);
  }

  /**
   * What happens to a request before it goes on: `exchange.forward` is as the policy wants it, unless there is an answer already.
   * @param listenerPort as configured
   * @throws GatewayError policy_invalid, forbidden, rate_limited
   */
  onRequest(exchange: Exchange, policy: RulePolicy, listenerPort: number): Answer | undefined {
    const { record, forward } = exchange;
    const variables = this.#variables(record, () => this.#plansOf(policy).request);
    if (policy.refusal !== undefined) throw refuse(record, 'policy_invalid', policy.refusal);
    if (policy.cors !== undefined && isPreflight(record.request)) return answered(record, PREFLIGHT_ANSWER);
    const denial = denialOf(policy.authorization, variables);
    if (denial !== undefined) throw refuse(record, 'forbidden', denial);
    this.#limit(exchange, policy, variables);
    const direct = choose(policy.directResponse, variables);
    if (direct !== undefined) return answered(record, directAnswer(direct, variables));
    if (policy.redirect !== undefined) {
      return answered(record, redirectAnswer(policy.redirect, record.request, listenerPort));
    }
    modifyHeaders(new RequestFields(forward), policy.requestHeaders);
    const transformation = choose(policy.requestTransformation, variables);
    if (transformation !== undefined) transformRequest(forward, transformation, variables);
    if (policy.rewrite !== undefined) rewrite(forward, policy.rewrite);
    forward.requestTimeout = policy.timeouts.request;
    forward.backendTimeout = policy.timeouts.backendRequest;
    forward.retry = policy.retry;
    return undefined;
  }

  /** What happens to a request once its backend is chosen, besides. */
  onBackendRequest({ forward }: Exchange, { requestHeaders }: BackendRefPolicy): void {
    modifyHeaders(new RequestFields(forward), requestHeaders);
  }

  /** What happens to the header of the answer, whoever gives it; undefined: nothing. */
  onResponse(
    { record }: Exchange,
    policy: RulePolicy | undefined,
    backendRef: BackendRefPolicy | undefined,
  ): HeadRewriter | undefined {
    if (policy === undefined && backendRef === undefined) return undefined;
    return (status, headers) => {
      const sent = policy === undefined ? status : this.#transformed(record, policy, status, headers);
      const fields = new ResponseFields(headers);
      modifyHeaders(fields, policy?.responseHeaders ?? []);
      modifyHeaders(fields, backendRef?.responseHeaders ?? []);
      if (policy?.cors !== undefined) corsHeaders(policy.cors, record.request, headers);
      return sent;
    };
  }

  #transformed(record: RequestRecord, policy: RulePolicy, status: number, headers: OutgoingHttpHeaders): number {
    const answered = { ...record, response: { status, headers: { ...headers }, bytes: 0 } };
    const variables = this.#variables(answered, () => this.#plansOf(policy).response);
    const transformation = choose(policy.responseTransformation, variables);
    return transformation === undefined ? status : transformResponse(status, headers, transformation, variables);
  }

  #limit({ record, response }: Exchange, { rateLimits }: RulePolicy, variables: Variables): void {
    const limits = choose(rateLimits, variables);
    const excess = limits && this.#limiter.take(limits, variables);
    if (excess === undefined) return;
    const { limit, retryAfter } = excess;
    response.setHeader('retry-after', String(retryAfter));
    response.setHeader('x-ratelimit-limit', String(limit.capacity));
    response.setHeader('x-ratelimit-remaining', '0');
    response.setHeader('x-ratelimit-reset', String(retryAfter));
    throw refuse(record, 'rate_limited', limit.id);
  }

  #variables(record: RequestRecord, plan: () => ContextPlan): Variables {
    let context: CelContext | undefined;
    return () => {
      context ??= plan().build(record.request, record, this.#options.environment);
      return context;
    };
  }

  #plansOf(policy: RulePolicy): Plans {
    let plans = this.#plans.get(policy);
    if (plans === undefined) {
      plans = {
        request: new ContextPlan(requestExpressions(policy)),
        response: new ContextPlan(responseExpressions(policy)),
      };
      this.#plans.set(policy, plans);
    }
    return plans;
  }
}

/** The variables that the expressions of each direction read. */
interface Plans {
  readonly request: ContextPlan;
  readonly response: ContextPlan;
}

/** The log says what it was; the client learns no names of objects. */
const refuse = (record: RequestRecord, code: ErrorCode, detail: string): GatewayError => {
  record.error = { type: code, message: `${ERRORS[code].message}: ${detail}`, rule: detail };
  record.reason = ERRORS[code].reason;
  return new GatewayError(code);
};

const answered = (record: RequestRecord, answer: Answer): Answer => {
  record.reason = 'DirectResponse';
  return answer;
};

const requestExpressions = (policy: RulePolicy): CelExpression[] => [
  ...policy.authorization.flatMap(({ expression }) => expression ?? []),
  ...expressionsOf(policy.rateLimits, (limits) => limits.flatMap(({ key }) => key ?? [])),
  ...expressionsOf(policy.directResponse, ({ body, headers }) =>
    [body, ...headers.map(({ value }) => value)].filter((value) => typeof value === 'object'),
  ),
  ...expressionsOf(policy.requestTransformation, valuesOf),
];

const responseExpressions = ({ responseTransformation }: RulePolicy): CelExpression[] =>
  expressionsOf(responseTransformation, valuesOf);

const valuesOf = ({ set, add }: Transformation): CelExpression[] => [...set, ...add].map(({ value }) => value);

const expressionsOf = <T>(alternatives: Alternatives<T>, inValue: (value: T) => CelExpression[]): CelExpression[] =>
  alternatives.flatMap(({ condition, value }) => [...(condition === undefined ? [] : [condition]), ...inValue(value)]);
