import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { authorityProblem, certificateProblem } from '../../../../../gateway/http/tls/certificate.ts';
import { createAuthority, type KeyPair } from '../../../../support/acceptance/authority.ts';

let root: string;
let ecdsa: KeyPair;
let rsa: KeyPair;
let short: KeyPair;
let expired: KeyPair;

beforeAll(async () => {
  const authority = await createAuthority();
  root = authority.certificate;
  [ecdsa, rsa, short, expired] = await Promise.all([
    authority.issue('a.example'),
    authority.issue('a.example', { key: 'rsa' }),
    authority.issue('a.example', { key: 'shortRsa' }),
    authority.issue('a.example', { notAfter: new Date(Date.now() - 60_000) }),
  ]);
});

const encrypted = (): string =>
  generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;

const x25519 = (): string =>
  generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('certificateProblem', () => {
  test.each<[string, () => [certificate: string, key: string]]>([
    ['ECDSA', () => [ecdsa.cert, ecdsa.key]],
    ['RSA', () => [rsa.cert, rsa.key]],
    ['a chain', () => [`${ecdsa.cert}\n${root}\n`, ecdsa.key]],
    [
      'lines between the certificates, as some tools write them',
      () => [`subject=a\n${ecdsa.cert}\nissuer=b\n${root}`, ecdsa.key],
    ],
    ['one that has expired: clients may not mind', () => [expired.cert, expired.key]],
  ])('none with %s', (_what, pair) => {
    expect(certificateProblem(...pair())).toBeUndefined();
  });

  test.each<[string, () => [certificate: string, key: string], string]>([
    ['no PEM', () => ['x', ecdsa.key], 'the certificate is not PEM'],
    ['nothing at all', () => ['', ''], 'the certificate is not PEM'],
    ['a certificate that is cut off', () => [ecdsa.cert.slice(0, 200), ecdsa.key], 'the certificate cannot be read'],
    [
      'PEM of something else',
      () => [ecdsa.cert.replace(/^M.*$/m, 'AAAA'), ecdsa.key],
      'the certificate cannot be read',
    ],
    [
      'a chain with a broken link',
      () => [`${ecdsa.cert}\n${root.replace(/^M.*$/m, 'AAAA')}`, ecdsa.key],
      'the certificate cannot be read: number 2 of its chain',
    ],
    ['a key in place of the certificate', () => [ecdsa.key, ecdsa.key], 'the certificate is not PEM'],
    ['no key', () => [ecdsa.cert, 'x'], 'the private key is not PEM'],
    ['a certificate in place of the key', () => [ecdsa.cert, ecdsa.cert], 'the private key cannot be read'],
    ['a key that is cut off', () => [ecdsa.cert, ecdsa.key.slice(0, 80)], 'the private key cannot be read'],
    ['an encrypted key', () => [ecdsa.cert, encrypted()], 'the private key is encrypted'],
    [
      'a key that signs nothing',
      () => [ecdsa.cert, x25519()],
      'the private key is of a type that TLS cannot use: x25519',
    ],
    ['another key', () => [ecdsa.cert, rsa.key], 'the private key does not belong to the certificate'],
    [
      'the certificates of a chain in the wrong order',
      () => [`${root}\n${ecdsa.cert}`, ecdsa.key],
      'the private key does not belong to the certificate',
    ],
    ['a key that is too short', () => [short.cert, short.key], 'TLS cannot use them: ee key too small'],
  ])('%s', (_what, pair, problem) => {
    expect(certificateProblem(...pair())).toBe(problem);
  });

  test('looks at hostile texts once', () => {
    const begin = performance.now();
    expect(certificateProblem('-----BEGIN CERTIFICATE-----'.repeat(40_000), ecdsa.key)).toMatch(
      /number 1 of its chain$/,
    );
    expect(performance.now() - begin).toBeLessThan(1_000);
  });
});

test('authorityProblem', () => {
  expect(authorityProblem(`${root}\n${rsa.cert}`)).toBeUndefined();
  expect(authorityProblem('x')).toBe('the list of certificates is not PEM');
  expect(authorityProblem(root.slice(0, 100))).toBe('the list of certificates cannot be read');
});
