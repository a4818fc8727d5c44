/** RFC 3986 §3.2.2 without what no DNS name holds: user info, percent-encoding, sub-delimiters. The port may be empty. */
const AUTHORITY = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]*)(?::\d{0,5})?$/;

/** The host of a Host field or `host[:port]`: lower case, without port, IPv6 literals in their brackets; undefined if it is malformed. */
export const hostOf = (authority: string): string | undefined => AUTHORITY.exec(authority)?.[1]?.toLowerCase();
