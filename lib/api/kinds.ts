/** Every kind the gateway reads or the library writes references to: group, version(s), and whether it is namespaced. */
export const GROUPS = {
  core: '',
  gateway: 'gateway.networking.k8s.io',
  discovery: 'discovery.k8s.io',
  agentgateway: 'agentgateway.dev',
  coordination: 'coordination.k8s.io',
  extensions: 'apiextensions.k8s.io',
} as const;

/** A kind as it stands in `apiVersion` and `kind`. `versions[0]` is the one that the library writes. */
export interface KindInfo {
  readonly group: string;
  readonly kind: string;
  /** Its name in paths of the API, and in RBAC. */
  readonly plural: string;
  readonly versions: readonly string[];
  /** Has no namespace. */
  readonly clusterScoped?: true;
}

export const KINDS = {
  GatewayClass: {
    group: GROUPS.gateway,
    kind: 'GatewayClass',
    plural: 'gatewayclasses',
    versions: ['v1', 'v1beta1'],
    clusterScoped: true,
  },
  Gateway: { group: GROUPS.gateway, kind: 'Gateway', plural: 'gateways', versions: ['v1', 'v1beta1'] },
  HTTPRoute: { group: GROUPS.gateway, kind: 'HTTPRoute', plural: 'httproutes', versions: ['v1', 'v1beta1'] },
  ReferenceGrant: {
    group: GROUPS.gateway,
    kind: 'ReferenceGrant',
    plural: 'referencegrants',
    versions: ['v1beta1', 'v1'],
  },
  BackendTLSPolicy: {
    group: GROUPS.gateway,
    kind: 'BackendTLSPolicy',
    plural: 'backendtlspolicies',
    versions: ['v1'],
  },
  AgentgatewayBackend: {
    group: GROUPS.agentgateway,
    kind: 'AgentgatewayBackend',
    plural: 'agentgatewaybackends',
    versions: ['v1alpha1'],
  },
  AgentgatewayPolicy: {
    group: GROUPS.agentgateway,
    kind: 'AgentgatewayPolicy',
    plural: 'agentgatewaypolicies',
    versions: ['v1alpha1'],
  },
  AgentgatewayParameters: {
    group: GROUPS.agentgateway,
    kind: 'AgentgatewayParameters',
    plural: 'agentgatewayparameters',
    versions: ['v1alpha1'],
  },
  Secret: { group: GROUPS.core, kind: 'Secret', plural: 'secrets', versions: ['v1'] },
  ConfigMap: { group: GROUPS.core, kind: 'ConfigMap', plural: 'configmaps', versions: ['v1'] },
  Service: { group: GROUPS.core, kind: 'Service', plural: 'services', versions: ['v1'] },
  EndpointSlice: { group: GROUPS.discovery, kind: 'EndpointSlice', plural: 'endpointslices', versions: ['v1'] },
  Namespace: { group: GROUPS.core, kind: 'Namespace', plural: 'namespaces', versions: ['v1'], clusterScoped: true },
} as const satisfies Record<string, KindInfo>;

export type KindName = keyof typeof KINDS;

/** Kinds of the cluster that are no configuration of the gateway's. */
export const CLUSTER_KINDS = {
  Lease: { group: GROUPS.coordination, kind: 'Lease', plural: 'leases', versions: ['v1'] },
  CustomResourceDefinition: {
    group: GROUPS.extensions,
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    versions: ['v1'],
    clusterScoped: true,
  },
} as const satisfies Record<string, KindInfo>;

/** Kinds whose `/status` is written. */
export const STATUS_KINDS = [
  'GatewayClass',
  'Gateway',
  'HTTPRoute',
  'BackendTLSPolicy',
  'AgentgatewayBackend',
  'AgentgatewayPolicy',
  'AgentgatewayParameters',
] as const satisfies readonly KindName[];

export const isClusterScoped = (kind: KindName): boolean => 'clusterScoped' in KINDS[kind];

/** `group/version`, or `version` alone in the core group. */
export const apiVersion = (kind: KindInfo, version: string = kind.versions[0] ?? ''): string =>
  kind.group === '' ? version : `${kind.group}/${version}`;

/** The GatewayClass that is served, as in the post. */
export const GATEWAY_CLASS = 'agentgateway';
/** `controllerName` of that class. */
export const CONTROLLER_NAME = 'agentgateway.dev/agentgateway';

/** The part of Kubernetes' ObjectMeta that is read. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string;
  readonly generation?: number;
  /** Of objects from the Kubernetes API. */
  readonly uid?: string;
}

/** An object as the Kubernetes API and YAML files hold it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** `metadata.namespace` when absent, as kubectl does. */
export const DEFAULT_NAMESPACE = 'default';

/** `namespace/name`, the form in which objects are named in labels, attributes and messages. */
export const namespacedName = (meta: { readonly namespace?: string; readonly name: string }): string =>
  `${meta.namespace ?? DEFAULT_NAMESPACE}/${meta.name}`;
