import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Authority, createAuthority, type Subject } from '../acceptance/authority.ts';

/** Files that the components are started with. */
export interface Credentials {
  readonly authority: Authority;
  /** Paths. */
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  /** Service account tokens are signed with it, and checked. */
  readonly accountsKey: string;
  readonly accountsPublicKey: string;
}

export const ADMIN: Subject = { user: 'admin', groups: ['system:masters'] };
export const CONTROLLER_MANAGER: Subject = { user: 'system:kube-controller-manager', groups: [] };

export const createCredentials = async (folder: string): Promise<Credentials> => {
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const authority = await createAuthority();
  const server = await authority.issue('localhost', { addresses: ['127.0.0.1'] });
  const accounts = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return {
    authority,
    ca: write('ca.crt', authority.certificate),
    serverCert: write('server.crt', server.cert),
    serverKey: write('server.key', server.key),
    accountsKey: write('accounts.key', accounts.privateKey),
    accountsPublicKey: write('accounts.pub', accounts.publicKey),
  };
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A kubeconfig, as JSON is YAML. */
const kubeconfig = (server: string, ca: string, user: Readonly<Record<string, string>>): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace: 'default' } }],
    'current-context': 'test',
  });

/** A kubeconfig of someone with a client certificate. */
export const kubeconfigOf = async (server: string, authority: Authority, subject: Subject): Promise<string> => {
  const { cert, key } = await authority.issue('client', { subject });
  return kubeconfig(server, authority.certificate, {
    'client-certificate-data': base64(cert),
    'client-key-data': base64(key),
  });
};

/** A kubeconfig of someone with a token. */
export const kubeconfigWith = (
  server: string,
  authority: Authority,
  credential: { readonly token: string } | { readonly tokenFile: string },
): string => kubeconfig(server, authority.certificate, { ...credential });
