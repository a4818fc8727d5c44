import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compile } from '../../../../gateway/compile/compile.ts';
import type { Snapshot } from '../../../../gateway/compile/snapshot.ts';
import { resolve } from '../../../../gateway/resolve/resolve.ts';
import { findListener, findMatch, type RoutableRequest } from '../../../../gateway/route/router.ts';
import type { HTTPRoute, HTTPRouteMatch } from '../../../../lib/api/http-route.ts';
import { apiVersion, KINDS, type KindName } from '../../../../lib/api/kinds.ts';
import type { Resources } from '../../../../lib/api/objects.ts';

/** Routes as they are written against requests as they are sent: what is compiled between the two is not looked at. */

const hostname = fc.constantFrom('a.b', 'b', '*.b', '*.a.b');
const word = fc.constantFrom('a', 'b', 'ab');
const path = fc.array(word, { maxLength: 3 }).map((words) => words.map((text) => `/${text}`).join(''));
const value = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('1', '2').map((text) => ({ type: 'Exact' as const, value: text })) },
  { weight: 1, arbitrary: fc.constant({ type: 'RegularExpression' as const, value: '1|22' }) },
);
const headers = fc.array(
  fc.tuple(fc.constantFrom('x', 'X', 'y'), value).map(([name, rest]) => ({ name, ...rest })),
  { maxLength: 2 },
);

const match: fc.Arbitrary<HTTPRouteMatch> = fc.record(
  {
    path: fc.oneof(
      fc
        .tuple(path, fc.constantFrom('', '/'))
        .map(([text, end]) => ({ type: 'PathPrefix' as const, value: text + end || '/' })),
      path.map((text) => ({ type: 'Exact' as const, value: text || '/' })),
      fc
        .constantFrom('/a.*', '.*b', '/a|/b/a')
        .map((source) => ({ type: 'RegularExpression' as const, value: source })),
    ),
    method: fc.constantFrom('GET' as const, 'POST' as const),
    headers,
    queryParams: headers.map((list) => list.map((item) => ({ ...item, name: item.name.toLowerCase() }))),
  },
  { requiredKeys: [] },
);

interface Route {
  readonly namespace: string;
  readonly creationTimestamp: string | undefined;
  readonly hostnames: readonly string[];
  readonly rules: readonly (readonly HTTPRouteMatch[])[];
}

const routes: fc.Arbitrary<readonly Route[]> = fc.array(
  fc.record({
    namespace: fc.constantFrom('a', 'a-b', 'b'),
    creationTimestamp: fc.constantFrom(undefined, '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
    hostnames: fc.uniqueArray(hostname, { maxLength: 2 }),
    rules: fc.array(fc.array(match, { maxLength: 3 }), { minLength: 1, maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 6 },
);

const request: fc.Arbitrary<RoutableRequest> = fc.record({
  host: fc.constantFrom('a.b', 'b', 'c.a.b', 'c.b', 'c'),
  path: fc.tuple(path, fc.constantFrom('', '/', '//a')).map(([text, end]) => text + end || '/'),
  method: fc.constantFrom('GET', 'POST', 'PUT'),
  headers: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom<string | string[]>('1', '2', '22', ['1', '2'])),
  query: fc.constantFrom(undefined, 'x=1', 'x=2&x=1', 'y=22&x=1', '%78=1&y=2'),
});

const objectOf = (kind: KindName, namespace: string, name: string, spec: unknown, creationTimestamp?: string) => ({
  apiVersion: apiVersion(KINDS[kind]),
  kind: KINDS[kind].kind,
  metadata: { name, namespace, ...(creationTimestamp === undefined ? {} : { creationTimestamp }) },
  spec,
});

const snapshotOf = (listener: string | undefined, all: readonly Route[]): Snapshot => {
  const spec = {
    gatewayClassName: 'agentgateway',
    listeners: [
      {
        name: 'http',
        port: 8080,
        protocol: 'HTTP',
        ...(listener === undefined ? {} : { hostname: listener }),
        allowedRoutes: { namespaces: { from: 'All' } },
      },
    ],
  };
  const resources = {
    ...Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, []])),
    Gateway: [objectOf('Gateway', 'a', 'gateway', spec)],
    HTTPRoute: all.map(({ namespace, creationTimestamp, hostnames, rules }, index) =>
      objectOf(
        'HTTPRoute',
        namespace,
        nameOf(index),
        {
          parentRefs: [{ name: 'gateway', namespace: 'a' }],
          hostnames,
          rules: rules.map((matches, place) => ({ name: `rule-${place}`, matches })),
        } satisfies HTTPRoute['spec'],
        creationTimestamp,
      ),
    ),
  } as unknown as Resources;
  return compile(resolve(resources), 1).snapshot;
};

