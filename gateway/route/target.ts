/** A request target, taken apart as it was sent. */
export interface RequestTarget {
  /** Of the absolute form only. */
  readonly authority: string | undefined;
  /** `*` in `OPTIONS *`. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string | undefined;
}

/** RFC 9112 §3.2.2: a server accepts it from any client. */
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(.*)$/i;
/** RFC 9112 §3.2: visible ASCII, no fragment. */
const NO_TARGET = /[^\x21-\x7e]|#/;
/**
 * Routes match the path as it was sent: nothing is decoded, merged or resolved, so `/%6dcp` and `//mcp` are not `/mcp`. A path that the
 * next server may read as another one than was matched is therefore refused: backslashes, broken escapes, NUL, and dot segments,
 * which a client resolves before it sends (RFC 3986 §5.2.4), also between or in escapes.
 */
const AMBIGUOUS_PATH = /\\|%(?![0-9A-Fa-f]{2})|%00|(?:\/|%2f|%5c)(?:\.|%2e){1,2}(?=\/|%2f|%5c|$)/i;

/** Undefined: malformed, or a path that could mean two things. */
export const parseTarget = (target: string): RequestTarget | undefined => {
  if (NO_TARGET.test(target)) return undefined;
  if (target.startsWith('/')) return split(undefined, target);
  if (target === '*') return { authority: undefined, path: target, query: undefined };
  const [, authority, rest = ''] = ABSOLUTE_FORM.exec(target) ?? [];
  if (authority === undefined || authority === '') return undefined;
  return split(authority, rest.startsWith('/') ? rest : `/${rest}`);
};

const split = (authority: string | undefined, text: string): RequestTarget | undefined => {
  const mark = text.indexOf('?');
  const path = mark < 0 ? text : text.slice(0, mark);
  if (AMBIGUOUS_PATH.test(path)) return undefined;
  return { authority, path, query: mark < 0 ? undefined : text.slice(mark + 1) };
};
