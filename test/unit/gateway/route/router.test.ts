import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { comparePrecedence } from '../../../../gateway/compile/routes/precedence.ts';
import type { RouteMatch } from '../../../../gateway/compile/snapshot.ts';
import { findListener, findMatch, type RoutableRequest } from '../../../../gateway/route/router.ts';
import { aBind, aHostname, aListener, aMatch } from '../../../support/http/snapshot.ts';

const aRequest = (overrides: Partial<RoutableRequest> = {}): RoutableRequest => ({
  host: 'example.com',
  path: '/mcp',
  query: undefined,
  method: 'POST',
  headers: {},
  ...overrides,
});

const fits = (match: Partial<RouteMatch>, request: Partial<RoutableRequest>): boolean =>
  findMatch(aListener({ matches: [aMatch(match)] }), aRequest(request)) !== undefined;

describe('paths', () => {
  test.each([
    ['/mcp', '/mcp', true],
    ['/mcp', '/mcp/', true],
    ['/mcp', '/mcp/a', true],
    ['/mcp', '/mcpx', false],
    ['/mcp', '/MCP', false],
    ['/mcp', '//mcp', false],
    ['', '/', true],
    ['', '/a', true],
    ['', '*', false],
  ])('prefix %j, path %j: %j', (value, path, expected) => {
    expect(fits({ path: { type: 'PathPrefix', value } }, { path })).toBe(expected);
  });

  test.each([
    ['/mcp', true],
    ['/mcp/', false],
    ['/mcp/a', false],
  ])('exactly /mcp, path %j: %j', (path, expected) => {
    expect(fits({ path: { type: 'Exact', value: '/mcp' } }, { path })).toBe(expected);
  });

  test('a regular expression is asked', () => {
    const path = { type: 'RegularExpression', value: /^(?:\/v\d)$/ } as const;
    expect([fits({ path }, { path: '/v1' }), fits({ path }, { path: '/vx' })]).toEqual([true, false]);
  });
});

describe('headers and query', () => {
  const headers = [{ name: 'x-team', value: 'a' }];

  test('a header has to be there, with that value', () => {
    expect(fits({ headers }, { headers: { 'x-team': 'a' } })).toBe(true);
    expect(fits({ headers }, { headers: { 'x-team': 'b' } })).toBe(false);
    expect(fits({ headers }, {})).toBe(false);
  });

  test('a header that came as a list is joined', () => {
    expect(fits({ headers: [{ name: 'x', value: 'a, b' }] }, { headers: { x: ['a', 'b'] } })).toBe(true);
  });

  test.each(['constructor', '__proto__', 'toString'])('%s is no header unless it was sent', (name) => {
    expect(fits({ headers: [{ name, value: /.*/ }] }, {})).toBe(false);
  });

  test.each([
    ['a=1', true],
    ['b=2&a=1', true],
    ['a=1&a=2', true],
    ['a=2&a=1', false],
    ['%61=%31', true],
    ['a', false],
    ['', false],
    [undefined, false],
  ])('parameter a=1, query %j: %j', (query, expected) => {
    expect(fits({ query: [{ name: 'a', value: '1' }] }, { query })).toBe(expected);
  });
});

describe('listeners', () => {
  const named = (hostname: string | undefined, matches: readonly RouteMatch[] = []) =>
    aListener({ hostname: aHostname(hostname), matches });
  const bind = aBind(0, {
    listeners: [named('a.example.com'), named('*.example.com', [aMatch()]), named(undefined, [aMatch()])],
  });

  test.each([
    ['a.example.com', 0],
    ['b.example.com', 1],
    ['example.com', 2],
  ])('%s is served by listener %i', (host, index) => {
    expect(findListener(bind, host)).toBe(bind.listeners[index]);
  });

  test('isolation: a listener without a match does not hand on to a less specific one', () => {
    const listener = findListener(bind, 'a.example.com');
    expect(listener && findMatch(listener, aRequest({ host: 'a.example.com' }))).toBeUndefined();
  });

  test.each([
    [undefined, '', true],
    [undefined, 'example.com', true],
    [undefined, 'a.'.repeat(1_000), true],
    ['example.com', 'example.com', true],
    ['example.com', 'www.example.com', false],
    ['example.com', '', false],
    ['*.example.com', 'www.example.com', true],
    ['*.example.com', 'a.b.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', '.example.com', false],
    ['*.example.com', 'badexample.com', false],
    ['*.example.com', '', false],
  ])('alone on its port, one for %j takes %j: %j', (hostname, host, expected) => {
    expect(findListener(aBind(0, { listeners: [named(hostname)] }), host) !== undefined).toBe(expected);
  });

  test.each([undefined, 'a.example.com', '*.example.com'])('of two for %j the first serves', (hostname) => {
    const listeners = [named(hostname), named(hostname)];
    expect(findListener(aBind(0, { listeners }), 'a.example.com')).toBe(listeners[0]);
  });

  test('the most specific of those that take a host, as a search of all says', () => {
    const names = fc.constantFrom('a', 'b', 'a.b', 'b.b', 'a.a.b');
    const hostname = fc.oneof(
      fc.constant(undefined),
      names,
      names.map((name) => `*.${name}`),
    );
    const takes = (text: string | undefined, host: string): boolean =>
      text === undefined || (text.startsWith('*.') ? host.endsWith(text.slice(1)) : host === text);
    /** Exact names before wildcards, wildcards by their labels, none at last. */
    const rank = (text: string | undefined): number =>
      text === undefined ? 0 : text.startsWith('*.') ? text.split('.').length : Number.POSITIVE_INFINITY;
    fc.assert(
      fc.property(
        fc.uniqueArray(hostname),
        fc.oneof(
          names,
          names.map((name) => `a.${name}`),
        ),
        (hostnames, host) => {
          const listeners = hostnames.map((text) => named(text));
          const [best] = hostnames.filter((text) => takes(text, host)).toSorted((a, b) => (rank(a) < rank(b) ? 1 : -1));
          const found = findListener(aBind(0, { listeners }), host);
          const expected = hostnames.some((text) => takes(text, host)) ? listeners[hostnames.indexOf(best)] : undefined;
          expect(found).toBe(expected);
        },
      ),
    );
  });
});

