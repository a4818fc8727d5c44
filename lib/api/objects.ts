import {
  AGENTGATEWAY_BACKEND,
  AGENTGATEWAY_POLICY,
  type AgentgatewayBackend,
  type AgentgatewayPolicy,
} from './agentgateway.ts';
import { NAMESPACE, type Namespace, SECRET, SERVICE, type Secret, type Service } from './core.ts';
import { GATEWAY, type Gateway, REFERENCE_GRANT, type ReferenceGrant } from './gateway-api.ts';
import { HTTP_ROUTE, type HTTPRoute } from './http-route.ts';
import { type KindName, type KubernetesObject, namespacedName } from './kinds.ts';
import type { ObjectSchema } from './schema.ts';

/** The type of each kind. */
export interface ObjectTypes {
  readonly Gateway: Gateway;
  readonly HTTPRoute: HTTPRoute;
  readonly ReferenceGrant: ReferenceGrant;
  readonly AgentgatewayBackend: AgentgatewayBackend;
  readonly AgentgatewayPolicy: AgentgatewayPolicy;
  readonly Secret: Secret;
  readonly Service: Service;
  readonly Namespace: Namespace;
}

export const SCHEMAS: Readonly<Record<KindName, ObjectSchema>> = {
  Gateway: GATEWAY,
  HTTPRoute: HTTP_ROUTE,
  ReferenceGrant: REFERENCE_GRANT,
  AgentgatewayBackend: AGENTGATEWAY_BACKEND,
  AgentgatewayPolicy: AGENTGATEWAY_POLICY,
  Secret: SECRET,
  Service: SERVICE,
  Namespace: NAMESPACE,
};

/** Every object that the gateway reads, by kind. */
export type Resources = { readonly [K in KindName]: readonly ObjectTypes[K][] };

/**
 * Oldest first, then by `namespace/name`: the order in which Gateway API settles conflicts. Objects without a creation time, as files have
 * them, count as equally old.
 */
export const byAge = (a: KubernetesObject, b: KubernetesObject): number =>
  compareText(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
  compareText(namespacedName(a.metadata), namespacedName(b.metadata));

/** By code unit: the same everywhere, whatever the locale. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
