import { METADATA } from './core.ts';
import type { KubernetesObject } from './kinds.ts';
import type { Infer, ObjectSchema } from './schema.ts';

/** Label of an EndpointSlice that names its Service. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

const ANY = { type: 'any' } as const;

/** discovery.k8s.io/v1: where the pods of a Service are, or whatever else was put in by hand. */
export const ENDPOINT_SLICE = {
  type: 'object',
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: METADATA,
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
