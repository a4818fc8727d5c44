import type { OutgoingHttpHeaders } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import type { CorsPolicy } from '../../../../gateway/compile/rule-policy.ts';
import { corsHeaders, isPreflight } from '../../../../gateway/policy/cors.ts';

const aCors = (overrides: Partial<CorsPolicy> = {}): CorsPolicy => ({
  anyOrigin: false,
  origins: new Set(['https://www.foo.com', 'http://localhost:6274']),
  wildcardOrigins: [{ prefix: 'https://', suffix: '.bar.com' }],
  methods: ['GET', 'OPTIONS'],
  headers: ['x-header-1', 'x-header-2'],
  exposeHeaders: ['x-header-3', 'x-header-4'],
  credentials: true,
  maxAge: 3600,
  ...overrides,
});

type Headers = Readonly<Record<string, string>>;

/** What the answer of a backend becomes. */
const answered = (policy: CorsPolicy, headers: Headers, backend: OutgoingHttpHeaders = {}, method = 'GET') => {
  const copy = { ...backend };
  corsHeaders(policy, { method, headers }, copy);
  return copy;
};

const preflight = (policy: CorsPolicy, origin: string, asked: Headers = {}) =>
  answered(policy, { origin, 'access-control-request-method': 'PUT', ...asked }, {}, 'OPTIONS');

const allowOrigin = (policy: CorsPolicy, origin: string) => answered(policy, { origin })['access-control-allow-origin'];

describe('what a preflight is', () => {
  const asked = { origin: 'https://www.foo.com', 'access-control-request-method': 'GET' };
  test.each([
    ['with origin and method', 'OPTIONS', asked, true],
    ['without a method', 'OPTIONS', { origin: 'https://www.foo.com' }, false],
    ['without an origin', 'OPTIONS', { 'access-control-request-method': 'GET' }, false],
    ['another method', 'GET', asked, false],
  ])('%s', (_, method, headers, expected) => {
    expect(isPreflight({ method, headers })).toBe(expected);
  });
});

describe('an origin', () => {
  test.each([
    ['that is listed', 'https://www.foo.com', true],
    ['in any case', 'HTTPS://WWW.Foo.com', true],
    ['with its port', 'http://localhost:6274', true],
    ['with another port', 'http://localhost:6275', false],
    ['of another scheme', 'http://www.foo.com', false],
    ['under a wildcard', 'https://www.bar.com', true],
    ['deep under a wildcard', 'https://xpto.www.bar.com', true],
    ['the bare suffix of a wildcard', 'https://.bar.com', false],
    ['without the label of a wildcard', 'https://bar.com', false],
    ['that ends like a wildcard', 'https://evilbar.com', false],
    ['that hides another host', 'https://evil.com/.bar.com', false],
    ['that hides a user', 'https://evil.com@www.bar.com', false],
    ['a port in place of a label', 'https://evil.com:1.bar.com', false],
    ['two of them', 'https://www.foo.com, https://www.bar.com', false],
    ['that is opaque', 'null', false],
  ])('%s: %s is %s', (_, origin, allowed) => {
    expect(allowOrigin(aCors(), origin)).toBe(allowed ? origin : undefined);
  });

  test.each([true, false])('any one, with credentials %s: it is named, never a star', (credentials) => {
    const policy = aCors({ anyOrigin: true, credentials });
    const origins = ['https://foobar.com:12345', 'null'];
    expect(origins.map((origin) => allowOrigin(policy, origin))).toEqual(origins);
    expect(allowOrigin(policy, 'https://a.com, https://b.com')).toBeUndefined();
  });
});

describe('a preflight', () => {
  test('is told all that is allowed', () => {
    expect(preflight(aCors(), 'https://www.foo.com')).toEqual({
      vary: 'Origin',
      'access-control-allow-origin': 'https://www.foo.com',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'x-header-3, x-header-4',
      'access-control-allow-methods': 'GET, OPTIONS',
      'access-control-allow-headers': 'x-header-1, x-header-2',
      'access-control-max-age': '3600',
    });
  });

  test('from elsewhere is told nothing', () => {
    expect(preflight(aCors(), 'https://foobar.com')).toEqual({ vary: 'Origin' });
  });

  test('empty lists and no credentials are left out', () => {
    const policy = aCors({ methods: [], headers: [], exposeHeaders: [], credentials: false, maxAge: 0 });
    expect(preflight(policy, 'https://www.foo.com')).toEqual({
      vary: 'Origin',
      'access-control-allow-origin': 'https://www.foo.com',
      'access-control-max-age': '0',
    });
  });

  test.each([true, false])('a star, with credentials %s, becomes what was asked for', (credentials) => {
    const policy = aCors({ methods: ['*'], headers: ['*'], credentials });
    const asked = { 'access-control-request-headers': 'x-header-1, x-header-2' };
    expect(preflight(policy, 'https://www.foo.com', asked)).toMatchObject({
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'x-header-1, x-header-2',
    });
    expect(preflight(policy, 'https://www.foo.com')).not.toHaveProperty('access-control-allow-headers');
  });
});

describe('an answer', () => {
  const origin = 'https://www.foo.com';

  test('is readable for the origin, and says nothing that only preflights ask', () => {
    expect(answered(aCors(), { origin }, { 'content-type': 'text/plain' })).toEqual({
      'content-type': 'text/plain',
      vary: 'Origin',
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'x-header-3, x-header-4',
    });
  });

  test.each([
    ['without an origin', {}],
    ['for an origin that is not allowed', { origin: 'https://foobar.com' }],
  ])('%s says nothing, whatever the backend said', (_, headers) => {
    const backend = { 'access-control-allow-origin': '*', 'access-control-allow-credentials': 'true', etag: '"1"' };
    expect(answered(aCors(), headers as Headers, backend)).toEqual({ etag: '"1"', vary: 'Origin' });
  });

  test('a star for exposed fields: all there are, where a star would mean nothing', () => {
    const policy = aCors({ exposeHeaders: ['*'] });
    const exposed = 'access-control-expose-headers';
    expect(answered(policy, { origin }, { 'mcp-session-id': 'x' })[exposed]).toBe('mcp-session-id, vary');
    expect(answered({ ...policy, credentials: false }, { origin }, { etag: '"1"' })[exposed]).toBe('*');
    expect(preflight(policy, origin)).not.toHaveProperty(exposed);
  });

  test.each<[string | string[] | undefined, string]>([
    [undefined, 'Origin'],
    ['Accept', 'Accept, Origin'],
    [['Accept', 'Cookie'], 'Accept, Cookie, Origin'],
    ['accept, origin', 'accept, origin'],
    ['*', '*'],
  ])('Vary %j becomes %j', (vary, expected) => {
    expect(answered(aCors(), { origin }, { vary } as OutgoingHttpHeaders).vary).toBe(expected);
  });
});
