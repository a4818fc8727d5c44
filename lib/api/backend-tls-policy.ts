import { OBJECT_FIELDS, OBJECT_NAME } from './core.ts';
import { GROUP, HOSTNAME, KIND, PRECISE_HOSTNAME, REFERENCE_NAME } from './gateway-api.ts';
import type { KubernetesObject } from './kinds.ts';
import type { Infer, ObjectSchema, Schema } from './schema.ts';

/** Gateway API v1, standard channel: BackendTLSPolicy. */

const LOCAL_REFERENCE = { group: GROUP, kind: KIND, name: REFERENCE_NAME } as const;

const ABSOLUTE_URI = {
  type: 'string',
  minLength: 1,
  maxLength: 253,
  pattern: '^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\\?([^#]*))?(#(.*))?',
} as const satisfies Schema;

const SUBJECT_ALT_NAME = {
  type: 'object',
  properties: {
    type: { type: 'string', enum: ['Hostname', 'URI'] },
    hostname: HOSTNAME,
    uri: ABSOLUTE_URI,
  },
  required: ['type'],
  rules: [
    {
      rule: "(self.type == 'Hostname') == has(self.hostname)",
      message: 'must have hostname if type is Hostname, and only then',
    },
    { rule: "(self.type == 'URI') == has(self.uri)", message: 'must have uri if type is URI, and only then' },
  ],
} as const satisfies ObjectSchema;

const VALIDATION = {
  type: 'object',
  properties: {
    caCertificateRefs: {
      type: 'array',
      maxItems: 8,
      items: { type: 'object', properties: LOCAL_REFERENCE, required: ['group', 'kind', 'name'] },
    },
    wellKnownCACertificates: {
      type: 'string',
      minLength: 1,
      maxLength: 253,
      pattern:
        '^(System|([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]))$',
    },
    hostname: PRECISE_HOSTNAME,
    subjectAltNames: { type: 'array', maxItems: 5, items: SUBJECT_ALT_NAME },
  },
  required: ['hostname'],
  rules: [
    {
      rule: '(has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0) != has(self.wellKnownCACertificates)',
      message: 'must have either caCertificateRefs or wellKnownCACertificates',
    },
  ],
} as const satisfies ObjectSchema;

export const BACKEND_TLS_POLICY = {
  type: 'object',
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
          items: {
            type: 'object',
            properties: { ...LOCAL_REFERENCE, sectionName: OBJECT_NAME },
            required: ['group', 'kind', 'name'],
          },
          rules: [
            {
              rule: 'self.all(a, self.exists_one(b, a.group == b.group && a.kind == b.kind && a.name == b.name && (has(a.sectionName) ? has(b.sectionName) && a.sectionName == b.sectionName : true)))',
              message: 'must name each target once, or each time with another sectionName',
            },
          ],
        },
        validation: VALIDATION,
        options: {
          type: 'object',
          maxProperties: 16,
          additionalProperties: { type: 'string', maxLength: 4096, inert: 'no options are known' },
        },
      },
      required: ['targetRefs', 'validation'],
    },
  },
  required: ['metadata', 'spec'],
} as const satisfies ObjectSchema;

export type BackendTLSPolicySpec = Infer<typeof BACKEND_TLS_POLICY.properties.spec>;
export interface BackendTLSPolicy extends KubernetesObject {
  readonly spec: BackendTLSPolicySpec;
}
