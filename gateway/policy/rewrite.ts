import type { PathRewrite, Rewrite } from '../compile/rule-policy.ts';
import type { Forward } from '../exchange.ts';

/** Gateway API, HTTPURLRewriteFilter: another host, another path; the query stays. */
export const rewrite = (forward: Forward, { host, path }: Rewrite): void => {
  if (host !== undefined) forward.host = host;
  if (path !== undefined) forward.target = replacePath(forward.target, path);
};

/**
 * Gateway API, HTTPPathModifier, applied to a request target. A prefix is replaced by element: no slash is doubled where old and new meet,
 * and none is lost at the end. A path that does not begin with the prefix stays as it is.
 */
export const replacePath = (target: string, by: PathRewrite): string => {
  if (!target.startsWith('/')) return target;
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? '' : target.slice(mark);
  return replaced(path, by) + query;
};

const replaced = (path: string, by: PathRewrite): string => {
  const value = encoded(by.value);
  if (by.type === 'ReplaceFullPath') return rooted(value);
  const rest = path.slice(by.prefix.length);
  if (!path.startsWith(by.prefix) || (rest !== '' && !rest.startsWith('/'))) return path;
  return rooted(value.replace(/\/+$/, '') + rest.replace(/^\/+/, '/'));
};

/** One slash: a path that begins with two could be taken for a host. */
const rooted = (path: string): string => path.replace(/^\/*/, '/');

/** RFC 3986 §3.3: nothing in it may end the path, or the request line. */
const encoded = (path: string): string =>
  path.toWellFormed().replace(/[^\x21-\x7e]|[?#\\]/gu, (character) => encodeURIComponent(character));
