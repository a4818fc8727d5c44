import type { AgentgatewayBackend } from '../../lib/api/agentgateway/backend.ts';
import type { BackendPolicies } from '../../lib/api/agentgateway/backend-policy.ts';
import type { Gateway } from '../../lib/api/gateway-api.ts';
import { KINDS, namespacedName } from '../../lib/api/kinds.ts';
import { foreignSecret } from './backend/credentials.ts';
import type { GatewayState } from './gateway/gateways.ts';
import type { Grants } from './grants.ts';
import type { ResolvedPolicy } from './resolved.ts';

/** The objects with secrets that a Gateway leads to, by `namespace/name`, whether or not they are there. */
export interface References {
  readonly secrets: ReadonlySet<string>;
  readonly configMaps: ReadonlySet<string>;
}

export interface ReferenceContext {
  readonly grants: Grants;
  readonly backends: readonly AgentgatewayBackend[];
  readonly policies: readonly ResolvedPolicy[];
  /** Those with the Gateways, by `namespace/name`, whose requests they can reach. */
  readonly backendTls: readonly { readonly configMaps: readonly string[]; readonly gateways: readonly string[] }[];
  /** By `Kind/namespace/name`: the Gateways whose requests come by there. */
  readonly reach: ReadonlyMap<string, ReadonlySet<string>>;
}

/** By `namespace/name` of the Gateway: who serves it has to read these, and nothing else of their kinds. */
export const resolveReferences = (
  states: readonly GatewayState[],
  { grants, backends, policies, backendTls, reach }: ReferenceContext,
): ReadonlyMap<string, References> => {
  const found = new Map(states.map(({ gateway }) => [namespacedName(gateway.metadata), new Found()]));
  for (const { gateway } of states) {
    const own = found.get(namespacedName(gateway.metadata));
    for (const secret of certificates(gateway, grants)) own?.secrets.add(secret);
  }
  for (const { metadata, spec } of backends) {
    const gateways = reach.get(`${KINDS.AgentgatewayBackend.kind}/${namespacedName(metadata)}`) ?? [];
    const holders = [spec.policies, ...(spec.mcp?.targets ?? []).map((target) => target.static?.policies)];
    for (const gateway of gateways) for (const held of holders) found.get(gateway)?.add(held, metadata.namespace ?? '');
  }
  for (const { policy, gateways } of policies) {
    for (const gateway of gateways) found.get(gateway)?.add(policy.spec.backend, policy.metadata.namespace ?? '');
  }
  for (const { configMaps, gateways } of backendTls) {
    for (const gateway of gateways) for (const name of configMaps) found.get(gateway)?.configMaps.add(name);
  }
  return found;
};

/** Those that a grant lets the Gateway have. */
const certificates = ({ metadata, spec }: Gateway, grants: Grants): readonly string[] =>
  spec.listeners.flatMap(({ tls }) =>
    (tls?.certificateRefs ?? []).flatMap(
      ({ group = '', kind = KINDS.Secret.kind, name, namespace = metadata.namespace ?? '' }) => {
        const from = { kind: KINDS.Gateway, namespace: metadata.namespace ?? '' };
        const isSecret = group === KINDS.Secret.group && kind === KINDS.Secret.kind;
        return isSecret && grants.allows({ from, to: { group, kind, namespace, name } })
          ? [`${namespace}/${name}`]
          : [];
      },
    ),
  );

class Found implements References {
  readonly secrets = new Set<string>();
  readonly configMaps = new Set<string>();

  add(policies: BackendPolicies | undefined, namespace: string): void {
    const { auth, tls } = policies ?? {};
    const secrets = [
      auth?.secretRef,
      ...(auth?.credentials ?? []).map(({ secretRef }) => secretRef),
      ...(tls?.mtlsCertificateRef ?? []),
    ];
    for (const ref of secrets) {
      if (ref !== undefined && foreignSecret(ref) === undefined) this.secrets.add(`${namespace}/${ref.name}`);
    }
    for (const { kind = KINDS.ConfigMap.kind, name } of tls?.caCertificateRefs ?? []) {
      (kind === KINDS.Secret.kind ? this.secrets : this.configMaps).add(`${namespace}/${name}`);
    }
  }
}
