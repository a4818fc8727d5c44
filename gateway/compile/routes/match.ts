import type { HTTPRouteMatch } from '../../../lib/api/http-route.ts';
import type { Expressions } from '../expressions.ts';
import type { Hostname, PathMatch, RouteMatch, ValueMatch } from '../snapshot.ts';

/** A match under whichever hostname, wherever it leads. */
export type MatchParts = Omit<RouteMatch, 'hostname' | 'rule'>;

export const compileMatch = (match: HTTPRouteMatch, expressions: Expressions): MatchParts => {
  const path = compilePath(match.path, expressions);
  return {
    path,
    method: match.method,
    headers: compileValues(match.headers, (name) => name.toLowerCase(), expressions),
    query: compileValues(match.queryParams, (name) => name, expressions),
    pattern:
      path.type === 'PathPrefix' ? `${path.value}/*` : path.type === 'Exact' ? path.value : (match.path?.value ?? ''),
  };
};

export const compileHostname = (hostname: string | undefined): Hostname | undefined => {
  if (hostname === undefined) return undefined;
  return hostname.startsWith('*.') ? { suffix: hostname.slice(1) } : { exact: hostname };
};

const compilePath = (
  { type = 'PathPrefix', value = '/' }: NonNullable<HTTPRouteMatch['path']> = {},
  expressions: Expressions,
): PathMatch => {
  switch (type) {
    case 'Exact':
      return { type, value };
    case 'PathPrefix':
      return { type, value: trimSlashes(value) };
    case 'RegularExpression':
      return { type, value: expressions.pattern(value) };
  }
};

/** Gateway API: of several entries with the same name only the first counts. */
const compileValues = (
  matches: HTTPRouteMatch['headers'],
  normalize: (name: string) => string,
  expressions: Expressions,
): readonly ValueMatch[] => {
  const byName = new Map<string, ValueMatch>();
  for (const { name, type, value } of matches ?? []) {
    const key = normalize(name);
    if (!byName.has(key))
      byName.set(key, { name: key, value: type === 'RegularExpression' ? expressions.pattern(value) : value });
  }
  return [...byName.values()];
};

/** A prefix without trailing slashes; the empty string matches all. */
export const trimSlashes = (path: string): string => path.replace(/\/+$/, '');
