import { checkServerIdentity, type PeerCertificate } from 'node:tls';

/** What node:tls asks of a certificate that is trusted: an error, or undefined if it is for the right server. */
export type IdentityCheck = (hostname: string, certificate: PeerCertificate) => Error | undefined;

/** Accepts certificates for any of these DNS names, IP addresses (RFC 9525), or URIs. */
export const identityCheck =
  (names: readonly string[]): IdentityCheck =>
  (_hostname, certificate) => {
    let problem: Error | undefined;
    for (const name of names) {
      problem = name.includes('://') ? checkUri(name, certificate) : checkName(name, certificate);
      if (problem === undefined) return undefined;
    }
    return problem ?? mismatch('no name is expected');
  };

/** RFC 9525 §2: the common name, with which node:tls makes do, says nothing. */
const checkName = (name: string, certificate: PeerCertificate): Error | undefined =>
  checkServerIdentity(name, { ...certificate, subject: { ...certificate.subject, CN: '' } });

/** As node:tls reports what does not match. */
const mismatch = (reason: string): Error =>
  Object.assign(new Error(reason), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' as const });

/** RFC 5280 §4.2.1.6, compared as text, as SPIFFE does. */
const checkUri = (uri: string, { subjectaltname = '' }: PeerCertificate): Error | undefined =>
  alternativeNames(subjectaltname).includes(`URI:${uri}`) ? undefined : mismatch(`${uri} is not in the certificate`);

/** `DNS:a, URI:"b, c"`: a name that holds a separator is quoted, so that it cannot pass for several. */
const alternativeNames = (list: string): string[] =>
  [...list.matchAll(/([^:,]+:)("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy)].map(([, type = '', name = '']) =>
    name.startsWith('"') ? `${type}${String(JSON.parse(name))}` : `${type}${name}`,
  );
