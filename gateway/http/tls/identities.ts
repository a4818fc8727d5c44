import { X509Certificate } from 'node:crypto';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Bind, Listener } from '../../compile/snapshot.ts';
import type { Certificate } from '../../upstream/target.ts';
import type { Log } from '../log.ts';
import { reasonOf } from './certificate.ts';

export interface IdentitiesOptions {
  /** Called when a handshake has ended well. */
  readonly onSecure: (socket: TLSSocket) => void;
  readonly log: Log;
  /** Milliseconds of the Unix epoch. */
  readonly now: () => number;
}

/** What is shown to clients: certificates with keys of different types, of which each client gets one that it can check. */
export interface Identity {
  /** Listens nowhere: connections are handed to it. A context chosen while the handshake runs would have one certificate only. */
  readonly server: Server;
  readonly certificates: readonly X509Certificate[];
}

/**
 * What the listeners of a port show of themselves, read once for each list of certificates, for as long as the port has it: a reload costs
 * nothing where they stay, sessions can be resumed then, and where they change only new connections notice.
 */
export class Identities {
  readonly #options: IdentitiesOptions;
  #byText = new Map<string, readonly Identity[]>();
  #byListener = new Map<Listener, readonly Identity[]>();

  constructor(options: IdentitiesOptions) {
    this.#options = options;
  }

  reconcile({ listeners }: Bind): void {
    const byText = new Map<string, readonly Identity[]>();
    this.#byListener = new Map(
      listeners.map((listener) => {
        const text = JSON.stringify(listener.certificates ?? []);
        const identities = byText.get(text) ?? this.#byText.get(text) ?? this.#load(listener);
        byText.set(text, identities);
        return [listener, identities];
      }),
    );
    this.#byText = byText;
  }

  /** Undefined: nothing that could be shown. */
  of(listener: Listener, serverName: string): Identity | undefined {
    const identities = this.#byListener.get(listener) ?? [];
    const covers = ({ certificates }: Identity): boolean =>
      certificates.some((certificate) => certificate.checkHost(serverName) !== undefined);
    return identities.length > 1 && serverName !== '' ? (identities.find(covers) ?? identities[0]) : identities[0];
  }

  /** What cannot be used should have been a condition of the listener; here it is that listener's misfortune alone. */
  #load({ certificates = [], labels }: Listener): readonly Identity[] {
    const { log, now } = this.#options;
    const fields = { gateway: labels.gateway, listener: labels.listener };
    try {
      const read = certificates.map((certificate) => ({
        ...certificate,
        x509: new X509Certificate(certificate.certificate),
      }));
      if (read.length === 0) log('error', 'a listener has no certificate: it refuses connections', fields);
      const identities = group(read).map((members) => this.#newIdentity(members));
      if (read.some(({ x509 }) => Date.parse(x509.validTo) < now())) log('warn', 'a certificate has expired', fields);
      return identities;
    } catch (error) {
      const cause = reasonOf(error);
      log('error', 'a certificate cannot be used: its listener refuses connections', { ...fields, cause });
      return [];
    }
  }

  #newIdentity(members: readonly ReadCertificate[]): Identity {
    const server = createServer({
      // RFC 8996: nothing older.
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ALPNProtocols: ['http/1.1'],
      cert: members.map(({ certificate }) => certificate),
      key: members.map(({ key }) => key),
    });
    server.on('secureConnection', this.#options.onSecure);
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    return { server, certificates: members.map(({ x509 }) => x509) };
  }
}

type ReadCertificate = Certificate & { readonly x509: X509Certificate };

/** TLS takes one certificate for each type of key: further ones, which are for other names, are shown by themselves. */
const group = (certificates: readonly ReadCertificate[]): readonly (readonly ReadCertificate[])[] => {
  const groups: Map<string | undefined, ReadCertificate>[] = [];
  for (const certificate of certificates) {
    const type = certificate.x509.publicKey.asymmetricKeyType;
    const free = groups.find((taken) => !taken.has(type));
    if (free === undefined) groups.push(new Map([[type, certificate]]));
    else free.set(type, certificate);
  }
  return groups.map((members) => [...members.values()]);
};
