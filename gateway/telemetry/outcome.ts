import type { Outcome } from '../../lib/api/telemetry/outcomes.ts';
import { ERRORS, type ErrorCode } from '../errors.ts';
import type { RequestRecord } from './record.ts';
import type { TraceContext } from './trace/trace-context.ts';

/** Reasons of refusals. */
const DENIED: ReadonlySet<string> = new Set(['Authorization', 'RateLimit']);

/** How it ended, of a record that is complete but for this. */
export const outcomeOf = ({ mcp, error, response, reason }: Omit<RequestRecord, 'outcome'>): Outcome => {
  if (mcp?.cancelled === true || error?.type === ('client_closed' satisfies ErrorCode)) return 'cancelled';
  if (DENIED.has(reason) || error?.type === ('policy_invalid' satisfies ErrorCode)) return 'denied';
  if (error !== undefined) return reasonOf(error.type) === 'Timeout' ? 'timeout' : 'http_error';
  if (mcp?.toolError === true) return 'tool_error';
  if (mcp?.errorCode !== undefined) return 'rpc_error';
  return response.status >= 400 ? 'http_error' : 'ok';
};

/** What `keepErrors` keeps: all that went wrong for somebody who still wanted it. */
const HARMLESS: ReadonlySet<Outcome> = new Set(['ok', 'cancelled']);

/** The trace of a finished request if its spans are exported. */
export const exportedTrace = ({ trace, outcome }: RequestRecord): TraceContext | undefined =>
  trace?.exported === true || (trace?.keptIfFailed === true && outcome !== undefined && !HARMLESS.has(outcome))
    ? trace
    : undefined;

const reasonOf = (type: string): string | undefined =>
  Object.hasOwn(ERRORS, type) ? ERRORS[type as ErrorCode].reason : undefined;
