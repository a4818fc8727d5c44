import { OBJECT_NAME } from '../core.ts';
import { GROUP, KIND, REFERENCE_NAME } from '../gateway-api.ts';
import { BACKEND_OBJECT_REFERENCE } from '../http-route.ts';
import type { Infer, ObjectSchema, Rule, Schema } from '../schema.ts';

/** agentgateway.dev/v1alpha1: scalars and references, with the bounds of the compatible system. */

export const TINY_STRING = { type: 'string', minLength: 1, maxLength: 64 } as const satisfies Schema;
export const SHORT_STRING = { type: 'string', minLength: 1, maxLength: 256 } as const satisfies Schema;
export const LONG_STRING = { type: 'string', minLength: 1, maxLength: 1024 } as const satisfies Schema;
export const CEL = { type: 'string', minLength: 1, maxLength: 16_384 } as const satisfies Schema;
/** Of strings to which the compatible system sets no bound. */
export const ANY_STRING = { type: 'string', maxLength: 4096 } as const satisfies Schema;
export const PATH = { ...LONG_STRING, pattern: '^/' } as const satisfies Schema;

/** RFC 9110 §5.6.2: token. */
export const HEADER_NAME = {
  ...SHORT_STRING,
  pattern: "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$",
} as const satisfies Schema;

/** Pseudo-headers too. */
export const FIELD_NAME = {
  ...SHORT_STRING,
  pattern: "^:?[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$",
  rules: [
    {
      rule: "!self.startsWith(':') || self in [':authority', ':method', ':path', ':scheme', ':status']",
      message: 'must be :authority, :method, :path, :scheme or :status if it begins with a colon',
    },
  ],
} as const satisfies Schema;

/** A duration of at least this. */
export const duration = <M extends string>(minimum: M) =>
  ({
    type: 'string',
    maxLength: 32,
    pattern: '^([0-9]{1,5}(h|m|s|ms)){1,4}$',
    rules: [{ rule: `duration(self) >= duration('${minimum}')`, message: `must be at least ${minimum}` }],
  }) as const satisfies Schema;

/** Bytes as a Kubernetes quantity. */
export const byteSize = (minimum = 1, maximum = 4_294_967_295) =>
  ({
    type: 'intOrString',
    minLength: 1,
    maxLength: 32,
    pattern: '^[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(([KMGTPE]i)|[numkMGTPE]|[eE](\\+?0*([0-9]|1[0-8])|-0*[0-9]))?$',
    rules: [
      {
        rule:
          `type(self) == int ? self >= ${minimum} && self <= ${maximum} : ` +
          `!quantity(self).isLessThan(quantity('${minimum}')) && !quantity(self).isGreaterThan(quantity('${maximum}'))`,
        message: `must be from ${minimum} to ${maximum} bytes`,
      },
    ],
  }) as const satisfies Schema;

export const URL = {
  ...LONG_STRING,
  pattern: '^https?://[^/?#@]+(/[^?#]*)?$',
} as const satisfies Schema;

export const URL_WITHOUT_PATH: Rule = {
  rule: "!has(self.url) || self.url.matches('^https?://[^/]+/?$')",
  message: 'url must have no path',
};

/** `backendRef` wherever it stands. */
export const BACKEND_REFERENCE = {
  ...BACKEND_OBJECT_REFERENCE,
  rules: [
    {
      rule: "has(self.port) || (has(self.group) && self.group != '') || (has(self.kind) && self.kind != 'Service')",
      message: 'port is required for a Service',
    },
  ],
} as const satisfies ObjectSchema;

const CORE_OR_COMPLETE: Rule = {
  rule:
    "has(self.group) && self.group != '' ? has(self.kind) && self.kind != '' : " +
    "!has(self.kind) || self.kind in ['', 'Secret']",
  message: 'must name a Secret, or both group and kind of something else',
};

const SECRET_NAME = {
  group: GROUP,
  kind: { type: 'string', maxLength: 63 },
  name: REFERENCE_NAME,
} as const satisfies Record<string, Schema>;

