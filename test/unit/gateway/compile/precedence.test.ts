import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { comparePrecedence, type RankedMatch } from '../../../../gateway/compile/routes/precedence.ts';
import type { Hostname, PathMatch, ValueMatch } from '../../../../gateway/compile/snapshot.ts';

const rule = {
  labels: { bind: '', gateway: '', listener: '', route: undefined, routeRule: undefined },
  backends: [],
  totalWeight: 0,
};

const hostname = fc.constantFrom<Hostname | undefined>(
  undefined,
  { exact: 'a.b.c' },
  { exact: 'b.c' },
  { suffix: '.b.c' },
  { suffix: '.c' },
);
const path = fc.constantFrom<PathMatch>(
  { type: 'Exact', value: '/a/b' },
  { type: 'PathPrefix', value: '/a/b' },
  { type: 'PathPrefix', value: '/a' },
  { type: 'PathPrefix', value: '' },
  { type: 'RegularExpression', value: /^(?:\/a.*)$/ },
  { type: 'RegularExpression', value: /^(?:.*b)$/ },
);
const values = fc.subarray<ValueMatch>([
  { name: 'x', value: '1' },
  { name: 'y', value: '2' },
]);

const ranked: fc.Arbitrary<RankedMatch> = fc
  .record({
    hostname,
    path,
    method: fc.constantFrom(undefined, 'GET', 'POST'),
    headers: values,
    query: values,
    creationTimestamp: fc.constantFrom('', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
    route: fc.constantFrom('a/x', 'a-b/x', 'b/x'),
    ruleIndex: fc.nat(2),
    matchIndex: fc.nat(2),
  })
  .map(({ creationTimestamp, route, ruleIndex, matchIndex, ...match }) => ({
    match: { ...match, rule, pattern: '' },
    creationTimestamp,
    route,
    ruleIndex,
    matchIndex,
  }));

interface Request {
  readonly host: string;
  readonly path: string;
  readonly method: string;
  readonly values: Readonly<Record<string, string>>;
}

const request: fc.Arbitrary<Request> = fc.record({
  host: fc.constantFrom('a.b.c', 'b.c', 'z.c', 'other'),
  path: fc.constantFrom('/a', '/a/b', '/a/b/c', '/ab', '/'),
  method: fc.constantFrom('GET', 'POST'),
  values: fc.constantFrom({}, { x: '1' }, { x: '1', y: '2' }),
});

const fits = ({ match }: RankedMatch, { host, path: target, method, values: sent }: Request): boolean => {
  const hostFits =
    match.hostname === undefined ||
    ('exact' in match.hostname ? match.hostname.exact === host : host.endsWith(match.hostname.suffix));
  const pathFits =
    match.path.type === 'Exact'
      ? match.path.value === target
      : match.path.type === 'PathPrefix'
        ? match.path.value === '' || target === match.path.value || target.startsWith(`${match.path.value}/`)
        : match.path.value.test(target);
  const valueFits = ({ name, value }: ValueMatch): boolean => sent[name] === value;
  return (
    hostFits && pathFits && (match.method ?? method) === method && [...match.headers, ...match.query].every(valueFits)
  );
};

/** The ten criteria as numbers and texts, smaller is better: the rule said a second time, without a comparator. */
const criteria = ({ match, ...rest }: RankedMatch): readonly (number | string)[] => [
  match.hostname === undefined ? 1000 : 'exact' in match.hostname ? 0 : 500 - match.hostname.suffix.length,
  ['Exact', 'PathPrefix', 'RegularExpression'].indexOf(match.path.type),
  match.path.type === 'PathPrefix' ? -match.path.value.length : 0,
  match.method === undefined ? 1 : 0,
  -match.headers.length,
  -match.query.length,
  rest.creationTimestamp,
  rest.route,
  rest.ruleIndex,
  rest.matchIndex,
];

const isBetter = (a: RankedMatch, b: RankedMatch): boolean => {
  const [left, right] = [criteria(a), criteria(b)];
  const index = left.findIndex((value, at) => value !== right[at]);
  return index >= 0 && (left[index] ?? 0) < (right[index] ?? 0);
};

describe('comparePrecedence', () => {
  test('is a total order: antisymmetric and transitive', () => {
    fc.assert(
      fc.property(ranked, ranked, ranked, (a, b, c) => {
        const [ab, bc, ac] = [comparePrecedence(a, b), comparePrecedence(b, c), comparePrecedence(a, c)];
        expect(Math.sign(ab) + Math.sign(comparePrecedence(b, a))).toBe(0);
        if (ab <= 0 && bc <= 0) expect(ac).toBeLessThanOrEqual(0);
        if (ab >= 0 && bc >= 0) expect(ac).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 2_000 },
    );
  });

  /** What tells matches of one listener apart, whatever they ask for. */
  const identity = ({ match, route, ruleIndex, matchIndex }: RankedMatch): string =>
    JSON.stringify([match.hostname, route, ruleIndex, matchIndex]);

  test('finds none equal but the same match', () => {
    fc.assert(
      fc.property(ranked, ranked, fc.boolean(), (a, other, isCopy) => {
        // Two that differ in nothing but their place are likely to be told apart by it alone.
        const b = isCopy ? { ...other, match: a.match, creationTimestamp: a.creationTimestamp } : other;
        fc.pre(identity(a) !== identity(b));
        expect(comparePrecedence(a, b)).not.toBe(0);
        expect(comparePrecedence(a, { ...a })).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });

  test('tells a match from itself under another name of the same length', () => {
    fc.assert(
      fc.property(ranked, fc.constantFrom<Hostname>({ exact: 'x.b.c' }, { exact: 'y.b.c' }), (a, other) => {
        const under = (hostname: Hostname): RankedMatch => ({ ...a, match: { ...a.match, hostname } });
        const first = { exact: 'a.b.c' };
        expect(comparePrecedence(under(first), under(other))).toBeLessThan(0);
      }),
    );
  });

  test('puts in front what a search through all matches would choose', () => {
    fc.assert(
      fc.property(fc.array(ranked, { minLength: 1, maxLength: 12 }), request, (matches, asked) => {
        const table = matches.toSorted(comparePrecedence);
        const firstHit = table.find((match) => fits(match, asked));
        const fitting = matches.filter((match) => fits(match, asked));
        expect(firstHit === undefined).toBe(fitting.length === 0);
        if (firstHit !== undefined) expect(fitting.filter((other) => isBetter(other, firstHit))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
