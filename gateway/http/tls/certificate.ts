import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';

/** Keys that a server can sign TLS handshakes with (RFC 8446 §4.2.3, as OpenSSL names them). */
const SIGNING_KEYS: ReadonlySet<string | undefined> = new Set(['rsa', 'rsa-pss', 'ec', 'ed25519', 'ed448']);
/** RFC 7468 §11 and RFC 1421 §4.6.1.1. */
const ENCRYPTED = /^(?:-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED)/m;

/**
 * Why a certificate with its chain, and the private key of the first of them, cannot be served; undefined: they can. Both are PEM. Whether
 * the certificate has expired is not asked: it is served, and clients that do not mind go on. Says nothing of what is in the key.
 */
export const certificateProblem = (certificate: string, key: string): string | undefined => {
  const chain = readCertificates(certificate);
  if (typeof chain === 'string') return `the certificate ${chain}`;
  const privateKey = readKey(key);
  if (typeof privateKey === 'string') return `the private key ${privateKey}`;
  if (chain[0]?.checkPrivateKey(privateKey) !== true) return 'the private key does not belong to the certificate';
  try {
    createSecureContext({ cert: certificate, key });
    return undefined;
  } catch (error) {
    return `TLS cannot use them: ${reasonOf(error)}`;
  }
};

/** Why a PEM text is no list of certificates to trust; undefined: it is one. */
export const authorityProblem = (certificates: string): string | undefined => {
  const read = readCertificates(certificates);
  return typeof read === 'string' ? `the list of certificates ${read}` : undefined;
};

/** All certificates of a PEM text, or what is wrong with it. */
const readCertificates = (text: string): readonly X509Certificate[] | string => {
  const [, ...blocks] = text.split(BEGIN);
  if (blocks.length === 0) return 'is not PEM';
  const certificates: X509Certificate[] = [];
  for (const block of blocks) {
    const end = block.indexOf(END);
    try {
      if (end < 0) throw new RangeError(`no ${END}`);
      certificates.push(new X509Certificate(BEGIN + block.slice(0, end) + END));
    } catch {
      return blocks.length === 1 ? 'cannot be read' : `cannot be read: number ${certificates.length + 1} of its chain`;
    }
  }
  return certificates;
};

const readKey = (text: string): KeyObject | string => {
  if (!text.includes('-----BEGIN ')) return 'is not PEM';
  if (ENCRYPTED.test(text)) return 'is encrypted';
  try {
    const key = createPrivateKey({ key: text, format: 'pem' });
    return SIGNING_KEYS.has(key.asymmetricKeyType) ? key : `is of a type that TLS cannot use: ${key.asymmetricKeyType}`;
  } catch {
    return 'cannot be read';
  }
};

/** OpenSSL's own words, which are from a fixed list. */
export const reasonOf = (error: unknown): string => {
  const { reason } = error as { readonly reason?: unknown };
  return typeof reason === 'string' ? reason : 'OpenSSL refuses them';
};
