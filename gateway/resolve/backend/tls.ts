import type { BackendTls } from '../../../lib/api/agentgateway/backend-policy.ts';
import type { ConfigMap, Secret } from '../../../lib/api/core.ts';
import type { UpstreamTls } from '../../upstream/target.ts';
import { type CertificateContext, readCertificate } from '../gateway/certificates.ts';
import type { Lookup } from '../lookup.ts';
import { foreignSecret } from './credentials.ts';

/** Data key of certificates of authorities, in ConfigMaps and Secrets alike. */
const AUTHORITY_KEY = 'ca.crt';

export interface BackendTlsContext extends Pick<CertificateContext, 'certificateProblem' | 'secrets'> {
  /** By `namespace/name`. */
  readonly configMaps: Lookup<ConfigMap>;
  /** Why a text is no list of certificates. */
  readonly authorityProblem: (certificates: string) => string | undefined;
}

/** All of `tls` but the name to check, which may be the host's. */
export type BackendTlsFields = Omit<UpstreamTls, 'sni'> & { readonly sni: string | undefined };

/** A string: why it cannot be used. */
export const resolveTls = (
  spec: BackendTls,
  namespace: string,
  context: BackendTlsContext,
): BackendTlsFields | string => {
  const { caCertificateRefs = [], mtlsCertificateRef = [], insecureSkipVerify } = spec;
  let ca: string | undefined;
  for (const { kind = 'ConfigMap', name } of caCertificateRefs) {
    const authority = readAuthority(kind, `${namespace}/${name}`, context);
    if ('problem' in authority) return authority.problem;
    ca = `${ca ?? ''}${authority.text.trimEnd()}\n`;
  }
  let certificate: UpstreamTls['certificate'];
  for (const ref of mtlsCertificateRef) {
    const foreign = foreignSecret(ref);
    if (foreign !== undefined) return foreign;
    const fullName = `${namespace}/${ref.name}`;
    const read = readCertificate(context.secrets.get(fullName), `Secret ${fullName}`, context);
    if (typeof read === 'string') return read;
    certificate = read;
  }
  return {
    sni: spec.sni,
    ca,
    certificate,
    verify: insecureSkipVerify === 'All' ? 'none' : insecureSkipVerify === 'Hostname' ? 'chain' : 'all',
    subjectAltNames: spec.verifySubjectAltNames,
    alpnProtocols: spec.alpnProtocols,
  };
};

/** The certificates of authorities that an object holds, or why there are none. */
export const readAuthority = (
  kind: 'ConfigMap' | 'Secret',
  name: string,
  { configMaps, secrets, authorityProblem }: BackendTlsContext,
): { readonly text: string } | { readonly problem: string } => {
  const holder: ConfigMap | Secret | undefined = kind === 'Secret' ? secrets.get(name) : configMaps.get(name);
  if (holder === undefined) return { problem: `${kind} ${name} not found` };
  const text = holder.data?.[AUTHORITY_KEY];
  if (text === undefined) return { problem: `${kind} ${name} has no key ${JSON.stringify(AUTHORITY_KEY)}` };
  const problem = authorityProblem(text);
  return problem === undefined ? { text } : { problem: `key ${AUTHORITY_KEY} of ${kind} ${name}: ${problem}` };
};
