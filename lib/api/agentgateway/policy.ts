import { OBJECT_FIELDS, PORT_NUMBER } from '../core.ts';
import { REFERENCE_NAME } from '../gateway-api.ts';
import { KINDS, type KubernetesObject } from '../kinds.ts';
import type { Infer, ObjectSchema, Rule } from '../schema.ts';
import { BACKEND_FULL } from './backend-policy.ts';
import { FRONTEND, PORT_WIDE_FIELDS } from './frontend.ts';
import { INERT } from './inert.ts';
import { MATCH_LABELS, TARGET_KIND } from './shared.ts';
import { TRAFFIC } from './traffic.ts';

/** agentgateway.dev/v1alpha1: AgentgatewayPolicy. */

/** What a policy may target, by kind. Those without a `KINDS` entry are known by name only. */
export const TARGET_GROUPS: Readonly<Record<string, string>> = {
  Gateway: KINDS.Gateway.group,
  HTTPRoute: KINDS.HTTPRoute.group,
  GRPCRoute: KINDS.Gateway.group,
  ListenerSet: KINDS.Gateway.group,
  Service: KINDS.Service.group,
  AgentgatewayBackend: KINDS.AgentgatewayBackend.group,
  InferencePool: 'inference.networking.k8s.io',
};

const PLACE = { ...TARGET_KIND, port: PORT_NUMBER } as const;
const ONE_PLACE = ['sectionName', 'port'] as const;

const TARGET_REFERENCE = {
  type: 'object',
  properties: { ...PLACE, name: REFERENCE_NAME },
  required: ['group', 'kind', 'name'],
  atMostOneOf: ONE_PLACE,
} as const satisfies ObjectSchema;

const TARGET_SELECTOR = {
  type: 'object',
  properties: { ...PLACE, matchLabels: MATCH_LABELS },
  required: ['group', 'kind', 'matchLabels'],
  atMostOneOf: ONE_PLACE,
} as const satisfies ObjectSchema;

const KNOWN_KINDS = Object.entries(TARGET_GROUPS)
  .map(([kind, group]) => `(t.kind == '${kind}' && t.group == '${group}')`)
  .join(' || ');

const TARGET_RULES: readonly Rule[] = [
  { rule: `self.all(t, ${KNOWN_KINDS})`, message: `kind must be one of ${Object.keys(TARGET_GROUPS).join(', ')}` },
  { rule: 'self.all(t, t.kind == self[0].kind)', message: 'must be of one kind' },
];

/** Holds for each target. */
const everyTarget = (condition: string): string =>
  ['targetRefs', 'targetSelectors']
    .map((list) => `(!has(self.${list}) || self.${list}.all(t, ${condition}))`)
    .join(' && ');

const oneOf = (kinds: readonly string[]): string => `t.kind in [${kinds.map((kind) => `'${kind}'`).join(', ')}]`;

const TRAFFIC_KINDS = ['Gateway', 'HTTPRoute', 'GRPCRoute', 'ListenerSet', 'InferencePool'] as const;
const PORT_WIDE = PORT_WIDE_FIELDS.map((field) => `has(self.frontend.${field})`).join(' || ');

export const POLICY_RULES: readonly Rule[] = [
  {
    rule: `!has(self.frontend) || (${everyTarget(oneOf(['Gateway']))})`,
    message: 'frontend is for targets of kind Gateway only',
  },
  {
    rule: `!has(self.frontend) || !(${PORT_WIDE}) || (${everyTarget('!has(t.sectionName)')})`,
    message: `frontend with ${PORT_WIDE_FIELDS.join(', ')} is for whole Gateways or ports: leave out sectionName`,
  },
  {
    rule: `!(has(self.traffic) || has(self.backend)) || (${everyTarget('!has(t.port)')})`,
    message: 'port of a target is for policies of frontend alone',
  },
  {
    rule: `!has(self.traffic) || (${everyTarget(oneOf(TRAFFIC_KINDS))})`,
    message: `traffic is for targets of kind ${TRAFFIC_KINDS.join(', ')} only`,
  },
  {
    rule:
      "!has(self.traffic) || !has(self.traffic.phase) || self.traffic.phase != 'PreRouting' || " +
      `(${everyTarget(oneOf(['Gateway', 'ListenerSet']))})`,
    message: 'traffic.phase PreRouting is for targets of kind Gateway, ListenerSet only',
  },
  {
    rule: `!has(self.backend) || !has(self.backend.mcp) || (${everyTarget(
      "t.kind != 'Service' && (t.kind != 'AgentgatewayBackend' || !has(t.sectionName))",
    )})`,
    message: 'backend.mcp is not for a Service, nor for a single target of an AgentgatewayBackend',
  },
  {
    rule: `!has(self.backend) || !has(self.backend.ai) || (${everyTarget("t.kind != 'Service'")})`,
    message: 'backend.ai is not for a Service',
  },
  {
    rule: everyTarget("t.kind != 'Service' || !has(t.sectionName) || t.sectionName.matches('^[1-9][0-9]{0,4}$')"),
    message: 'sectionName of a Service must be a port number',
  },
  {
    rule:
      '!has(self.traffic) || !has(self.traffic.jwtAuthentication) || !has(self.backend) || !has(self.backend.mcp) || ' +
      '!has(self.backend.mcp.authentication)',
    message: 'traffic.jwtAuthentication excludes backend.mcp.authentication',
  },
  {
    rule: '!has(self.strategy) || (has(self.traffic) && !has(self.frontend) && !has(self.backend))',
    message: 'strategy is for policies of traffic alone',
  },
];

export const AGENTGATEWAY_POLICY = {
  type: 'object',
  description: 'What happens to connections, requests and backends of its targets.',
  properties: {
    ...OBJECT_FIELDS,
    status: { type: 'any' },
    spec: {
      type: 'object',
      properties: {
        targetRefs: {
          type: 'array',
          minItems: 1,
          maxItems: 16,
          listType: 'atomic',
          items: TARGET_REFERENCE,
          rules: TARGET_RULES,
        },
        targetSelectors: { type: 'array', minItems: 1, maxItems: 16, items: TARGET_SELECTOR, rules: TARGET_RULES },
        frontend: FRONTEND,
        traffic: TRAFFIC,
        backend: BACKEND_FULL,
        strategy: {
          type: 'object',
          properties: {
            inheritance: { type: 'string', enum: ['Default', 'Override'], inertValues: { Override: INERT.override } },
          },
        },
      },
      exactlyOneOf: ['targetRefs', 'targetSelectors'],
      atLeastOneOf: ['frontend', 'traffic', 'backend'],
      rules: POLICY_RULES,
    },
  },
  required: ['metadata', 'spec'],
} as const satisfies ObjectSchema;

export type AgentgatewayPolicySpec = Infer<typeof AGENTGATEWAY_POLICY.properties.spec>;
export type TargetReference = Infer<typeof TARGET_REFERENCE>;
export type TargetSelector = Infer<typeof TARGET_SELECTOR>;
export interface AgentgatewayPolicy extends KubernetesObject {
  readonly spec: AgentgatewayPolicySpec;
}
