import { compareText } from '../../../lib/api/objects.ts';
import type { Hostname, RouteMatch } from '../snapshot.ts';

/** A match with what decides its place among those of the same listener. */
export interface RankedMatch {
  readonly match: RouteMatch;
  /** RFC 3339; empty: not known. */
  readonly creationTimestamp: string;
  /** `namespace/name`. */
  readonly route: string;
  readonly ruleIndex: number;
  readonly matchIndex: number;
}

/**
 * Which of two matches is tried first (negative: `a`).
 *
 * Gateway API, HTTPRouteRule.matches: "Proxy or Load Balancer routing configuration generated from HTTPRoutes MUST prioritize matches
 * based on the following criteria, continuing on ties. Across all rules specified on applicable Routes, precedence must be given to the
 * match having: 'Exact' path match. 'Prefix' path match with largest number of characters. Method match. Largest number of header
 * matches. Largest number of query param matches. […] If ties still exist across multiple Routes, matching precedence MUST be determined
 * in order of the following criteria, continuing on ties: The oldest Route based on creation timestamp. The Route appearing first in
 * alphabetical order by "{namespace}/{name}". If ties still exist within an HTTPRoute, matching precedence MUST be granted to the FIRST
 * matching rule (in list order) with a match meeting the above criteria."
 * HTTPRouteSpec.hostnames puts the more specific hostname before all of these. RegularExpression comes after prefixes, as in the
 * compatible system: the specification leaves its place open.
 */
export const comparePrecedence = (a: RankedMatch, b: RankedMatch): number =>
  compareHostnames(a.match.hostname, b.match.hostname) || // 1
  pathRank(a.match) - pathRank(b.match) || // 2
  prefixLength(b.match) - prefixLength(a.match) || // 3
  Number(b.match.method !== undefined) - Number(a.match.method !== undefined) || // 4
  b.match.headers.length - a.match.headers.length || // 5
  b.match.query.length - a.match.query.length || // 6
  compareText(a.creationTimestamp, b.creationTimestamp) || // 7
  compareText(a.route, b.route) || // 8
  a.ruleIndex - b.ruleIndex || // 9
  a.matchIndex - b.matchIndex || // 10
  compareText(hostnameText(a.match.hostname), hostnameText(b.match.hostname)); // the same match under two names

/** Exact names, then wildcards with the longest first, then none. Serves listeners of one port as well. */
export const compareHostnames = (a: Hostname | undefined, b: Hostname | undefined): number =>
  hostnameRank(a) - hostnameRank(b) || hostnameText(b).length - hostnameText(a).length;

const hostnameRank = (hostname: Hostname | undefined): number => {
  if (hostname === undefined) return 2;
  return 'exact' in hostname ? 0 : 1;
};

const hostnameText = (hostname: Hostname | undefined): string => {
  if (hostname === undefined) return '';
  return 'exact' in hostname ? hostname.exact : hostname.suffix;
};

const PATH_RANKS = { Exact: 0, PathPrefix: 1, RegularExpression: 2 } as const;
const pathRank = ({ path }: RouteMatch): number => PATH_RANKS[path.type];
const prefixLength = ({ path }: RouteMatch): number => (path.type === 'PathPrefix' ? path.value.length : 0);
