import { METADATA, OBJECT_NAME, PORT_NUMBER } from './core.ts';
import { GROUP, KIND, REFERENCE_NAME } from './gateway-api.ts';
import { BACKEND_OBJECT_REFERENCE } from './http-route.ts';
import type { KubernetesObject } from './kinds.ts';
import type { Infer, ObjectSchema, Schema } from './schema.ts';

/**
 * agentgateway.dev/v1alpha1: the fields that are served, with the bounds of the compatible system, and the names of those that are
 * legal there and not served yet (`unsupported`): using one is an error that says so.
 */

const CEL = { type: 'string', minLength: 1, maxLength: 16_384 } as const satisfies Schema;
const SHORT_STRING = { type: 'string', minLength: 1, maxLength: 256 } as const satisfies Schema;

const COLLECTOR_URL = {
  type: 'string',
  minLength: 1,
  maxLength: 1024,
  pattern: '^https?://[^/?#@]+(/[^?#]*)?$',
} as const satisfies Schema;

const LOCATION = {
  type: 'object',
  properties: {
    header: {
      type: 'object',
      properties: {
        name: { ...SHORT_STRING, pattern: "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$" },
        prefix: SHORT_STRING,
      },
      required: ['name'],
    },
  },
  unsupported: ['queryParameter', 'cookie'],
  exactlyOneOf: ['header'],
} as const satisfies ObjectSchema;

const BACKEND_AUTH = {
  type: 'object',
  properties: {
    key: { type: 'string', maxLength: 2048 },
    secretRef: {
      type: 'object',
      properties: {
        group: { type: 'string', enum: [''] },
        kind: { type: 'string', enum: ['', 'Secret'] },
        name: REFERENCE_NAME,
        key: { type: 'string', minLength: 1, maxLength: 253 },
      },
      required: ['name'],
    },
    location: LOCATION,
  },
  exactlyOneOf: ['key', 'secretRef'],
  unsupported: ['passthrough', 'aws', 'azure', 'gcp', 'oauthTokenExchange', 'crossAppAccess', 'jwtSign', 'credentials'],
} as const satisfies ObjectSchema;

const BACKEND_TLS = {
  type: 'object',
  properties: { sni: OBJECT_NAME },
  unsupported: [
    'certificateSource',
    'mtlsCertificateRef',
    'caCertificateRefs',
    'insecureSkipVerify',
    'verifySubjectAltNames',
    'alpnProtocols',
    'keyExchangeGroups',
  ],
} as const satisfies ObjectSchema;

const STATIC_TARGET = {
  type: 'object',
  properties: {
    host: SHORT_STRING,
    port: PORT_NUMBER,
    path: { type: 'string', minLength: 1, maxLength: 1024 },
    protocol: { type: 'string', enum: ['StreamableHTTP'], unsupportedValues: ['SSE'] },
    policies: {
      type: 'object',
      properties: { tls: BACKEND_TLS, auth: BACKEND_AUTH },
      unsupported: ['tcp', 'http', 'tunnel'],
    },
  },
  required: ['host', 'port'],
  unsupported: ['backendRef'],
} as const satisfies ObjectSchema;

const MCP_TARGET = {
  type: 'object',
  properties: { name: OBJECT_NAME, static: STATIC_TARGET },
  required: ['name', 'static'],
  unsupported: ['selector'],
} as const satisfies ObjectSchema;

export const AGENTGATEWAY_BACKEND = {
  type: 'object',
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: METADATA,
    status: { type: 'any' },
    spec: {
      type: 'object',
      properties: {
        mcp: {
          type: 'object',
          properties: {
            targets: { type: 'array', minItems: 1, maxItems: 128, listMapKeys: ['name'], items: MCP_TARGET },
          },
          required: ['targets'],
          unsupported: ['failureMode', 'prefixMode', 'sessionRouting'],
        },
      },
      required: ['mcp'],
      unsupported: ['a2a', 'ai', 'aws', 'dynamicForwardProxy', 'static', 'policies'],
    },
  },
  required: ['metadata', 'spec'],
} as const satisfies ObjectSchema;

export type AgentgatewayBackendSpec = Infer<typeof AGENTGATEWAY_BACKEND.properties.spec>;
export type McpTarget = Infer<typeof MCP_TARGET>;
export type BackendAuth = Infer<typeof BACKEND_AUTH>;
export interface AgentgatewayBackend extends KubernetesObject {
  readonly spec: AgentgatewayBackendSpec;
}

