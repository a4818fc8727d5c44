import type { OutgoingHttpHeaders } from 'node:http';
import type { CorsPolicy } from '../compile/rule-policy.ts';
import type { RequestFacts } from '../telemetry/record.ts';
import type { Answer } from './answer.ts';

type Asked = Pick<RequestFacts, 'method' | 'headers'>;

/** What a wildcard in a host can stand for: labels, and no other part of an origin. */
const LABELS = /^[^:/?#@,\s]+$/;
/** RFC 6454 §6.2: one origin, not a list. */
const ONE_ORIGIN = /^[^,\s]+$/;
const PREFIX = 'access-control-';

/** Fetch standard, CORS-preflight request: asks whether another one would be served. */
export const isPreflight = ({ method, headers }: Asked): boolean =>
  method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;

/** What a preflight is answered with, besides what `corsHeaders` adds: also to an origin that is not allowed, which sees no such fields. */
export const PREFLIGHT_ANSWER: Answer = { status: 200, headers: {}, body: '' };

/**
 * Gateway API, HTTPCORSFilter: tells a browser what its script may do. The policy speaks for the route: what the backend said of it
 * is taken out. An origin that is allowed is always named, never `*`, since answers to requests with credentials need that.
 */
export const corsHeaders = (policy: CorsPolicy, request: Asked, headers: OutgoingHttpHeaders): void => {
  for (const name of Object.keys(headers)) if (name.startsWith(PREFIX)) delete headers[name];
  varyByOrigin(headers);
  const origin = single(request.headers.origin);
  if (origin === undefined || !isAllowed(policy, origin)) return;
  const preflight = isPreflight(request);
  const exposed = exposedHeaders(policy, preflight ? {} : headers);
  headers['access-control-allow-origin'] = origin;
  if (policy.credentials) headers['access-control-allow-credentials'] = 'true';
  if (exposed.length > 0) headers['access-control-expose-headers'] = exposed.join(', ');
  if (!preflight) return;
  const methods = allowed(policy.methods, request.headers['access-control-request-method']);
  if (methods !== '') headers['access-control-allow-methods'] = methods;
  const names = allowed(policy.headers, request.headers['access-control-request-headers']);
  if (names !== '') headers['access-control-allow-headers'] = names;
  headers['access-control-max-age'] = String(policy.maxAge);
};

const isAllowed = ({ anyOrigin, origins, wildcardOrigins }: CorsPolicy, sent: string): boolean => {
  if (!ONE_ORIGIN.test(sent)) return false;
  if (anyOrigin) return true;
  const origin = sent.toLowerCase();
  return (
    origins.has(origin) ||
    wildcardOrigins.some(
      ({ prefix, suffix }) =>
        origin.startsWith(prefix) &&
        origin.endsWith(suffix) &&
        LABELS.test(origin.slice(prefix.length, origin.length - suffix.length)),
    )
  );
};

/** A `*` becomes what was asked for: literally it would mean nothing where credentials are allowed. */
const allowed = (list: readonly string[], asked: string | string[] | undefined): string =>
  list.includes('*') ? (single(asked) ?? '') : list.join(', ');

const exposedHeaders = ({ exposeHeaders, credentials }: CorsPolicy, headers: OutgoingHttpHeaders): readonly string[] =>
  credentials && exposeHeaders.includes('*') ? Object.keys(headers) : exposeHeaders;

/** Caches must not give one origin's answer to another. */
const varyByOrigin = (headers: OutgoingHttpHeaders): void => {
  const vary = [headers.vary ?? []].flat().join(', ');
  if (/(^|,)\s*(\*|origin)\s*(,|$)/i.test(vary)) return;
  headers.vary = vary === '' ? 'Origin' : `${vary}, Origin`;
};

const single = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value;
