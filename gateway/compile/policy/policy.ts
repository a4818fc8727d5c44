import type { AgentgatewayPolicy } from '../../../lib/api/agentgateway/policy.ts';
import { namespacedName } from '../../../lib/api/kinds.ts';
import { milliseconds } from '../../resolve/duration.ts';
import type { TrafficPolicy } from '../../resolve/policy/traffic.ts';
import { resolveTraffic } from '../../resolve/policy/traffic.ts';
import type { FrontendPolicy, ResolvedRule } from '../../resolve/resolved.ts';
import type { Expressions } from '../expressions.ts';
import type { HeaderModifier, Retry, RulePolicy, Timeouts } from '../rule-policy.ts';
import { compileCors } from './cors.ts';
import { compileAuthorization, compileDirectResponse, compileRateLimit, compileTransformation } from './expressions.ts';
import { compileHeaders, headerFilters } from './headers.ts';
import { compileRedirect, compileRewrite } from './rewrite.ts';

/** Attempts at a backend beside the first, at most, whatever a policy asks for. */
const MAX_RETRIES = 10;
const DEFAULT_RETRIES = 1;
/** Milliseconds between two attempts. */
const DEFAULT_BACKOFF = 25;

/**
 * Filters of a rule and the policies that are in force there; undefined if there are none.
 * @param prefix what the match that led here matched
 */
export const compileRulePolicy = (
  { filters, timeouts, retry, traffic }: Pick<ResolvedRule, 'filters' | 'timeouts' | 'retry' | 'traffic'>,
  { refusal: closed }: Pick<FrontendPolicy, 'refusal'>,
  prefix: string,
  expressions: Expressions,
): RulePolicy | undefined => {
  if (!hasOwnPolicy({ filters, timeouts, retry }) && Object.keys(traffic).length === 0 && closed === undefined) {
    return undefined;
  }
  const headers = headerFilters(filters);
  const { headerModifiers, rateLimit, directResponse, transformation } = traffic;
  const cors = filters.find((filter) => filter.cors !== undefined)?.cors ?? traffic.cors?.spec;
  const refusal = closed ?? traffic.refusal;
  return {
    refusal: refusal === undefined ? undefined : `AgentgatewayPolicy ${refusal.policy}: ${refusal.spec}`,
    cors: cors === undefined ? undefined : compileCors(cors),
    authorization: compileAuthorization(traffic, expressions),
    rateLimits: rateLimit === undefined ? [] : compileRateLimit(rateLimit, expressions),
    directResponse: directResponse === undefined ? [] : compileDirectResponse(directResponse, expressions),
    redirect: compileRedirect(filters, prefix),
    requestHeaders: [...headers.requestHeaders, ...optional(headerModifiers?.spec.request)],
    requestTransformation:
      transformation === undefined ? [] : compileTransformation(transformation, 'request', expressions),
    rewrite: compileRewrite(filters, traffic, prefix),
    timeouts: compileTimeouts(timeouts, traffic),
    retry: compileRetry(retry ?? traffic.retry?.spec),
    responseTransformation:
      transformation === undefined ? [] : compileTransformation(transformation, 'response', expressions),
    responseHeaders: [...headers.responseHeaders, ...optional(headerModifiers?.spec.response)],
  };
};

/** Whether the route itself says what happens to requests of the rule. */
export const hasOwnPolicy = ({
  filters,
  timeouts,
  retry,
}: Pick<ResolvedRule, 'filters' | 'timeouts' | 'retry'>): boolean =>
  filters.length > 0 || timeouts.request !== undefined || timeouts.backendRequest !== undefined || retry !== undefined;

/** Finds what does not compile in a policy, whether or not a rule uses it. */
export const checkTraffic = ({ metadata, spec }: AgentgatewayPolicy, expressions: Expressions): void => {
  const traffic = resolveTraffic(spec.traffic, namespacedName(metadata));
  compileRulePolicy({ filters: [], timeouts: NO_TIMEOUTS, retry: undefined, traffic }, {}, '', expressions);
};

const NO_TIMEOUTS = { request: undefined, backendRequest: undefined };

const optional = (spec: Parameters<typeof compileHeaders>[0] | undefined): readonly HeaderModifier[] =>
  spec === undefined ? [] : [compileHeaders(spec)];

/** The route's own go before a policy's; Gateway API: zero means none. */
const compileTimeouts = (
  { request, backendRequest }: ResolvedRule['timeouts'],
  { timeouts }: TrafficPolicy,
): Timeouts => {
  const policy = timeouts?.spec.request;
  return {
    request: (request ?? (policy === undefined ? 0 : milliseconds(policy))) || undefined,
    backendRequest: backendRequest || undefined,
  };
};

const compileRetry = (
  retry: { readonly attempts?: number; readonly backoff?: string } | undefined,
): Retry | undefined => {
  if (retry === undefined) return undefined;
  const { attempts = DEFAULT_RETRIES, backoff } = retry;
  return {
    attempts: Math.min(attempts, MAX_RETRIES),
    backoff: backoff === undefined ? DEFAULT_BACKOFF : milliseconds(backoff),
  };
};
