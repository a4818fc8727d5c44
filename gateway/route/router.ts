import type { Bind, HostRoutes, Listener, RouteMatch, ValueMatch } from '../compile/snapshot.ts';

/** What routes look at. */
export interface RoutableRequest {
  /** Lower case, without port. */
  readonly host: string;
  /** As sent, see `parseTarget`. */
  readonly path: string;
  /** As sent, without the question mark. */
  readonly query: string | undefined;
  readonly method: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * The listener of a port that serves a host: the most specific one. Only its routes count then, also if none of them matches (Gateway API,
 * listener isolation). On a TLS connection it has to be the one that the server name led to, empty if there was none: what clients were
 * shown a certificate for is all they may ask for.
 */
export const findListener = (bind: Bind, host: string, serverName?: string): Listener | undefined => {
  const listener = listenerOf(bind, host);
  if (serverName === undefined || serverName === host) return listener;
  return listener === listenerOf(bind, serverName) ? listener : undefined;
};

/** RFC 1035 §2.3.4: no name that a listener or route can have is longer, so that a host has at most half as many suffixes. */
const MAX_NAME = 253;

const listenerOf = ({ listeners, byHostname }: Bind, host: string): Listener | undefined => {
  const named =
    host.length > MAX_NAME
      ? undefined
      : (byHostname.get(host) ?? findByWildcard(host, (suffix) => byHostname.get(`*${suffix}`)));
  const place = named ?? byHostname.get('');
  return place === undefined ? undefined : listeners[place];
};

/**
 * The match that goes first of all that fit: of the most specific hostname that has any. For each hostname that fits there are at most as
 * many look-ups as the path has elements, however many routes there are; tried one by one are only those of the same hostname and path,
 * and expressions.
 */
export const findMatch = ({ routes }: Listener, request: RoutableRequest): RouteMatch | undefined => {
  const { host } = request;
  const { exact, wildcards, any } = routes;
  const values = new Values(request);
  if (host.length <= MAX_NAME) {
    const match =
      findIn(exact.get(host), request, values) ??
      (wildcards.size === 0
        ? undefined
        : findByWildcard(host, (suffix) => findIn(wildcards.get(suffix), request, values)));
    if (match !== undefined) return match;
  }
  return findIn(any, request, values);
};

/** Asks for each suffix of a host, the longest first. A wildcard stands for one or more labels: its suffix begins after the first. */
const findByWildcard = <T>(host: string, find: (suffix: string) => T | undefined): T | undefined => {
  for (let dot = host.indexOf('.', 1); dot > 0; dot = host.indexOf('.', dot + 1)) {
    const found = find(host.slice(dot));
    if (found !== undefined) return found;
  }
  return undefined;
};

const findIn = (routes: HostRoutes | undefined, request: RoutableRequest, values: Values): RouteMatch | undefined => {
  if (routes === undefined) return undefined;
  const { path } = request;
  const { exact, prefixes, longestPrefix, expressions } = routes;
  const match = firstOf(exact.get(path), request, values);
  if (match !== undefined) return match;
  // By element: a prefix ends where the path does, or in front of a slash. None is longer than the longest.
  let end = path.length <= longestPrefix ? path.length : path.lastIndexOf('/', longestPrefix);
  while (end >= 0 && prefixes.size > 0) {
    const found = firstOf(prefixes.get(path.slice(0, end)), request, values);
    if (found !== undefined) return found;
    end = end === 0 ? -1 : path.lastIndexOf('/', end - 1);
  }
  for (const candidate of expressions) {
    if ((candidate.path.value as RegExp).test(path) && fits(candidate, request, values)) return candidate;
  }
  return undefined;
};

const firstOf = (
  matches: readonly RouteMatch[] | undefined,
  request: RoutableRequest,
  values: Values,
): RouteMatch | undefined => matches?.find((match) => fits(match, request, values));

/** All that is not hostname and path. */
const fits = ({ method, headers, query }: RouteMatch, request: RoutableRequest, values: Values): boolean =>
  (method === undefined || method === request.method) &&
  matchesAll(headers, values.header) &&
  matchesAll(query, values.parameter);

/** What matches read by name; the query is taken apart once, when it is first asked for. */
class Values {
  readonly #request: RoutableRequest;
  #query: URLSearchParams | undefined;

  constructor(request: RoutableRequest) {
    this.#request = request;
  }

  readonly header = (name: string): string | undefined => headerOf(this.#request, name);

  readonly parameter = (name: string): string | undefined => {
    this.#query ??= new URLSearchParams(this.#request.query);
    // Gateway API: of a parameter that is repeated the first value counts.
    return this.#query.get(name) ?? undefined;
  };
}

const matchesAll = (matches: readonly ValueMatch[], read: (name: string) => string | undefined): boolean =>
  matches.every(({ name, value }) => {
    const actual = read(name);
    return actual !== undefined && (typeof value === 'string' ? actual === value : value.test(actual));
  });

/** Own properties only: a match on `constructor` must not find Object's. */
const headerOf = ({ headers }: RoutableRequest, name: string): string | undefined => {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return Array.isArray(value) ? value.join(', ') : value;
};
