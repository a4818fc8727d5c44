import { TOOL_ERROR } from '../../lib/api/telemetry/attributes.ts';
import type { McpFacts, RequestRecord, UpstreamCall } from './record.ts';

/** Why an operation failed, for `error.type` and a span's status. */
export interface Failure {
  readonly type: string;
  /** Of few different values: no payload and no text of the upstream. */
  readonly description: string;
}

/** Faults of the caller: no errors of the one who answers (OpenTelemetry semantic conventions for MCP, "Errors"). */
const CALLER_FAULTS: ReadonlySet<number> = new Set([-32700, -32600, -32601, -32602, -32002]);
const NO_FAULTS: ReadonlySet<number> = new Set();

/** As the one who answers sees it. */
export const serverFailure = ({ error, mcp }: RequestRecord): Failure | undefined =>
  error !== undefined
    ? { type: error.type, description: error.message }
    : (toolFailure(mcp) ?? rpcFailure(mcp, CALLER_FAULTS));

/**
 * As the caller sees it.
 * @param mcp absent: the call was about something else than the client's message
 */
export const clientFailure = ({ error, status }: UpstreamCall, mcp: McpFacts | undefined): Failure | undefined => {
  if (error !== undefined) return { type: error.type, description: error.message };
  const failure = toolFailure(mcp) ?? rpcFailure(mcp, NO_FAULTS);
  if (failure !== undefined || status < 400) return failure;
  return { type: String(status), description: `HTTP status ${status}` };
};

const toolFailure = (mcp: McpFacts | undefined): Failure | undefined =>
  mcp?.toolError === true ? { type: TOOL_ERROR, description: 'the tool reported an error' } : undefined;

const rpcFailure = (mcp: McpFacts | undefined, harmless: ReadonlySet<number>): Failure | undefined =>
  mcp?.errorCode === undefined || harmless.has(mcp.errorCode)
    ? undefined
    : { type: String(mcp.errorCode), description: `JSON-RPC error ${mcp.errorCode}` };
