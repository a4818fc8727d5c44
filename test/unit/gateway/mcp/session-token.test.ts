import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GatewayError } from '../../../../gateway/errors.ts';
import {
  MAX_OPENED,
  MAX_TOKEN_LENGTH,
  MAX_UPSTREAM_SESSION_ID,
  type Session,
  SessionTokens,
} from '../../../../gateway/mcp/session-token.ts';

const UUID = '1868a90c-66aa-4e0b-a7ac-8e7c6f5a3f5d';

const tokensOf = (key: Uint8Array, random: (size: number) => Buffer = randomBytes) =>
  new SessionTokens({ key, randomBytes: random, randomUuid: () => UUID });

const tokens = tokensOf(Buffer.alloc(32, 1));
const session = { target: 'github-copilot', upstreamId: UUID };

const refusal = (token: string, by: SessionTokens = tokens, backend = 'ns/backend', target = 'github-copilot') => {
  try {
    return by.open(backend, target, token);
  } catch (error) {
    return error instanceof GatewayError ? error.code : error;
  }
};

test('has the wire form of the compatible system: base64 of nonce, 83 bytes of state, tag', () => {
  const nonce = Buffer.from('000102030405060708090a0b', 'hex');
  const token = tokensOf(Buffer.alloc(32, 1), () => nonce).seal('ns/backend', session);
  const bytes = Buffer.from(token, 'base64');
  expect(bytes.subarray(0, 12)).toEqual(nonce);
  expect(bytes.length).toBe(12 + 83 + 16);
  expect(token).toHaveLength(148);
  expect(token).not.toContain('=');
});

test('opens what was sealed, whatever the upstream calls its session', () => {
  const upstreamId = fc.option(fc.string({ maxLength: MAX_UPSTREAM_SESSION_ID / 2 }), { nil: undefined });
  fc.assert(
    fc.property(fc.record({ target: fc.string({ maxLength: 63 }), upstreamId }), (sealed: Session) => {
      expect(tokens.open('b', sealed.target, tokens.seal('b', sealed))).toEqual(sealed);
    }),
  );
});

test('no flipped bit goes unnoticed', () => {
  const token = tokens.seal('ns/backend', session);
  fc.assert(
    fc.property(fc.nat(Buffer.from(token, 'base64').length * 8 - 1), (bit) => {
      const bytes = Buffer.from(token, 'base64');
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(refusal(bytes.toString('base64'))).toBe('session_not_found');
    }),
  );
});

test('no cut token opens', () => {
  const token = tokens.seal('ns/backend', session);
  for (let length = 0; length < token.length; length += 1) {
    expect(refusal(token.slice(0, length))).toBe('session_not_found');
  }
});

test('a token has one spelling', () => {
  // 84 bytes of state: the last group has two characters, and four bits that nobody reads.
  const token = tokens.seal('ns/backend', { ...session, upstreamId: `${UUID}1` });
  expect(token).toMatch(/[^=]=?=$/);
  const other = token.replace(/(.)(=+)$/, (_all, last: string, padding: string) => neighbour(last) + padding);
  expect(Buffer.from(other, 'base64')).toEqual(Buffer.from(token, 'base64'));
  expect(refusal(other)).toBe('session_not_found');
  expect(refusal(token.replaceAll('=', ''))).toBe('session_not_found');
  expect(refusal(` ${token}`)).toBe('session_not_found');
});

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const neighbour = (character: string): string => ALPHABET[ALPHABET.indexOf(character) ^ 1] ?? '';

test('opens with its own key, for its own backend and target alone', () => {
  const token = tokens.seal('ns/backend', session);
  expect(refusal(token)).toEqual(session);
  expect(refusal(token, tokensOf(Buffer.alloc(32, 2)))).toBe('session_not_found');
  expect(refusal(token, tokens, 'ns/other')).toBe('session_not_found');
  expect(refusal(token, tokens, 'ns/backend', 'other')).toBe('session_not_found');
});

test.each(['', 'x', UUID, 'A'.repeat(40), 'A'.repeat(MAX_TOKEN_LENGTH + 4), '===='])('forged: %.40s', (token) => {
  expect(refusal(token)).toBe('session_not_found');
});

test('two sessions of an upstream without sessions are told apart', () => {
  const nothing = { target: 'github-copilot', upstreamId: undefined };
  const [one, two] = [tokens.seal('ns/backend', nothing), tokens.seal('ns/backend', nothing)];
  expect(one).not.toBe(two);
  expect(refusal(one)).toEqual(nothing);
});

test('an upstream cannot make its session id grow without bound; a key has its length', () => {
  expect(() => tokens.seal('b', { target: 't', upstreamId: 'x'.repeat(MAX_UPSTREAM_SESSION_ID + 1) })).toThrow(
    'session id is too long',
  );
  const longest = { target: 't'.repeat(253), upstreamId: '"'.repeat(MAX_UPSTREAM_SESSION_ID) };
  expect(tokens.open('b', longest.target, tokens.seal('b', longest))).toEqual(longest);
  expect(() => tokensOf(Buffer.alloc(16))).toThrow(RangeError);
});

test('a token opens again and again, also when many others were opened in between', () => {
  const first = tokens.seal('ns/backend', session);
  expect(tokens.open('ns/backend', 'github-copilot', first)).toEqual(session);
  expect(tokens.open('ns/backend', 'github-copilot', first)).toEqual(session);
  expect(refusal(first, tokens, 'ns/other')).toBe('session_not_found');
  expect(refusal(first, tokens, 'ns/backend', 'other')).toBe('session_not_found');
  for (let index = 0; index <= MAX_OPENED; index++) {
    const upstreamId = `session-${index}`;
    const token = tokens.seal('ns/backend', { ...session, upstreamId });
    expect(tokens.open('ns/backend', 'github-copilot', token).upstreamId).toBe(upstreamId);
  }
  expect(tokens.open('ns/backend', 'github-copilot', first)).toEqual(session);
});
