import type { Bind, Listener, PathMatch, RouteMatch, ValueMatch } from '../compile/snapshot.ts';
import { matchesHostname } from './host.ts';

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
  const listener = bind.listeners.find(({ hostname }) => matchesHostname(hostname, host));
  if (serverName === undefined || serverName === host) return listener;
  return listener === findListener(bind, serverName) ? listener : undefined;
};

/** The first match that fits; they stand in order of precedence. */
export const findMatch = ({ matches }: Listener, request: RoutableRequest): RouteMatch | undefined => {
  let query: URLSearchParams | undefined;
  const parameter = (name: string): string | undefined => {
    query ??= new URLSearchParams(request.query);
    // Gateway API: of a parameter that is repeated the first value counts.
    return query.get(name) ?? undefined;
  };
  const header = (name: string): string | undefined => headerOf(request, name);
  return matches.find(
    (match) =>
      matchesHostname(match.hostname, request.host) &&
      matchesPath(match.path, request.path) &&
      (match.method === undefined || match.method === request.method) &&
      matchesAll(match.headers, header) &&
      matchesAll(match.query, parameter),
  );
};

const matchesPath = (match: PathMatch, path: string): boolean => {
  switch (match.type) {
    case 'Exact':
      return path === match.value;
    case 'PathPrefix':
      // By element: the character after the prefix begins another one, or there is none.
      return path.startsWith(match.value) && (path.length === match.value.length || path[match.value.length] === '/');
    case 'RegularExpression':
      return match.value.test(path);
  }
};

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
