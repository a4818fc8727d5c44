import type { KubernetesObject } from './kinds.ts';
import type { Infer, ObjectSchema, Schema } from './schema.ts';

/** DNS label: names of namespaces. */
export const NAMESPACE_NAME = {
  type: 'string',
  minLength: 1,
  maxLength: 63,
  pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
} as const satisfies Schema;

/** DNS subdomain: names of objects and sections. */
export const OBJECT_NAME = {
  type: 'string',
  minLength: 1,
  maxLength: 253,
  pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
} as const satisfies Schema;

export const PORT_NUMBER = { type: 'integer', minimum: 1, maximum: 65535 } as const satisfies Schema;

export const STRING_MAP = { type: 'object', additionalProperties: { type: 'string' } } as const satisfies Schema;

/** ObjectMeta, every field: what is not read is only known by name. */
export const METADATA = {
  type: 'object',
  properties: {
    name: OBJECT_NAME,
    namespace: NAMESPACE_NAME,
    labels: STRING_MAP,
    annotations: STRING_MAP,
    creationTimestamp: { type: 'string', maxLength: 64 },
    generation: { type: 'integer', minimum: 0 },
    generateName: { type: 'any' },
    selfLink: { type: 'any' },
    uid: { type: 'any' },
    resourceVersion: { type: 'any' },
    deletionTimestamp: { type: 'any' },
    deletionGracePeriodSeconds: { type: 'any' },
    ownerReferences: { type: 'any' },
    finalizers: { type: 'any' },
    managedFields: { type: 'any' },
  },
  required: ['name'],
} as const satisfies ObjectSchema;

/** LabelSelector of apimachinery. */
export const LABEL_SELECTOR = {
  type: 'object',
  properties: {
    matchLabels: STRING_MAP,
    matchExpressions: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          key: { type: 'string', minLength: 1, maxLength: 317 },
          operator: { type: 'string', enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'] },
          values: { type: 'array', items: { type: 'string' } },
        },
        required: ['key', 'operator'],
      },
    },
  },
} as const satisfies ObjectSchema;

export type LabelSelector = Infer<typeof LABEL_SELECTOR>;

/** What every object has. */
export const OBJECT_FIELDS = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: METADATA,
} as const satisfies ObjectSchema['properties'];

/** Secret: file mode takes both `data` (base64) and `stringData`, which wins. */
export const SECRET = {
  type: 'object',
  properties: {
    ...OBJECT_FIELDS,
    type: { type: 'string' },
    immutable: { type: 'boolean' },
    data: STRING_MAP,
    stringData: STRING_MAP,
  },
  required: ['metadata'],
} as const satisfies ObjectSchema;

/** A Secret as it is read: values decoded. They are UTF-8 text; a key with other bytes is left out by the source. */
export interface Secret extends KubernetesObject {
  readonly data: Readonly<Record<string, string>>;
}

const ANY = { type: 'any' } as const;

export const SERVICE = {
  type: 'object',
  properties: {
    ...OBJECT_FIELDS,
    status: ANY,
    spec: {
      type: 'object',
      properties: {
        ports: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              name: { type: 'string' },
              port: PORT_NUMBER,
              protocol: { type: 'string', enum: ['TCP', 'UDP', 'SCTP'], default: 'TCP' },
              appProtocol: { type: 'string' },
              targetPort: { type: 'intOrString' },
              nodePort: ANY,
            },
            required: ['port'],
          },
        },
        type: { type: 'string' },
        externalName: { type: 'string' },
        allocateLoadBalancerNodePorts: ANY,
        clusterIP: ANY,
        clusterIPs: ANY,
        externalIPs: ANY,
        externalTrafficPolicy: ANY,
        healthCheckNodePort: ANY,
        internalTrafficPolicy: ANY,
        ipFamilies: ANY,
        ipFamilyPolicy: ANY,
        loadBalancerClass: ANY,
        loadBalancerIP: ANY,
        loadBalancerSourceRanges: ANY,
        publishNotReadyAddresses: ANY,
        selector: ANY,
        sessionAffinity: ANY,
        sessionAffinityConfig: ANY,
        trafficDistribution: ANY,
      },
    },
  },
  required: ['metadata'],
} as const satisfies ObjectSchema;

export type ServiceSpec = Infer<typeof SERVICE.properties.spec>;

export interface Service extends KubernetesObject {
  readonly spec?: ServiceSpec;
}

/** ConfigMap: certificates of authorities are read from it. */
export const CONFIG_MAP = {
  type: 'object',
  properties: {
    ...OBJECT_FIELDS,
    immutable: { type: 'boolean' },
    data: STRING_MAP,
    binaryData: STRING_MAP,
  },
  required: ['metadata'],
} as const satisfies ObjectSchema;

export interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

export const NAMESPACE = {
  type: 'object',
  properties: {
    ...OBJECT_FIELDS,
    spec: ANY,
    status: ANY,
  },
  required: ['metadata'],
} as const satisfies ObjectSchema;

export type Namespace = KubernetesObject;

/** Label of an EndpointSlice that names its Service. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** discovery.k8s.io/v1: where the pods of a Service are, or whatever else was put in by hand. */
export const ENDPOINT_SLICE = {
  type: 'object',
  properties: {
    ...OBJECT_FIELDS,
    addressType: { type: 'string', enum: ['IPv4', 'IPv6', 'FQDN'] },
    endpoints: {
      type: 'array',
      maxItems: 1000,
      items: {
        type: 'object',
        properties: {
          addresses: { type: 'array', minItems: 1, maxItems: 100, items: { type: 'string', maxLength: 253 } },
          conditions: {
            type: 'object',
            properties: {
              /** Unknown counts as ready. */
              ready: { type: 'boolean' },
              serving: { type: 'boolean' },
              terminating: { type: 'boolean' },
            },
          },
          hostname: { type: 'string' },
          nodeName: ANY,
          zone: ANY,
          hints: ANY,
          targetRef: ANY,
          deprecatedTopology: ANY,
        },
        required: ['addresses'],
      },
    },
    ports: {
      type: 'array',
      maxItems: 100,
      items: {
        type: 'object',
        properties: {
          name: { type: 'string', maxLength: 63 },
          protocol: { type: 'string', enum: ['TCP', 'UDP', 'SCTP'], default: 'TCP' },
          port: { type: 'integer', minimum: 0, maximum: 65535 },
          appProtocol: { type: 'string' },
        },
      },
    },
  },
  required: ['metadata', 'addressType'],
} as const satisfies ObjectSchema;

type EndpointSliceFields = Omit<Infer<typeof ENDPOINT_SLICE>, 'metadata' | 'apiVersion' | 'kind'>;
export interface EndpointSlice extends KubernetesObject, EndpointSliceFields {}
