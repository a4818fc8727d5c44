import type { IncomingHttpHeaders } from 'node:http';
import type { Exchange } from '../exchange.ts';
import { injectTraceContext } from '../telemetry/trace/trace-context.ts';
import { forwardedHeaders, returnedHeaders } from '../upstream/headers.ts';
import type { UpstreamTarget } from '../upstream/target.ts';
import { hasBody } from './body.ts';

/** The gateway writes these itself. */
const REPLACED: ReadonlySet<string> = new Set(['host', 'content-length', 'x-forwarded-for']);
/** RFC 9110 §8.6: a server must not send Content-Length with 204. */
const NOT_RETURNED_204: ReadonlySet<string> = new Set(['content-length']);
const NONE: ReadonlySet<string> = new Set();

/** What the endpoint receives besides its credentials: the client's fields, who the client is, and this call's trace context. */
export const requestHeaders = (exchange: Exchange, endpoint: UpstreamTarget, spanId: string): string[] => {
  const { request, record, forward } = exchange;
  const kept = forwardedHeaders(forward.headers, REPLACED);
  const headers = ['host', hostOf(exchange, endpoint), ...kept];
  addForwarded(headers, exchange);
  // Framing is a fact of the body, whatever was done to the fields.
  const length = request.headers['content-length'];
  if (length !== undefined && hasBody(request)) headers.push('content-length', length);
  return injectTraceContext(headers, record.trace, spanId);
};

/** What the client receives of the endpoint's fields. */
export const responseHeaders = (status: number, headers: IncomingHttpHeaders): Record<string, string | string[]> =>
  returnedHeaders(headers, status === 204 ? NOT_RETURNED_204 : NONE);

const hostOf = ({ request, record, forward }: Exchange, endpoint: UpstreamTarget): string => {
  if (forward.host === 'auto') return endpoint.authority;
  if (forward.host !== undefined) return forward.host.name;
  const [sent] = valuesOf(forward.headers, 'host');
  // RFC 9112 §3.2.2: the authority of an absolute-form target counts, not the Host field beside it.
  const host = sent === request.headers.host ? record.request.host : sent;
  return host || endpoint.authority;
};

/**
 * The endpoint sees the gateway's connection only: who the client is, and what it asked for by which name, reaches it in these fields. The
 * client's address is put behind those that came along, so that the last one is always true; the other two may come from a load balancer
 * in front, which knows better than the gateway what the client said.
 */
const addForwarded = (headers: string[], { record, forward }: Exchange): void => {
  const { remoteAddress, scheme, host } = record.request;
  const hops = [...valuesOf(forward.headers, 'x-forwarded-for'), remoteAddress].filter((hop) => hop !== '');
  if (hops.length > 0) headers.push('x-forwarded-for', hops.join(', '));
  if (valuesOf(headers, 'x-forwarded-proto').length === 0) headers.push('x-forwarded-proto', scheme);
  if (host !== '' && valuesOf(headers, 'x-forwarded-host').length === 0) headers.push('x-forwarded-host', host);
};

const valuesOf = (headers: readonly string[], name: string): string[] => {
  const values: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() === name) values.push(headers[at + 1] as string);
  }
  return values;
};
