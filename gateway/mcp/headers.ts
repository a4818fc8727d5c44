import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isProtocolRevision, PROTOCOL_REVISIONS } from '../../lib/api/mcp.ts';
import { GatewayError } from '../errors.ts';
import { formatTraceparent, type TraceContext } from '../telemetry/trace-context.ts';
import { forwardedHeaders, returnedHeaders } from '../upstream/headers.ts';
import type { UpstreamTarget } from '../upstream/target.ts';
import { JSON_TYPE, lists, mediaType, SSE_TYPE } from './media.ts';

export const SESSION_HEADER = 'mcp-session-id';
const VERSION_HEADER = 'mcp-protocol-version';

/** The gateway writes these itself; the second set when it writes the trace context too. */
const REPLACED: ReadonlySet<string> = new Set(['host', 'content-length', 'accept-encoding', SESSION_HEADER]);
const REPLACED_TRACED: ReadonlySet<string> = new Set([...REPLACED, 'traceparent', 'tracestate', 'baggage']);
const NOT_RETURNED: ReadonlySet<string> = new Set([SESSION_HEADER]);

/**
 * Streamable HTTP, "Sending Messages to the Server" and "Listening for Messages": what the client must accept.
 * @throws GatewayError not_acceptable
 */
export const checkAccept = ({ headers }: IncomingMessage, method: 'POST' | 'GET'): void => {
  if (!lists(headers.accept, SSE_TYPE) || (method === 'POST' && !lists(headers.accept, JSON_TYPE))) {
    throw new GatewayError('not_acceptable');
  }
};

/** @throws GatewayError unsupported_media_type, for compressed bodies too: nobody could read what they say. */
export const checkContentType = ({ headers }: IncomingMessage): void => {
  if (mediaType(headers['content-type']) !== JSON_TYPE) {
    throw new GatewayError('unsupported_media_type');
  }
  if ((headers['content-encoding'] ?? 'identity').trim().toLowerCase() !== 'identity') {
    throw new GatewayError('unsupported_media_type', { detail: 'without a content coding' });
  }
};

/**
 * The revision that the client names; clients of the first two name none.
 * @throws GatewayError protocol_version_unsupported
 */
export const protocolVersion = ({ headers }: IncomingMessage): string | undefined => {
  const requested = [headers[VERSION_HEADER] ?? []].flat()[0];
  if (requested !== undefined && !isProtocolRevision(requested)) {
    throw new GatewayError('protocol_version_unsupported', { data: { supported: PROTOCOL_REVISIONS, requested } });
  }
  return requested;
};

/** The session id that the client sent; several are joined and thereby no session's. */
export const sessionHeader = ({ headers }: IncomingMessage): string | undefined => {
  const value = [headers[SESSION_HEADER] ?? []].flat().join(', ');
  return value === '' ? undefined : value;
};

export interface RequestHeaderOptions {
  readonly upstreamSessionId: string | undefined;
  readonly trace: TraceContext | undefined;
  /** Span of this upstream call. */
  readonly spanId: string;
}

/**
 * What the upstream receives: the client's fields, but the target's host, session and credential, and this call's trace context if its
 * span will be exported. Answers are asked for without content coding, so that their outcome can be read as they stream by.
 */
export const requestHeaders = (
  request: IncomingMessage,
  target: UpstreamTarget,
  { upstreamSessionId, trace, spanId }: RequestHeaderOptions,
): string[] => {
  const traced = trace?.exported === true;
  const credential = target.credentials.find((item) => item.in === 'header');
  return [
    ...['host', target.authority],
    ...forwardedHeaders(request.rawHeaders, traced ? REPLACED_TRACED : REPLACED, credential?.name),
    ...['accept-encoding', 'identity'],
    ...(upstreamSessionId === undefined ? [] : [SESSION_HEADER, upstreamSessionId]),
    ...(credential === undefined ? [] : [credential.name, credential.value]),
    ...(traced ? traceHeaders(trace, spanId) : []),
  ];
};

const traceHeaders = (trace: TraceContext, spanId: string): string[] => [
  ...['traceparent', formatTraceparent(trace, spanId)],
  ...(trace.traceState === undefined ? [] : ['tracestate', trace.traceState]),
  ...(trace.baggage === undefined ? [] : ['baggage', trace.baggage]),
];

/** What the client receives of the upstream's fields; the session id is the gateway's. */
export const responseHeaders = (
  headers: IncomingHttpHeaders,
  sessionId: string | undefined,
): Record<string, string | string[]> => {
  const returned = returnedHeaders(headers, NOT_RETURNED);
  if (sessionId !== undefined) {
    returned[SESSION_HEADER] = sessionId;
  }
  return returned;
};
