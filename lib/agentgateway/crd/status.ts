import { NAMESPACE_NAME, OBJECT_NAME, PORT_NUMBER } from '../../api/core.ts';
import { GROUP, KIND, REFERENCE_NAME } from '../../api/gateway-api.ts';
import { GROUPS } from '../../api/kinds.ts';
import type { Schema } from '../../api/schema.ts';

/** What controllers write, with the bounds of apimachinery (Condition) and of Gateway API (PolicyStatus). */

const CONDITIONS = {
  type: 'array',
  maxItems: 8,
  listMapKeys: ['type'],
  items: {
    type: 'object',
    properties: {
      type: {
        type: 'string',
        maxLength: 316,
        pattern:
          '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$',
      },
      status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
      reason: { type: 'string', minLength: 1, maxLength: 1024, pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$' },
      message: { type: 'string', maxLength: 32_768 },
      lastTransitionTime: { type: 'string', format: 'date-time' },
      observedGeneration: { type: 'integer', minimum: 0, format: 'int64' },
    },
    required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
  },
} as const satisfies Schema;

/** Status of an object that stands for itself. */
export const OBJECT_STATUS = { type: 'object', properties: { conditions: CONDITIONS } } as const satisfies Schema;

/** Status of a policy: one for each Gateway that it reaches. */
export const POLICY_STATUS = {
  type: 'object',
  properties: {
    ancestors: {
      type: 'array',
      maxItems: 16,
      listType: 'atomic',
      items: {
        type: 'object',
        properties: {
          ancestorRef: {
            type: 'object',
            properties: {
              group: { ...GROUP, default: GROUPS.gateway },
              kind: { ...KIND, default: 'Gateway' },
              namespace: NAMESPACE_NAME,
              name: REFERENCE_NAME,
              sectionName: OBJECT_NAME,
              port: { ...PORT_NUMBER, format: 'int32' },
            },
            required: ['name'],
          },
          controllerName: {
            type: 'string',
            minLength: 1,
            maxLength: 253,
            pattern:
              "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$",
          },
          conditions: CONDITIONS,
        },
        required: ['ancestorRef', 'controllerName', 'conditions'],
      },
    },
  },
  required: ['ancestors'],
} as const satisfies Schema;
