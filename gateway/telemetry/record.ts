import type { McpResourceType } from '../../lib/api/mcp.ts';
import type { Outcome } from '../../lib/api/telemetry/outcomes.ts';
import type { Reason } from '../errors.ts';
import type { KeptBytes } from './kept.ts';
import type { RouteLabels } from './labels.ts';
import type { TelemetryPolicy } from './policy.ts';
import type { SpanAttribute, SpanEvent } from './trace/span.ts';
import type { TraceContext } from './trace/trace-context.ts';

/**
 * All that is known of one request at its end. Handlers fill it while they work; `Telemetry.finish` turns it into spans, metrics and a
 * log line, exactly once. Times are milliseconds of the Unix epoch, with fractions.
 */
export interface RequestRecord {
  readonly startTime: number;
  endTime: number;
  readonly request: RequestFacts;
  readonly response: ResponseFacts;
  /** What the listener reports; absent when no listener was chosen. */
  readonly telemetry: TelemetryPolicy | undefined;
  /** Bind, gateway, listener; route and rule once matched. */
  labels: RouteLabels;
  /** The matched path as the span is named by it: `/mcp/*`. */
  pathMatch: string | undefined;
  trace: TraceContext | undefined;
  /** Chosen backend. */
  backend: BackendFacts | undefined;
  mcp: McpFacts | undefined;
  readonly upstreamCalls: UpstreamCall[];
  /** Why the answer is what it is: label of `agentgateway_requests_total`. */
  reason: Reason;
  /** Set when the gateway could not do its part; low-cardinality type, message without secrets or payload. */
  error: RecordError | undefined;
  /** How it ended; set when it has. */
  outcome: Outcome | undefined;
}

export interface RequestFacts {
  readonly method: string;
  /** Authority as sent, port included. */
  readonly host: string;
  readonly scheme: 'http' | 'https';
  /** Path and query as sent. */
  readonly target: string;
  /** `1.1`. */
  readonly httpVersion: string;
  /** As node:http gives them: lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  /** Body bytes received. */
  bytes: number;
  /** Takes up the body as it is read: there when an expression reads it. */
  kept?: KeptBytes | undefined;
}

export interface ResponseFacts {
  /** 0 until the status line is written; 499 when the client went away before. */
  status: number;
  headers: Readonly<Record<string, string | string[] | number | undefined>>;
  bytes: number;
  /** Took up the body as it was written: there when an expression reads it. */
  kept?: KeptBytes | undefined;
}

export interface BackendFacts {
  /** `namespace/name`. */
  readonly name: string;
  readonly type: 'mcp' | 'static' | 'service' | 'unknown';
  readonly protocol: 'mcp' | 'http';
}

/** What the client's message said and how it went. */
export interface McpFacts {
  /** JSON-RPC method as sent; absent on GET, DELETE and posted responses. */
  method: string | undefined;
  requestId: string | number | undefined;
  /** Opaque session id that the client holds: sent by it, or issued to it by this answer. */
  sessionId: string | undefined;
  protocolVersion: string | undefined;
  /** Set for operations on a named thing. `name` is what the target knows it by: tool or prompt name, resource URI. */
  target: string | undefined;
  resourceType: McpResourceType | undefined;
  name: string | undefined;
  /** True once the target listed that name or answered a call to it: only then is it a metric label. */
  nameKnown: boolean;
  /** JSON-RPC error of the answer. */
  errorCode: number | undefined;
  errorMessage: string | undefined;
  /** The tool's result said `isError`. */
  toolError: boolean;
  /** The client took the request back (`notifications/cancelled`). */
  cancelled: boolean;
  /** Of a tool call, as parsed; kept only when something will be written of them. */
  arguments: unknown;
  /** Of a tool call, likewise. */
  result: CapturedText | undefined;
}

/** JSON text, or the beginning of it. */
export interface CapturedText {
  readonly text: string;
  readonly whole: boolean;
}

/** One exchange with one upstream: a CLIENT span. */
export interface UpstreamCall {
  readonly startTime: number;
  endTime: number;
  readonly spanId: string;
  /** MCP target name, or the backend's. */
  readonly target: string;
  readonly host: string;
  readonly port: number;
  /** JSON-RPC method, or `GET` / `DELETE` for the stream and the session's end; the HTTP method if it is not MCP. */
  readonly operation: string;
  status: number;
  /** When the header of the answer came; undefined: never. */
  headersTime: number | undefined;
  requestBytes: number;
  responseBytes: number;
  /** Messages that went by besides the answer, at most MAX_EVENTS. */
  readonly events: SpanEvent[];
  droppedEvents: number;
  error: RecordError | undefined;
}

/** OpenTelemetry's default span limit. */
export const MAX_EVENTS = 128;

export const addEvent = (
  call: UpstreamCall,
  name: string,
  time: number,
  attributes: readonly SpanAttribute[],
): void => {
  if (call.events.length < MAX_EVENTS) call.events.push({ name, time, attributes });
  else call.droppedEvents += 1;
};

export interface RecordError {
  /** `error.type`. */
  readonly type: string;
  readonly message: string;
  /** What refused it, for those who wrote that. */
  readonly rule?: string;
}

/** A call at its beginning. */
export const newUpstreamCall = (
  { name, host, port }: { readonly name: string; readonly host: string; readonly port: number },
  operation: string,
  spanId: string,
  startTime: number,
): UpstreamCall => ({
  startTime,
  endTime: startTime,
  spanId,
  target: name,
  host,
  port,
  operation,
  status: 0,
  headersTime: undefined,
  requestBytes: 0,
  responseBytes: 0,
  events: [],
  droppedEvents: 0,
  error: undefined,
});
