import type { BackendTLSPolicy, BackendTLSPolicySpec } from '../../../lib/api/backend-tls-policy.ts';
import type { ConditionName } from '../../../lib/api/conditions.ts';
import type { Service } from '../../../lib/api/core.ts';
import { KINDS, namespacedName } from '../../../lib/api/kinds.ts';
import type { ConnectionFields } from '../backend/connection.ts';
import { type BackendTlsContext, readAuthority } from '../backend/tls.ts';
import type { Lookup } from '../lookup.ts';

export interface BackendTlsPolicyContext extends BackendTlsContext {
  readonly services: Lookup<Service>;
  /** A Service that is declared nowhere may be there all the same. */
  readonly standalone: boolean;
}

/** A condition of the table, and what it says of this policy. */
export interface BackendTlsProblem {
  readonly condition: ConditionName;
  readonly message: string;
}

export interface BackendTlsTarget {
  /** `namespace/name`; undefined: it is no Service. */
  readonly service: string | undefined;
  /** Why the policy is not in force there. */
  readonly problem: BackendTlsProblem | undefined;
}

/** A policy on its way: which Gateways it reaches is known when all routes are attached. */
export interface BackendTlsDraft {
  readonly policy: BackendTLSPolicy;
  readonly targets: readonly BackendTlsTarget[];
  /** Why requests are refused where it is in force. */
  readonly problem: BackendTlsProblem | undefined;
  /** The first caCertificateRef that cannot be used gives the condition, all are named. */
  readonly unresolved: BackendTlsProblem | undefined;
  /** `namespace/name` of those that it refers to, whether or not they are there. */
  readonly configMaps: readonly string[];
}

type TlsField = NonNullable<ConnectionFields['tls']>;

/** What the BackendTLSPolicies ask of connections to Services. */
export class BackendTlsPolicies {
  readonly drafts: readonly BackendTlsDraft[];
  readonly #context: BackendTlsPolicyContext;
  /** By Service, or Service and port. */
  readonly #inForce = new Map<string, { readonly policy: string; readonly tls: TlsField }>();