describe('the first match in order of precedence wins', () => {
  const element = fc.constantFrom('a', 'b', 'ab');
  const path = fc.array(element, { maxLength: 3 }).map((elements) => elements.map((text) => `/${text}`).join(''));
  const values = fc.array(fc.record({ name: fc.constantFrom('x', 'y'), value: fc.constantFrom('1', '2') }), {
    maxLength: 2,
  });
  const match = fc.record({
    hostname: fc.constantFrom(undefined, 'a.b', '*.b', '*.a.b').map(aHostname),
    path: fc.oneof(
      path.map((value) => ({ type: 'PathPrefix' as const, value })),
      fc.constantFrom(/^(?:\/a.*)$/, /^(?:.*b)$/).map((value) => ({ type: 'RegularExpression' as const, value })),
      path.map((value) => ({ type: 'Exact' as const, value: value || '/' })),
    ),
    method: fc.constantFrom(undefined, 'GET', 'POST'),
    headers: values,
    query: values,
  });
  const request = fc.record({
    host: fc.constantFrom('a.b', 'b', 'c.a.b', 'c.b', ''),
    path: fc.tuple(path, fc.constantFrom('', '/')).map(([text, end]) => text + end || '/'),
    method: fc.constantFrom('GET', 'POST', 'PUT'),
    headers: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2')),
    query: fc.option(fc.constantFrom('x=1', 'x=2&y=1', 'y=2'), { nil: undefined }),
  });

  /** The rules of Gateway API once more, in the plainest words. */
  const expected = (candidate: Omit<RouteMatch, 'rule' | 'pattern'>, asked: RoutableRequest): boolean => {
    const elements = (text: string): string[] => text.split('/').filter((part) => part !== '');
    const labels = asked.host.split('.');
    const { hostname, path: wanted } = candidate;
    const hostFits =
      hostname === undefined ||
      ('exact' in hostname
        ? asked.host === hostname.exact
        : labels.some((_, index) => index > 0 && `.${labels.slice(index).join('.')}` === hostname.suffix));
    const pathFits =
      wanted.type === 'Exact'
        ? asked.path === wanted.value
        : wanted.type === 'RegularExpression'
          ? wanted.value.test(asked.path)
          : elements(wanted.value).every((part, index) => elements(asked.path)[index] === part);
    const parameters = Object.fromEntries(new URLSearchParams(asked.query));
    return (
      hostFits &&
      pathFits &&
      (candidate.method ?? asked.method) === asked.method &&
      candidate.headers.every(({ name, value }) => asked.headers[name] === value) &&
      candidate.query.every(({ name, value }) => parameters[name] === value)
    );
  };

  test('as a search of all matches says', () => {
    fc.assert(
      fc.property(fc.array(match, { maxLength: 6 }), request, (candidates, asked) => {
        const matches = candidates
          .map((candidate, ruleIndex) => ({
            match: aMatch(candidate),
            creationTimestamp: '',
            route: 'a/route',
            ruleIndex,
            matchIndex: 0,
          }))
          .sort(comparePrecedence)
          .map((ranked) => ranked.match);
        const first = matches.find((candidate) => expected(candidate, asked));
        expect(findMatch(aListener({ matches }), asked)).toBe(first);
      }),
      { numRuns: 1_000 },
    );
  });
});

test('a host or path of many parts costs no more than the longest name and prefix', () => {
  const listener = aListener({
    matches: [aMatch({ hostname: aHostname('*.example.com'), path: { type: 'PathPrefix', value: '/a/b' } }), aMatch()],
  });
  const deep = aRequest({ host: 'a.'.repeat(16_000), path: '/x'.repeat(16_000) });
  const start = performance.now();
  for (let count = 0; count < 1_000; count++) expect(findMatch(listener, deep)).toBeUndefined();
  // Were each part looked up, one would take longer than all of these.
  expect(performance.now() - start).toBeLessThan(2_000);
});
