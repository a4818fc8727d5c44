import type { Hostname } from '../compile/snapshot.ts';

/** RFC 3986 §3.2.2 without what no DNS name holds: user info, percent-encoding, sub-delimiters. The port may be empty. */
const AUTHORITY = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]*)(?::\d{0,5})?$/;

/** The host of a Host field or `host[:port]`: lower case, without port, IPv6 literals in their brackets; undefined if it is malformed. */
export const hostOf = (authority: string): string | undefined => AUTHORITY.exec(authority)?.[1]?.toLowerCase();

/** Gateway API: a wildcard stands for one or more labels, so never for its bare suffix; no hostname matches all. */
export const matchesHostname = (hostname: Hostname | undefined, host: string): boolean => {
  if (hostname === undefined) return true;
  if ('exact' in hostname) return hostname.exact === host;
  return host.length > hostname.suffix.length && host.endsWith(hostname.suffix);
};
