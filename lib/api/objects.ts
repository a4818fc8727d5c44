import { AGENTGATEWAY_BACKEND, type AgentgatewayBackend } from './agentgateway/backend.ts';
import { AGENTGATEWAY_PARAMETERS, type AgentgatewayParameters } from './agentgateway/parameters.ts';
import { AGENTGATEWAY_POLICY, type AgentgatewayPolicy } from './agentgateway/policy.ts';
import { BACKEND_TLS_POLICY, type BackendTLSPolicy } from './backend-tls-policy.ts';
import {
  CONFIG_MAP,
  type ConfigMap,
  ENDPOINT_SLICE,
  type EndpointSlice,
  NAMESPACE,
  type Namespace,
  SECRET,
  SERVICE,
  type Secret,
  type Service,
} from './core.ts';
import {
  GATEWAY,
  GATEWAY_CLASS_SCHEMA,
  type Gateway,
  type GatewayClass,
  REFERENCE_GRANT,
  type ReferenceGrant,
} from './gateway-api.ts';
import { HTTP_ROUTE, type HTTPRoute } from './http-route.ts';
import { type KindName, type KubernetesObject, namespacedName } from './kinds.ts';
import type { ObjectSchema } from './schema.ts';

/** The type of each kind. */
export interface ObjectTypes {
  readonly GatewayClass: GatewayClass;
  readonly Gateway: Gateway;
  readonly HTTPRoute: HTTPRoute;
  readonly ReferenceGrant: ReferenceGrant;
  readonly BackendTLSPolicy: BackendTLSPolicy;
  readonly AgentgatewayBackend: AgentgatewayBackend;
  readonly AgentgatewayPolicy: AgentgatewayPolicy;
  readonly AgentgatewayParameters: AgentgatewayParameters;
  readonly Secret: Secret;
  readonly ConfigMap: ConfigMap;
  readonly Service: Service;
  readonly EndpointSlice: EndpointSlice;
  readonly Namespace: Namespace;
}

export const SCHEMAS: Readonly<Record<KindName, ObjectSchema>> = {
  GatewayClass: GATEWAY_CLASS_SCHEMA,
  Gateway: GATEWAY,
  HTTPRoute: HTTP_ROUTE,
  ReferenceGrant: REFERENCE_GRANT,
  BackendTLSPolicy: BACKEND_TLS_POLICY,
  AgentgatewayBackend: AGENTGATEWAY_BACKEND,
  AgentgatewayPolicy: AGENTGATEWAY_POLICY,
  AgentgatewayParameters: AGENTGATEWAY_PARAMETERS,
  Secret: SECRET,
  ConfigMap: CONFIG_MAP,
  Service: SERVICE,
  EndpointSlice: ENDPOINT_SLICE,
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
