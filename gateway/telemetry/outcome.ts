import type { Outcome } from '../../lib/api/telemetry/outcomes.ts';
import { ERRORS, type ErrorCode } from '../errors.ts';
import type { RequestRecord } from './record.ts';

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

const reasonOf = (type: string): string | undefined =>
  Object.hasOwn(ERRORS, type) ? ERRORS[type as ErrorCode].reason : undefined;
