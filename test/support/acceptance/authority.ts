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
  /** A server's certificate for one DNS name. */
  issue(name: string): Promise<KeyPair>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const VALIDITY = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 86_400_000) };

/** A certificate authority for one test run. */
export const createAuthority = async (): Promise<Authority> => {
  // Later than the line above: this library asks for `Reflect` metadata while it loads.
  const x509 = await import('@peculiar/x509');
  const keys = await generateKeys();
  const name = 'CN=Test authority';
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...VALIDITY,
    name,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  return {
    certificate: root.toString('pem'),
    issue: async (host) => {
      const { publicKey, privateKey } = await generateKeys();
      const certificate = await x509.X509CertificateGenerator.create({
        ...VALIDITY,
        subject: `CN=${host}`,
        issuer: name,
        signingAlgorithm: ALGORITHM,
        publicKey,
        signingKey: keys.privateKey,
        extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }])],
      });
      return { key: await pem(privateKey), cert: certificate.toString('pem') };
    },
  };
};

const generateKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

const pem = async (key: webcrypto.CryptoKey): Promise<string> => {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`;
};
