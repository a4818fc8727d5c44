import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../errors.ts';
import { hostOf } from '../route/host.ts';
import type { RoutableRequest } from '../route/router.ts';
import { parseTarget } from '../route/target.ts';
import type { RequestFacts } from '../telemetry/record.ts';

/** Ends of a connection, as they are recorded. */
export interface Peer {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  /** What SNI named, in lower case; empty: nothing. Undefined: no TLS. */
  readonly serverName: string | undefined;
}

/** A request as it came in: what is told of it, and what routes see of it or why they cannot. */
export interface ReceivedRequest {
  readonly facts: RequestFacts;
  readonly routable: RoutableRequest | GatewayError;
}

export const receive = (request: IncomingMessage, peer: Peer, maxHeaders: number): ReceivedRequest => {
  const { method = '', url = '', headers, httpVersion } = request;
  const target = parseTarget(url);
  // RFC 9112 §3.2.2: the target's authority replaces the Host field.
  const authority = target?.authority ?? headers.host ?? '';
  const facts = factsOf(peer, {
    method,
    host: authority,
    target: target?.authority === undefined ? url : pathAndQuery(target),
    httpVersion,
    headers,
  });
  const host = hostOf(authority);
  const problem = framingProblem(request) ?? hostProblem(request, host);
  if (request.rawHeaders.length > 2 * maxHeaders) return { facts, routable: new GatewayError('headers_too_large') };
  if (target === undefined) return { facts, routable: malformed('the request target') };
  if (problem !== undefined || host === undefined) return { facts, routable: malformed(problem ?? 'Host') };
  return { facts, routable: { host, path: target.path, query: target.query, method, headers } };
};

/** RFC 6455 §4.1. Any other Upgrade may be ignored (RFC 9110 §7.8), also this one where `Connection` does not name it. */
export const asksForWebSocket = ({ headers: { connection, upgrade } }: Pick<IncomingMessage, 'headers'>): boolean =>
  upgrade !== undefined &&
  /(^|,)\s*websocket\s*(,|$)/i.test(upgrade) &&
  /(^|,)\s*upgrade\s*(,|$)/i.test(connection ?? '');

/** What is known of a message that could not be read as a request. */
export const unreadable = (peer: Peer): RequestFacts =>
  factsOf(peer, { method: '', host: '', target: '', httpVersion: '1.1', headers: {} });

type SentFacts = Pick<RequestFacts, 'method' | 'host' | 'target' | 'httpVersion' | 'headers'>;

const factsOf = (peer: Peer, sent: SentFacts): RequestFacts => ({
  ...sent,
  scheme: peer.serverName === undefined ? 'http' : 'https',
  remoteAddress: peer.remoteAddress,
  remotePort: peer.remotePort,
  localPort: peer.localPort,
  bytes: 0,
  kept: undefined,
});

const pathAndQuery = ({ path, query }: { readonly path: string; readonly query: string | undefined }): string =>
  query === undefined ? path : `${path}?${query}`;

/**
 * RFC 9112 §6.1: codings besides `chunked` are not understood, and HTTP/1.0 has none. The parser lets some pass, and refuses others when the
 * request is under way already.
 */
const framingProblem = ({ httpVersion, headers }: IncomingMessage): string | undefined => {
  const coding = headers['transfer-encoding'];
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'the HTTP version';
  if (coding === undefined || (coding.toLowerCase() === 'chunked' && httpVersion === '1.1')) return undefined;
  return 'Transfer-Encoding';
};

/** RFC 9112 §3.2: exactly one Host field, and a valid one; only HTTP/1.0 may do without. */
const hostProblem = ({ httpVersion, rawHeaders }: IncomingMessage, host: string | undefined): string | undefined => {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.length === 4 && rawHeaders[index]?.toLowerCase() === 'host') count += 1;
  }
  if (count > 1) return 'more than one Host';
  if (count === 0 && httpVersion !== '1.0') return 'no Host';
  return host === undefined ? 'Host' : undefined;
};

const malformed = (detail: string): GatewayError => new GatewayError('request_malformed', { detail });
