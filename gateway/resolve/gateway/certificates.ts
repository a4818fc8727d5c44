import type { ConditionName } from '../../../lib/api/conditions.ts';
import type { Secret } from '../../../lib/api/core.ts';
import type { Gateway, GatewayListener } from '../../../lib/api/gateway-api.ts';
import { KINDS } from '../../../lib/api/kinds.ts';
import type { Certificate } from '../../upstream/target.ts';
import type { Grants } from '../grants.ts';
import type { Lookup } from '../lookup.ts';

/** Data keys of a Secret of type kubernetes.io/tls. */
export const CERTIFICATE_KEY = 'tls.crt';
export const PRIVATE_KEY_KEY = 'tls.key';

export interface CertificateContext {
  /** By `namespace/name`. */
  readonly secrets: Lookup<Secret>;
  readonly grants: Grants;
  /** Why a certificate and its key cannot be served; says nothing of the key. */
  readonly certificateProblem: (certificate: string, key: string) => string | undefined;
}

export interface CertificateResolution {
  readonly certificates: readonly Certificate[];
  readonly problem: { readonly reason: ConditionName; readonly message: string } | undefined;
}

/** All certificates of an HTTPS listener; the first that cannot be used keeps it from being served. */
export const resolveCertificates = (
  { metadata }: Gateway,
  { tls }: GatewayListener,
  context: CertificateContext,
): CertificateResolution => {
  const refs = tls?.certificateRefs ?? [];
  const certificates: Certificate[] = [];
  for (const { group = '', kind = KINDS.Secret.kind, name, namespace = metadata.namespace ?? '' } of refs) {
    const fullName = `${namespace}/${name}`;
    const invalid = (message: string): CertificateResolution => ({
      certificates: [],
      problem: { reason: 'ListenerInvalidCertificateRef', message },
    });
    if (group !== KINDS.Secret.group || kind !== KINDS.Secret.kind) {
      return invalid(
        `certificateRef to ${kind}${group === '' ? '' : ` of ${group}`} ${fullName}: only Secret is supported`,
      );
    }
    // Before it is looked whether the Secret is there: that is nobody's business without a grant.
    const reference = {
      from: { kind: KINDS.Gateway, namespace: metadata.namespace ?? '' },
      to: { group, kind, namespace, name },
    };
    if (!context.grants.allows(reference)) {
      return {
        certificates: [],
        problem: {
          reason: 'ListenerRefNotPermitted',
          message: `certificateRef to Secret ${fullName} from Gateway ${metadata.namespace}/${metadata.name}: a ReferenceGrant in namespace ${namespace} is missing`,
        },
      };
    }
    const certificate = readCertificate(context.secrets.get(fullName), `Secret ${fullName}`, context);
    if (typeof certificate === 'string') return invalid(certificate);
    certificates.push(certificate);
  }
  return certificates.length > 0
    ? { certificates, problem: undefined }
    : { certificates, problem: { reason: 'ListenerInvalidCertificateRef', message: 'tls.certificateRefs is missing' } };
};

/** The certificate of a Secret, or why there is none. */
export const readCertificate = (
  secret: Secret | undefined,
  name: string,
  { certificateProblem }: Pick<CertificateContext, 'certificateProblem'>,
): Certificate | string => {
  if (secret === undefined) return `${name} not found`;
  const certificate = secret.data[CERTIFICATE_KEY];
  const key = secret.data[PRIVATE_KEY_KEY];
  if (certificate === undefined) return `${name} has no ${CERTIFICATE_KEY}`;
  if (key === undefined) return `${name} has no ${PRIVATE_KEY_KEY}`;
  const problem = certificateProblem(certificate, key);
  return problem === undefined ? { certificate, key } : `${name}: ${problem}`;
};
