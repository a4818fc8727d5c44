import { OBJECT_FIELDS } from '../core.ts';
import type { KubernetesObject } from '../kinds.ts';
import type { Infer, ObjectSchema, Schema } from '../schema.ts';
import { INERT } from './inert.ts';
import { ANY_STRING } from './shared.ts';

/** agentgateway.dev/v1alpha1: AgentgatewayParameters. How the controller deploys the proxies of a Gateway or a class. */

const STRINGS = { type: 'object', additionalProperties: ANY_STRING } as const satisfies Schema;

/** Laid over an object that the controller writes. */
const OVERLAY = {
  type: 'object',
  properties: {
    metadata: { type: 'object', properties: { labels: STRINGS, annotations: STRINGS } },
    spec: { type: 'anyObject' },
  },
} as const satisfies ObjectSchema;

/** A year, in seconds. */
const SECONDS = { type: 'integer', minimum: 0, maximum: 31_536_000, format: 'int64' } as const satisfies Schema;

const IS_DAEMON_SET = "has(self.workload) && has(self.workload.kind) && self.workload.kind == 'DaemonSet'";

export const AGENTGATEWAY_PARAMETERS = {
  type: 'object',
  description: 'How the proxies of a Gateway or of a GatewayClass are deployed.',
  properties: {
    ...OBJECT_FIELDS,
    status: { type: 'any' },
    spec: {
      type: 'object',
      properties: {
        workload: {
          type: 'object',
          properties: {
            kind: {
              type: 'string',
              enum: ['Deployment', 'DaemonSet'],
              inertValues: { DaemonSet: INERT.daemonSet },
            },
          },
        },
        logging: {
          type: 'object',
          properties: {
            level: { ...ANY_STRING, inert: INERT.logLevel },
            format: { type: 'string', enum: ['json', 'text'] },
          },
        },
        rawConfig: { type: 'anyObject', inert: INERT.rawConfig },
        image: {
          type: 'object',
          properties: {
            registry: ANY_STRING,
            repository: ANY_STRING,
            tag: ANY_STRING,
            digest: ANY_STRING,
            pullPolicy: ANY_STRING,
          },
        },
        env: { type: 'array', maxItems: 256, items: { type: 'anyObject' } },
        resources: { type: 'anyObject' },
        shutdown: {
          type: 'object',
          properties: { min: SECONDS, max: SECONDS },
          required: ['min', 'max'],
          rules: [{ rule: 'self.min <= self.max', message: 'min must not be above max' }],
        },
        istio: {
          type: 'object',
          properties: {
            enabled: { type: 'boolean' },
            caAddress: ANY_STRING,
            clusterId: ANY_STRING,
            network: ANY_STRING,
            trustDomain: ANY_STRING,
            additionalTrustDomains: { type: 'array', maxItems: 64, items: ANY_STRING },
          },
          inert: INERT.istio,
        },
        spiffe: {
          type: 'object',
          properties: {
            enabled: { type: 'boolean' },
            source: {
              type: 'object',
              properties: {
                csi: { type: 'object', properties: { driver: ANY_STRING } },
                hostPath: {
                  type: 'object',
                  properties: { path: { ...ANY_STRING, minLength: 1 } },
                  required: ['path'],
                },
                mountPath: { ...ANY_STRING, pattern: '^/' },
                socketName: ANY_STRING,
              },
              atMostOneOf: ['csi', 'hostPath'],
            },
          },
          inert: INERT.spiffe,
        },
        modelCatalog: {
          type: 'object',
          properties: {
            sources: {
              type: 'array',
              maxItems: 64,
              items: {
                type: 'object',
                properties: {
                  configMap: {
                    type: 'object',
                    properties: { name: { ...ANY_STRING, minLength: 1 }, key: ANY_STRING },
                    required: ['name'],
                  },
                },
              },
            },
          },
          inert: INERT.ai,
        },
        deployment: OVERLAY,
        daemonSet: { ...OVERLAY, inert: INERT.daemonSet },
        service: OVERLAY,
        serviceAccount: OVERLAY,
        podDisruptionBudget: OVERLAY,
        horizontalPodAutoscaler: OVERLAY,
      },
      rules: [
        {
          rule: `!has(self.daemonSet) || (${IS_DAEMON_SET})`,
          message: 'daemonSet is for workload.kind DaemonSet only',
        },
        {
          rule: `!has(self.deployment) || !(${IS_DAEMON_SET})`,
          message: 'deployment is for workload.kind Deployment only',
        },
        {
          rule: `!has(self.horizontalPodAutoscaler) || !(${IS_DAEMON_SET})`,
          message: 'horizontalPodAutoscaler is for workload.kind Deployment only',
        },
      ],
    },
  },
  required: ['metadata', 'spec'],
} as const satisfies ObjectSchema;

export type AgentgatewayParametersSpec = Infer<typeof AGENTGATEWAY_PARAMETERS.properties.spec>;
export interface AgentgatewayParameters extends KubernetesObject {
  readonly spec: AgentgatewayParametersSpec;
}
