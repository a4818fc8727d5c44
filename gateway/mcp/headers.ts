import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isProtocolRevision, PROTOCOL_REVISIONS } from '../../lib/api/mcp.ts';
import { GatewayError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { injectTraceContext } from '../telemetry/trace/trace-context.ts';
import { forwardedHeaders, returnedHeaders } from '../upstream/headers.ts';
import type { UpstreamTarget } from '../upstream/target.ts';
import { JSON_TYPE, lists, mediaType, SSE_TYPE } from './media.ts';

export const SESSION_HEADER = 'mcp-session-id';
const VERSION_HEADER = 'mcp-protocol-version';

/** The gateway writes these itself. */
const REPLACED: ReadonlySet<string> = new Set(['host', 'content-length', 'accept-encoding', SESSION_HEADER]);
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

/**
 * What the upstream receives besides its credentials: the client's fields, but the target's host unless a rewrite says otherwise, the
 * upstream's session, and this call's trace context if its span will be exported. Answers are asked for without content coding, so that
 * their outcome can be read as they stream by.
 */
export const requestHeaders = (
  { forward, record }: Exchange,
  target: UpstreamTarget,
  { upstreamSessionId, spanId }: { readonly upstreamSessionId: string | undefined; readonly spanId: string },
): string[] => {
  const host = typeof forward.host === 'object' ? forward.host.name : target.authority;
  const headers = [
    ...['host', host],
    ...forwardedHeaders(forward.headers, REPLACED),
    ...['accept-encoding', 'identity'],
    ...(upstreamSessionId === undefined ? [] : [SESSION_HEADER, upstreamSessionId]),
  ];
  return injectTraceContext(headers, record.trace, spanId);
};

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
