import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Bind, Listener } from '../../compile/snapshot.ts';
import type { Certificate } from '../../upstream/target.ts';
import type { Log } from '../log.ts';
import { reasonOf } from './certificate.ts';

/** RFC 8996: nothing older. */
export const TLS_VERSIONS = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' } as const;

/** What is shown to clients: certificates with keys of different types, of which each client gets one that it can check. */
export interface Identity {
  readonly context: SecureContext;
  /** What the context was made of. */
  readonly options: SecureContextOptions;
  readonly certificates: readonly X509Certificate[];
}

/**
 * What the listeners of a snapshot show of themselves, read once for each list of certificates, for as long as a snapshot has it: a reload
 * costs nothing where they stay, and where they change only new handshakes notice.
 */
export class Identities {
  readonly #log: Log;
  readonly #now: () => number;
  #byText = new Map<string, readonly Identity[]>();
  readonly #byListener = new WeakMap<Listener, readonly Identity[]>();

  /** @param now milliseconds of the Unix epoch */
  constructor(log: Log, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  /** Call with all binds of a snapshot before they are served. */
  reconcile(binds: readonly Bind[]): void {
    const byText = new Map<string, readonly Identity[]>();
    for (const { protocol, listeners } of binds) {
      if (protocol !== 'HTTPS') continue;
      for (const listener of listeners) {
        const text = JSON.stringify(listener.certificates ?? []);
        const identities = byText.get(text) ?? this.#byText.get(text) ?? this.#load(listener);
        byText.set(text, identities);
        this.#byListener.set(listener, identities);
      }
    }
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
    const fields = { gateway: labels.gateway, listener: labels.listener };
    try {
      const read = certificates.map((certificate) => ({
        ...certificate,
        x509: new X509Certificate(certificate.certificate),
      }));
      const now = this.#now();
      if (read.some(({ x509 }) => Date.parse(x509.validTo) < now)) {
        this.#log('warn', 'a certificate has expired', fields);
      }
      if (read.length === 0) this.#log('error', 'a listener has no certificate: it refuses connections', fields);
      return group(read).map(newIdentity);
    } catch (error) {
      const cause = reasonOf(error);
      this.#log('error', 'a certificate cannot be used: its listener refuses connections', { ...fields, cause });
      return [];
    }
  }
}

type ReadCertificate = Certificate & { readonly x509: X509Certificate };

/** A context holds one certificate for each type of key: further ones, which are for other names, get contexts of their own. */
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

const newIdentity = (certificates: readonly ReadCertificate[]): Identity => {
  const options: SecureContextOptions = {
    ...TLS_VERSIONS,
    cert: certificates.map(({ certificate }) => certificate),
    key: certificates.map(({ key }) => key),
  };
  return { context: createSecureContext(options), options, certificates: certificates.map(({ x509 }) => x509) };
};
