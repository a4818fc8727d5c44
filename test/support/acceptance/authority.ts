import '../../../gateway/demo/reflect.ts';
import { webcrypto } from 'node:crypto';

/** PEM texts of a private key and its certificate. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

export interface Authority {
  /** PEM: what clients have to trust. */
  readonly certificate: string;
  /** A server's certificate for one DNS name; its key is ECDSA by default. */
  issue(name: string, options?: IssueOptions): Promise<KeyPair>;
}

export interface IssueOptions {
  readonly key?: keyof typeof ALGORITHMS;
  readonly notAfter?: Date;
  /** Default: the DNS name as common name. */
  readonly subject?: Subject;
  /** Beside the DNS name. */
  readonly names?: readonly string[];
  readonly addresses?: readonly string[];
  readonly uris?: readonly string[];
}

/** Whom a certificate is of, as the Kubernetes API reads it: a user and its groups. */
export interface Subject {
  readonly user: string;
  readonly groups: readonly string[];
}

const ALGORITHMS = {
  ecdsa: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  rsa: {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2_048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  },
  /** Too short for today's TLS. */
  shortRsa: {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 1_024,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  },
} as const;
const ALGORITHM = ALGORITHMS.ecdsa;
const VALIDITY = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 86_400_000) };

/** A certificate authority for one test run. Two of one name cannot be told apart in a list of authorities. */
export const createAuthority = async (commonName = 'Test authority'): Promise<Authority> => {
  // Later than the line above: this library asks for `Reflect` metadata while it loads.
  const x509 = await import('@peculiar/x509');
  const keys = await generateKeys();
  const name = `CN=${commonName}`;
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...VALIDITY,
    name,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  return {
    certificate: root.toString('pem'),
    issue: async (host, options = {}) => {
      const {
        key = 'ecdsa',
        notAfter = VALIDITY.notAfter,
        subject = { user: host, groups: [] },
        names = [],
        addresses = [],
        uris = [],
      } = options;
      const { publicKey, privateKey } = await generateKeys(ALGORITHMS[key]);
      const certificate = await x509.X509CertificateGenerator.create({
        ...VALIDITY,
        notAfter,
        subject: [{ CN: [subject.user], ...(subject.groups.length > 0 && { O: [...subject.groups] }) }],
        issuer: name,
        signingAlgorithm: ALGORITHM,
        publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new x509.SubjectAlternativeNameExtension([
            ...[host, ...names].map((value) => ({ type: 'dns' as const, value })),
            ...addresses.map((value) => ({ type: 'ip' as const, value })),
            ...uris.map((value) => ({ type: 'url' as const, value })),
          ]),
        ],
      });
      return { key: await pem(privateKey), cert: certificate.toString('pem') };
    },
  };
};

const generateKeys = (algorithm: (typeof ALGORITHMS)[keyof typeof ALGORITHMS] = ALGORITHM) =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

const pem = async (key: webcrypto.CryptoKey): Promise<string> => {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`;
};
