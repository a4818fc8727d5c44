import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parsePartial } from '../../../../../gateway/telemetry/capture/partial-json.ts';
import {
  normaliseKey,
  REDACTED,
  redact,
  redactQuery,
  redactText,
} from '../../../../../gateway/telemetry/capture/redact.ts';

describe('members', () => {
  test.each([
    'password',
    'Password',
    'db_password',
    'PASSWORD_HASH',
    'client-secret',
    'apiKey',
    'x-api-key',
    'Authorization',
    'access_token',
    'refreshToken',
    'token',
    'cookie',
    'Set-Cookie',
    'private key',
    'awsCredentials',
    'cardNumber',
    'cvv',
    'PIN',
  ])('called %s have no value', (name) => {
    expect(redact({ [name]: { deep: ['x', 1] } })).toEqual({ [name]: REDACTED });
  });

  test.each(['maxTokens', 'tokens_used', 'shipping', 'keyboard', 'author', 'spinning', 'name'])(
    'called %s are nobody’s secret',
    (name) => {
      expect(redact({ [name]: 'x' })).toEqual({ [name]: 'x' });
    },
  );

  test('that a policy names have none either', () => {
    const rules = { keys: new Set([normaliseKey('Patient-ID')]) };
    expect(redact({ patient_id: 7, a: [{ PatientId: 8 }] }, rules)).toEqual({
      patient_id: REDACTED,
      a: [{ PatientId: REDACTED }],
    });
  });
});

describe('texts', () => {
  test.each([
    ['an e-mail address', 'write to ada@example.com now', 'write to [redacted] now'],
    ['a card', 'card 4111 1111 1111 1111 please', 'card [redacted] please'],
    ['a card without groups', '5500005555555559', '[redacted]'],
    ['a GitHub token', 'ghp_0123456789abcdefghijABCDEFGHIJ012345', '[redacted]'],
    ['a fine-grained one', 'use github_pat_11ABCDEFG0abcdefghijkl_x.', 'use [redacted]'],
    ['an AWS key', 'AKIAIOSFODNN7EXAMPLE', '[redacted]'],
    ['a key of a model', 'sk-proj-0123456789abcdefghij', '[redacted]'],
    ['a JWT', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_', '[redacted]'],
    ['a header', 'Authorization: Bearer abcdefgh12345678', 'Authorization: [redacted]'],
    ['a URL’s user', 'postgres://app:hunter2@db/x', 'postgres://[redacted]db/x'],
    ['a private key', '-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----!', '[redacted]!'],
    ['a private key that was cut', 'x -----BEGIN PRIVATE KEY-----\nMIIE', 'x [redacted]'],
  ])('%s', (_, text, redacted) => {
    expect(redactText(text)).toBe(redacted);
  });

  test.each([
    ['a number that is no card', '4111 1111 1111 1112'],
    ['a date and an id', '2026-11-23 1234567890123'],
    ['a sentence', 'The bearer of this letter is a basic user.'],
    ['a URL', 'https://example.com/a?b=c'],
  ])('%s is left alone', (_, text) => {
    expect(redactText(text)).toBe(text);
  });

  test('as names of members too', () => {
    expect(redact({ 'ada@example.com': 1 })).toEqual({ [REDACTED]: 1 });
  });

  test.each([
    ['a@'.repeat(20_000)],
    ['-'.repeat(40_000)],
    ['1 '.repeat(20_000)],
    [`-----BEGIN ${'A'.repeat(40_000)}`],
    [`${'a'.repeat(40_000)}@${'a.'.repeat(20_000)}`],
    ['eyJ'.repeat(15_000)],
    ['://'.repeat(15_000)],
  ])('hostile ones take no time', (text) => {
    const began = performance.now();
    redactText(text);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

test('any value comes out in the same form, and nothing deeper than a bound', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const redacted = redact(value);
      expect(typeof redacted).toBe(typeof value);
      expect(Array.isArray(redacted)).toBe(Array.isArray(value));
    }),
  );
  let deep: unknown = 'end';
  for (let level = 0; level < 1_000; level++) deep = [deep];
  expect(JSON.stringify(redact(deep))).not.toContain('end');
});

test.each([
  ['/mcp', '/mcp'],
  ['/mcp?a=1&token=secret', '/mcp?a=REDACTED&token=REDACTED'],
  ['/mcp?secret', '/mcp?REDACTED'],
  ['/mcp?a=b=c&&x', '/mcp?a=REDACTED&&REDACTED'],
  ['/mcp?', '/mcp?'],
])('the query of %s', (target, redacted) => {
  expect(redactQuery(target)).toBe(redacted);
});

describe('a text of which only the beginning was kept', () => {
  test.each<[string, unknown]>([
    ['{"a":1,"b":"hal', { a: 1 }],
    ['{"a":[1,2,3', { a: [1, 2] }],
    ['{"a":{"b":"c"},"d', { a: { b: 'c' } }],
    ['{"a":"x","b":', { a: 'x' }],
    ['[true,fals', [true]],
    ['{"a":"\\"', {}],
    ['"half', undefined],
    ['12', undefined],
    ['', undefined],
    ['{"a":"x"}', { a: 'x' }],
  ])('%s', (text, value) => {
    expect(parsePartial(text)).toEqual(value);
  });

  test('wherever it was cut, is a part of the whole', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(400), (value, cut) => {
        const text = JSON.stringify(value);
        const part = parsePartial(text.slice(0, cut));
        if (cut > text.length) expect(part).toEqual(JSON.parse(text));
        else if (part !== undefined) expect(isPart(part, JSON.parse(text))).toBe(true);
        else expect(cut).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});

const isPart = (part: unknown, whole: unknown): boolean => {
  if (typeof part !== 'object' || part === null) return Object.is(part, whole);
  if (typeof whole !== 'object' || whole === null || Array.isArray(part) !== Array.isArray(whole)) return false;
  return Object.entries(part).every(
    ([key, value]) => Object.hasOwn(whole, key) && isPart(value, (whole as Record<string, unknown>)[key]),
  );
};