/** An object in the same namespace, a Secret unless group and kind say otherwise. */
export const SECRET_REFERENCE = {
  type: 'object',
  properties: SECRET_NAME,
  required: ['name'],
  rules: [CORE_OR_COMPLETE],
} as const satisfies ObjectSchema;

/** One key of such an object. */
export const SECRET_KEY_REFERENCE = {
  type: 'object',
  properties: { ...SECRET_NAME, key: { type: 'string', minLength: 1, maxLength: 253 } },
  required: ['name'],
  rules: [CORE_OR_COMPLETE],
} as const satisfies ObjectSchema;

const NAME_ONLY = {
  type: 'object',
  properties: { name: SHORT_STRING },
  required: ['name'],
} as const satisfies ObjectSchema;

/** Where a credential stands in a request. */
export const LOCATION = {
  type: 'object',
  properties: {
    header: {
      type: 'object',
      properties: { name: HEADER_NAME, prefix: SHORT_STRING },
      required: ['name'],
    },
    queryParameter: NAME_ONLY,
    cookie: NAME_ONLY,
  },
  exactlyOneOf: ['header', 'queryParameter', 'cookie'],
} as const satisfies ObjectSchema;

/** Where a credential is read from. */
export const CREDENTIAL_SOURCE = {
  type: 'object',
  properties: { ...LOCATION.properties, expression: CEL },
  exactlyOneOf: ['header', 'queryParameter', 'cookie', 'expression'],
} as const satisfies ObjectSchema;

export const NAMED_EXPRESSION = {
  type: 'object',
  properties: { name: SHORT_STRING, expression: CEL },
  required: ['name', 'expression'],
} as const satisfies ObjectSchema;

/** Names with CEL expressions. */
export const EXPRESSION_MAP = {
  type: 'object',
  maxProperties: 64,
  additionalProperties: CEL,
} as const satisfies Schema;

/** What is allowed. Rules of all levels accumulate. */
export const AUTHORIZATION = {
  type: 'object',
  properties: {
    action: { type: 'string', enum: ['Allow', 'Deny', 'Require'], default: 'Allow' },
    policy: {
      type: 'object',
      properties: { matchExpressions: { type: 'array', minItems: 1, maxItems: 256, items: CEL } },
      required: ['matchExpressions'],
    },
  },
  required: ['policy'],
} as const satisfies ObjectSchema;

export const FAILURE_MODE = { type: 'string', enum: ['FailClosed', 'FailOpen'] } as const satisfies Schema;

/** Labels that an object must have. */
export const MATCH_LABELS = {
  type: 'object',
  maxProperties: 64,
  additionalProperties: { type: 'string', maxLength: 63 },
} as const satisfies Schema;

/** Target of policies, but for how it is named. */
export const TARGET_KIND = { group: GROUP, kind: KIND, sectionName: OBJECT_NAME } as const;

/**
 * Forms of a policy of which the first whose condition is true counts. Only the last may be without a condition.
 */
export const conditional = <P extends ObjectSchema>(policy: P) =>
  ({
    type: 'array',
    minItems: 1,
    maxItems: 16,
    items: {
      type: 'object',
      properties: { condition: CEL, policy },
      required: ['policy'],
    },
    rules: [
      {
        rule:
          'self.all(c, has(c.condition)) || ' +
          '(self.filter(c, !has(c.condition)).size() == 1 && [self[size(self) - 1]].all(c, !has(c.condition)))',
        message: 'only the last may be without a condition',
      },
    ],
  }) as const;

/** The conditional form stands alone. */
export const conditionalExcludes = (fields: readonly string[]): Rule => ({
  rule: `!has(self.conditional) || (${fields.map((field) => `!has(self.${field})`).join(' && ')})`,
  message: `conditional excludes ${fields.join(', ')}`,
});

export type SecretKeyReference = Infer<typeof SECRET_KEY_REFERENCE>;
export type CredentialLocation = Infer<typeof LOCATION>;
export type AuthorizationSpec = Infer<typeof AUTHORIZATION>;