/** The first route is not the first in the alphabet. */
const nameOf = (index: number): string => `route-${9 - index}`;

const takesHost = (wanted: string | undefined, host: string): boolean =>
  wanted === undefined || (wanted.startsWith('*.') ? host.endsWith(wanted.slice(1)) : host === wanted);

const specificity = (name: string | undefined): number =>
  name === undefined ? 0 : name.startsWith('*.') ? name.length : 1_000;

const fullyMatches = (source: string, text: string): boolean => new RegExp(`^(?:${source})$`).test(text);

const trimmed = (prefix: string): string => prefix.replace(/\/$/, '');

const takesPath = ({ type, value: wanted = '/' }: NonNullable<HTTPRouteMatch['path']>, actual: string): boolean => {
  if (type === 'Exact') return actual === wanted;
  if (type === 'RegularExpression') return fullyMatches(wanted, actual);
  return `${actual}/`.startsWith(`${trimmed(wanted)}/`);
};

/** Gateway API: of several entries with the same name only the first counts. */
const firstOfEach = (list: HTTPRouteMatch['headers'] = []) =>
  list.filter(({ name }, index) => list.findIndex((item) => item.name.toLowerCase() === name.toLowerCase()) === index);

const takesValues = (list: HTTPRouteMatch['headers'], read: (name: string) => string | undefined): boolean =>
  firstOfEach(list).every(({ name, type, value: wanted }) => {
    const actual = read(name.toLowerCase());
    return actual !== undefined && (type === 'RegularExpression' ? fullyMatches(wanted, actual) : actual === wanted);
  });

const ANY_PATH = { type: 'PathPrefix', value: '/' } as const;

/** Which rule a request meets, by trying every match there is: the criteria of Gateway API as a list, smaller is better. */
const search = (listener: string | undefined, all: readonly Route[], asked: RoutableRequest): string | undefined => {
  if (!takesHost(listener, asked.host)) return undefined;
  const found: { readonly name: string; readonly criteria: readonly (number | string)[] }[] = [];
  for (const [index, { namespace, creationTimestamp = '', hostnames, rules }] of all.entries()) {
    for (const name of hostnames.length === 0 ? [undefined] : hostnames) {
      if (!takesHost(name, asked.host)) continue;
      for (const [ruleIndex, matches] of rules.entries()) {
        for (const [matchIndex, one] of (matches.length === 0 ? [{}] : matches).entries()) {
          const { path: wanted = ANY_PATH, method, headers: own, queryParams }: HTTPRouteMatch = one;
          const parameters = new URLSearchParams(asked.query);
          const fits =
            takesPath(wanted, asked.path) &&
            (method ?? asked.method) === asked.method &&
            takesValues(own, (field) => asked.headers[field]?.toString().replace(',', ', ')) &&
            takesValues(queryParams, (field) => parameters.getAll(field)[0]);
          if (!fits) continue;
          const { type, value: text = '/' } = wanted;
          found.push({
            name: `${namespace}/${nameOf(index)} rule-${ruleIndex}`,
            criteria: [
              -Math.max(specificity(listener), specificity(name)),
              ['Exact', 'PathPrefix', 'RegularExpression'].indexOf(type ?? 'PathPrefix'),
              type === 'PathPrefix' ? -trimmed(text).length : 0,
              method === undefined ? 1 : 0,
              -firstOfEach(own).length,
              -firstOfEach(queryParams).length,
              creationTimestamp,
              `${namespace}/${nameOf(index)}`,
              ruleIndex,
              matchIndex,
            ],
          });
        }
      }
    }
  }
  return found.find(({ criteria }) => found.every((other) => !isLess(other.criteria, criteria)))?.name;
};

const isLess = (a: readonly (number | string)[], b: readonly (number | string)[]): boolean => {
  const place = a.findIndex((item, index) => item !== b[index]);
  return place >= 0 && (a[place] ?? 0) < (b[place] ?? 0);
};

test('a compiled table finds the rule that a search of all routes finds', () => {
  const listener = fc.option(hostname, { nil: undefined });
  const requests = fc.array(request, { minLength: 5, maxLength: 10 });
  let hits = 0;
  fc.assert(
    fc.property(listener, routes, requests, (name, all, asked) => {
      const [bind] = snapshotOf(name, all).binds;
      for (const one of asked) {
        const served = bind && findListener(bind, one.host);
        const labels = served && findMatch(served, one)?.rule.labels;
        const expected = search(name, all, one);
        expect(labels && `${labels.route} ${labels.routeRule}`).toBe(expected);
        if (expected !== undefined) hits++;
      }
    }),
    { numRuns: 500 },
  );
  expect(hits).toBeGreaterThan(300);
});