const NAMED_EXPRESSION = {
  type: 'object',
  properties: { name: SHORT_STRING, expression: CEL },
  required: ['name', 'expression'],
} as const satisfies ObjectSchema;

const ATTRIBUTES = {
  type: 'object',
  properties: {
    add: { type: 'array', minItems: 1, maxItems: 256, items: NAMED_EXPRESSION },
    remove: { type: 'array', minItems: 1, maxItems: 32, items: { type: 'string', minLength: 1, maxLength: 64 } },
  },
  atLeastOneOf: ['add', 'remove'],
} as const satisfies ObjectSchema;

const TRACING = {
  type: 'object',
  properties: {
    backendRef: BACKEND_OBJECT_REFERENCE,
    url: COLLECTOR_URL,
    protocol: { type: 'string', enum: ['GRPC', 'HTTP'], default: 'GRPC' },
    path: { type: 'string', minLength: 1, maxLength: 1024, pattern: '^/' },
    attributes: ATTRIBUTES,
    resources: { type: 'array', maxItems: 256, items: NAMED_EXPRESSION },
    randomSampling: CEL,
    clientSampling: CEL,
    filter: CEL,
  },
  exactlyOneOf: ['backendRef', 'url'],
} as const satisfies ObjectSchema;

const ACCESS_LOG = {
  type: 'object',
  properties: { filter: CEL, attributes: ATTRIBUTES },
  unsupported: ['otlp'],
} as const satisfies ObjectSchema;

const METRICS = {
  type: 'object',
  properties: {
    attributes: {
      type: 'object',
      properties: {
        add: { type: 'array', minItems: 1, maxItems: 16, listMapKeys: ['name'], items: NAMED_EXPRESSION },
      },
    },
  },
  required: ['attributes'],
} as const satisfies ObjectSchema;

const TARGET_REFERENCE = {
  type: 'object',
  properties: {
    group: GROUP,
    kind: {
      ...KIND,
      enum: ['Gateway'],
      unsupportedValues: ['HTTPRoute', 'GRPCRoute', 'ListenerSet', 'Service', 'AgentgatewayBackend', 'InferencePool'],
    },
    name: REFERENCE_NAME,
    sectionName: OBJECT_NAME,
  },
  required: ['group', 'kind', 'name'],
  unsupported: ['port'],
} as const satisfies ObjectSchema;

export const AGENTGATEWAY_POLICY = {
  type: 'object',
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: METADATA,
    status: { type: 'any' },
    spec: {
      type: 'object',
      properties: {
        targetRefs: { type: 'array', minItems: 1, maxItems: 16, items: TARGET_REFERENCE },
        frontend: {
          type: 'object',
          properties: { tracing: TRACING, accessLog: ACCESS_LOG, metrics: METRICS },
          atLeastOneOf: ['tracing', 'accessLog', 'metrics'],
          unsupported: ['connect', 'http', 'networkAuthorization', 'proxyProtocol', 'tcp', 'tls'],
        },
      },
      required: ['targetRefs', 'frontend'],
      unsupported: ['targetSelectors', 'traffic', 'backend', 'strategy'],
    },
  },
  required: ['metadata', 'spec'],
} as const satisfies ObjectSchema;

export type AgentgatewayPolicySpec = Infer<typeof AGENTGATEWAY_POLICY.properties.spec>;
export type TracingSpec = Infer<typeof TRACING>;
export type AccessLogSpec = Infer<typeof ACCESS_LOG>;
export type MetricsSpec = Infer<typeof METRICS>;
export type AttributesSpec = Infer<typeof ATTRIBUTES>;
export type TargetReference = Infer<typeof TARGET_REFERENCE>;
export interface AgentgatewayPolicy extends KubernetesObject {
  readonly spec: AgentgatewayPolicySpec;
}

export const AGENTGATEWAY_PARAMETERS = {
  type: 'object',
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: METADATA,
    status: { type: 'any' },
    spec: { type: 'any' },
  },
  required: ['metadata', 'spec'],
} as const satisfies ObjectSchema;

export interface AgentgatewayParameters extends KubernetesObject {
  readonly spec: unknown;
}
