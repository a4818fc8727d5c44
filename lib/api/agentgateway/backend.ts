import { LABEL_SELECTOR, OBJECT_FIELDS, OBJECT_NAME, PORT_NUMBER } from '../core.ts';
import type { KubernetesObject } from '../kinds.ts';
import type { Infer, ObjectSchema } from '../schema.ts';
import { BACKEND_FULL, BACKEND_SIMPLE } from './backend-policy.ts';
import { INERT } from './inert.ts';
import { ANY_STRING, LONG_STRING, SHORT_STRING } from './shared.ts';

/** agentgateway.dev/v1alpha1: AgentgatewayBackend. */

const STATIC_TARGET = {
  type: 'object',
  properties: {
    host: SHORT_STRING,
    backendRef: {
      type: 'object',
      properties: { name: { type: 'string', maxLength: 253, default: '' } },
      inert: INERT.serviceTarget,
    },
    port: PORT_NUMBER,
    path: LONG_STRING,
    protocol: { type: 'string', enum: ['StreamableHTTP', 'SSE'], inertValues: { SSE: INERT.sse } },
    policies: BACKEND_SIMPLE,
  },
  required: ['port'],
  exactlyOneOf: ['host', 'backendRef'],
  rules: [{ rule: '!has(self.policies) || !has(self.backendRef)', message: 'policies are for a host only' }],
} as const satisfies ObjectSchema;

const MCP_TARGET = {
  type: 'object',
  properties: {
    name: OBJECT_NAME,
    static: STATIC_TARGET,
    selector: {
      type: 'object',
      properties: { namespaces: LABEL_SELECTOR, services: LABEL_SELECTOR },
      atLeastOneOf: ['namespaces', 'services'],
      inert: INERT.selector,
    },
  },
  required: ['name'],
  exactlyOneOf: ['static', 'selector'],
} as const satisfies ObjectSchema;

const MCP = {
  type: 'object',
  properties: {
    targets: { type: 'array', minItems: 1, maxItems: 128, listMapKeys: ['name'], items: MCP_TARGET },
    failureMode: { type: 'string', enum: ['FailClosed', 'FailOpen'], inertValues: { FailOpen: INERT.failureMode } },
    prefixMode: {
      type: 'string',
      enum: ['Conditional', 'Always', 'Never'],
      inertValues: { Always: INERT.prefixMode, Never: INERT.prefixMode },
    },
    sessionRouting: {
      type: 'string',
      enum: ['Stateful', 'Stateless'],
      inertValues: { Stateless: INERT.stateless },
    },
  },
  required: ['targets'],
} as const satisfies ObjectSchema;

const STATIC = {
  type: 'object',
  properties: { host: SHORT_STRING, port: PORT_NUMBER, unixPath: { ...ANY_STRING, minLength: 1 } },
  exactlyOneOf: ['host', 'unixPath'],
  rules: [{ rule: 'has(self.host) == has(self.port)', message: 'host and port go together' }],
} as const satisfies ObjectSchema;

export const AGENTGATEWAY_BACKEND = {
  type: 'object',
  description: 'MCP servers, or another server, that routes can send requests to.',
  properties: {
    ...OBJECT_FIELDS,
    status: { type: 'any' },
    spec: {
      type: 'object',
      properties: {
        mcp: MCP,
        static: STATIC,
        a2a: {
          type: 'object',
          properties: { host: SHORT_STRING, port: PORT_NUMBER },
          required: ['host', 'port'],
          inert: INERT.a2a,
        },
        ai: { type: 'anyObject', inert: INERT.ai },
        aws: {
          type: 'object',
          properties: {
            agentCore: {
              type: 'object',
              properties: { agentRuntimeArn: ANY_STRING, qualifier: ANY_STRING },
              required: ['agentRuntimeArn'],
            },
          },
          exactlyOneOf: ['agentCore'],
          inert: INERT.aws,
        },
        dynamicForwardProxy: { type: 'object', properties: {}, inert: INERT.dynamicForwardProxy },
        policies: BACKEND_FULL,
      },
      exactlyOneOf: ['mcp', 'static', 'a2a', 'ai', 'aws', 'dynamicForwardProxy'],
      rules: [
        {
          rule: '!has(self.policies) || !has(self.policies.ai) || has(self.ai)',
          message: 'policies.ai is for ai only',
        },
        {
          rule: '!has(self.policies) || !has(self.policies.mcp) || has(self.mcp)',
          message: 'policies.mcp is for mcp only',
        },
      ],
    },
  },
  required: ['metadata', 'spec'],
} as const satisfies ObjectSchema;

export type AgentgatewayBackendSpec = Infer<typeof AGENTGATEWAY_BACKEND.properties.spec>;
export type McpTarget = Infer<typeof MCP_TARGET>;
export type StaticBackend = Infer<typeof STATIC>;
export interface AgentgatewayBackend extends KubernetesObject {
  readonly spec: AgentgatewayBackendSpec;
}
