import type { Hostname, HostRoutes, RouteMatch, RouteTable } from '../snapshot.ts';

/** Matches that stand in order of precedence, where a request finds the few that can fit it. */
export const routeTable = (matches: readonly RouteMatch[]): RouteTable => {
  const exact = new Map<string, RouteMatch[]>();
  const wildcards = new Map<string, RouteMatch[]>();
  const any: RouteMatch[] = [];
  for (const match of matches) bucketOf(match.hostname, exact, wildcards, any).push(match);
  return {
    exact: new Map([...exact].map(([name, own]) => [name, hostRoutes(own)])),
    wildcards: new Map([...wildcards].map(([suffix, own]) => [suffix, hostRoutes(own)])),
    any: any.length === 0 ? undefined : hostRoutes(any),
  };
};

const bucketOf = (
  hostname: Hostname | undefined,
  exact: Map<string, RouteMatch[]>,
  wildcards: Map<string, RouteMatch[]>,
  any: RouteMatch[],
): RouteMatch[] => {
  if (hostname === undefined) return any;
  return 'exact' in hostname ? listIn(exact, hostname.exact) : listIn(wildcards, hostname.suffix);
};

const hostRoutes = (matches: readonly RouteMatch[]): HostRoutes => {
  const exact = new Map<string, RouteMatch[]>();
  const prefixes = new Map<string, RouteMatch[]>();
  const expressions: RouteMatch[] = [];
  let longestPrefix = 0;
  for (const match of matches) {
    const { type, value } = match.path;
    if (type === 'Exact') {
      listIn(exact, value).push(match);
    } else if (type === 'PathPrefix') {
      listIn(prefixes, value).push(match);
      longestPrefix = Math.max(longestPrefix, value.length);
    } else {
      expressions.push(match);
    }
  }
  return { exact, prefixes, longestPrefix, expressions };
};

const listIn = (lists: Map<string, RouteMatch[]>, key: string): RouteMatch[] => {
  let list = lists.get(key);
  if (list === undefined) {
    list = [];
    lists.set(key, list);
  }
  return list;
};

/** Every match of a table, in no particular order. */
export const allMatches = ({ exact, wildcards, any }: RouteTable): readonly RouteMatch[] =>
  [...exact.values(), ...wildcards.values(), ...(any === undefined ? [] : [any])].flatMap((routes) => [
    ...[...routes.exact.values()].flat(),
    ...[...routes.prefixes.values()].flat(),
    ...routes.expressions,
  ]);