  /** Takes the policies oldest first: of several for the same thing, the first is in force, also if it cannot be met. */
  constructor(policies: readonly BackendTLSPolicy[], context: BackendTlsPolicyContext) {
    this.#context = context;
    this.drafts = policies.map((policy) => this.#resolve(policy));
  }

  /** What is in force for a port; a port's own goes before that of its Service. */
  connection(service: string, port: number): Pick<ConnectionFields, 'tls'> {
    const found = this.#inForce.get(keyOf(service, port)) ?? this.#inForce.get(keyOf(service));
    return found === undefined ? {} : { tls: found.tls };
  }

  /** `namespace/name` of the policy that is in force for a Service as a whole, or for a port of it. */
  policyOf(service: string, port?: number | string): string | undefined {
    return (this.#inForce.get(keyOf(service, port)) ?? this.#inForce.get(keyOf(service)))?.policy;
  }

  #resolve(policy: BackendTLSPolicy): BackendTlsDraft {
    const { metadata, spec } = policy;
    const { namespace = '' } = metadata;
    const trust = resolveTrust(spec.validation, namespace, this.#context);
    const name = namespacedName(metadata);
    const tls: TlsField =
      trust.problem === undefined
        ? { value: { ...identityOf(spec.validation), ca: trust.ca, certificate: undefined, verify: 'all' } }
        : { problem: `BackendTLSPolicy ${name}: ${trust.problem.message}` };
    return {
      policy,
      targets: spec.targetRefs.map((ref) => this.#attach(ref, namespace, { policy: name, tls })),
      problem: trust.problem,
      unresolved: trust.unresolved,
      configMaps: (spec.validation.caCertificateRefs ?? [])
        .filter(isConfigMap)
        .map((ref) => namespacedName({ namespace, name: ref.name })),
    };
  }

  #attach(
    { group, kind, name, sectionName }: BackendTLSPolicySpec['targetRefs'][number],
    namespace: string,
    own: { readonly policy: string; readonly tls: TlsField },
  ): BackendTlsTarget {
    if (group !== KINDS.Service.group || kind !== KINDS.Service.kind) {
      const message = `targetRef to ${describeKind(group, kind)} ${name}: only Service is supported`;
      return { service: undefined, problem: { condition: 'BackendTlsInvalid', message } };
    }
    const service = `${namespace}/${name}`;
    const { services, standalone } = this.#context;
    const object = services.get(service);
    const notFound = (message: string): BackendTlsTarget => ({
      service,
      problem: { condition: 'BackendTlsTargetNotFound', message },
    });
    if (object === undefined && !standalone) return notFound(`Service ${service} not found`);
    const port = sectionName === undefined ? undefined : portNamed(object, sectionName);
    if (sectionName !== undefined && port === undefined) {
      if (object !== undefined) return notFound(`Service ${service} has no TCP port named ${sectionName}`);
      const message = `Service ${service} is declared nowhere, so nobody knows its port ${sectionName}`;
      // It may be any of them: none must be reached in clear text.
      this.#claim(keyOf(service), { ...own, tls: { problem: `BackendTLSPolicy ${own.policy}: ${message}` } });
      return notFound(`${message}; requests are refused`);
    }
    const winner = this.#claim(keyOf(service, port), own);
    if (winner === undefined) return { service, problem: undefined };
    const place = sectionName === undefined ? `Service ${service}` : `port ${sectionName} of Service ${service}`;
    const message = `BackendTLSPolicy ${winner}, which goes first, is in force for ${place}`;
    return { service, problem: { condition: 'BackendTlsConflicted', message } };
  }

  /** Who has it already. */
  #claim(key: string, own: { readonly policy: string; readonly tls: TlsField }): string | undefined {
    const winner = this.#inForce.get(key)?.policy;
    if (winner === undefined) this.#inForce.set(key, own);
    return winner;
  }
}

const keyOf = (service: string, port?: number | string): string =>
  port === undefined ? service : `${service} ${port}`;

/** Of protocol TCP: another one may share its number (HTTP/3 next to HTTPS). */
const portNamed = (service: Service | undefined, name: string): number | undefined =>
  service?.spec?.ports?.find((port) => port.name === name && (port.protocol ?? 'TCP') === 'TCP')?.port;

/** Gateway API: where alternative names are given, the hostname is sent and not looked for in the certificate. */
const identityOf = ({ hostname, subjectAltNames = [] }: BackendTLSPolicySpec['validation']) => ({
  sni: hostname,
  subjectAltNames:
    subjectAltNames.length === 0
      ? undefined
      : subjectAltNames.flatMap((name) => (name.type === 'URI' ? name.uri : name.hostname) ?? []),
});

interface Trust {
  /** PEM; undefined: the well-known roots, unless there is a problem. */
  readonly ca?: string | undefined;
  readonly problem?: BackendTlsProblem;
  readonly unresolved?: BackendTlsProblem;
}

/** Gateway API: references that cannot be used add nothing to what is trusted; without any that can, nothing is. */
const resolveTrust = (
  { caCertificateRefs = [], wellKnownCACertificates }: BackendTLSPolicySpec['validation'],
  namespace: string,
  context: BackendTlsContext,
): Trust => {
  if (caCertificateRefs.length === 0) {
    if (wellKnownCACertificates === 'System') return {};
    const message = `wellKnownCACertificates ${wellKnownCACertificates}: only System is supported`;
    return { problem: { condition: 'BackendTlsInvalid', message } };
  }
  const texts: string[] = [];
  const invalid: BackendTlsProblem[] = [];
  for (const ref of caCertificateRefs) {
    const name = `${namespace}/${ref.name}`;
    if (!isConfigMap(ref)) {
      const message = `caCertificateRef to ${describeKind(ref.group, ref.kind)} ${name}: only ConfigMap is supported`;
      invalid.push({ condition: 'BackendTlsInvalidKind', message });
      continue;
    }
    const authority = readAuthority('ConfigMap', name, context);
    if ('text' in authority) texts.push(`${authority.text.trimEnd()}\n`);
    else invalid.push({ condition: 'BackendTlsInvalidCACertificateRef', message: authority.problem });
  }
  const [first] = invalid;
  if (first === undefined) return { ca: texts.join('') };
  const message = invalid.map((item) => item.message).join('; ');
  const unresolved = { condition: first.condition, message };
  return texts.length > 0
    ? { ca: texts.join(''), unresolved }
    : { unresolved, problem: { condition: 'BackendTlsNoValidCACertificate', message } };
};

const isConfigMap = ({ group, kind }: { readonly group: string; readonly kind: string }): boolean =>
  group === KINDS.ConfigMap.group && kind === KINDS.ConfigMap.kind;

const describeKind = (group: string, kind: string): string => (group === '' ? kind : `${kind} of ${group}`);
