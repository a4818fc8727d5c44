import { isIP } from 'node:net';
import type { PeerCertificate } from 'node:tls';
import { identityCheck } from '../../../identity.ts';
import type { CollectorTls } from '../../policy.ts';

/** What node:tls and grpc-js ask of a server's certificate. */
export interface Verification {
  readonly rejectUnauthorized: boolean;
  readonly checkServerIdentity: (hostname: string, certificate: PeerCertificate) => Error | undefined;
}

export const verification = ({ sni, verify = 'all', subjectAltNames }: CollectorTls): Verification => ({
  rejectUnauthorized: verify !== 'none',
  checkServerIdentity: verify === 'all' ? identityCheck(subjectAltNames ?? [sni]) : () => undefined,
});

/** RFC 6066 §3: an IP address is not sent as a server name. */
export const serverName = ({ sni }: CollectorTls): string => (isIP(sni) === 0 ? sni : '');
