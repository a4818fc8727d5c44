import type { Infer, ObjectSchema, Schema } from '../schema.ts';
import { INERT } from './inert.ts';
import { CEL, conditional, conditionalExcludes, FIELD_NAME } from './shared.ts';

/** agentgateway.dev/v1alpha1: headers and bodies by CEL. */

const FIELDS = {
  type: 'array',
  minItems: 1,
  maxItems: 16,
  listMapKeys: ['name'],
  items: { type: 'object', properties: { name: FIELD_NAME, value: CEL }, required: ['name', 'value'] },
} as const satisfies Schema;

const TRANSFORM = {
  type: 'object',
  properties: {
    set: FIELDS,
    add: FIELDS,
    remove: { type: 'array', minItems: 1, maxItems: 16, listType: 'set', items: FIELD_NAME },
    body: { ...CEL, inert: INERT.transformedBody },
    metadata: {
      type: 'object',
      minProperties: 1,
      maxProperties: 16,
      additionalProperties: CEL,
      inert: INERT.metadata,
    },
  },
  atLeastOneOf: ['set', 'add', 'remove', 'body', 'metadata'],
} as const satisfies ObjectSchema;

export const TRANSFORMATION = {
  type: 'object',
  properties: { request: TRANSFORM, response: TRANSFORM },
  atLeastOneOf: ['request', 'response'],
} as const satisfies ObjectSchema;

export const CONDITIONAL_TRANSFORMATION = {
  type: 'object',
  properties: { ...TRANSFORMATION.properties, conditional: conditional(TRANSFORMATION) },
  atLeastOneOf: ['request', 'response', 'conditional'],
  rules: [conditionalExcludes(['request', 'response'])],
} as const satisfies ObjectSchema;

/** Of a request or of an answer: `set`, then `add`, then `remove`; values and `body` are CEL. */
export type TransformSpec = Infer<typeof TRANSFORM>;
export type TransformationSpec = Infer<typeof CONDITIONAL_TRANSFORMATION>;
