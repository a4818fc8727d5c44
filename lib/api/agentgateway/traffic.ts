import { HTTP_ROUTE } from '../http-route.ts';
import type { Infer, ObjectSchema, Rule, Schema } from '../schema.ts';
import { CONDITIONAL_EXT_AUTH, CONDITIONAL_EXT_PROC } from './external.ts';
import { INERT } from './inert.ts';
import { AUDIENCES, AUTHENTICATION_MODE, FREE_MAP, IDENTITY_PROVIDER, REMOTE_JWKS } from './mcp.ts';
import {
  ANY_STRING,
  AUTHORIZATION,
  BACKEND_REFERENCE,
  byteSize,
  CEL,
  CREDENTIAL_SOURCE,
  conditional,
  conditionalExcludes,
  duration,
  FAILURE_MODE,
  HEADER_NAME,
  MATCH_LABELS,
  SECRET_KEY_REFERENCE,
  SECRET_REFERENCE,
  SHORT_STRING,
  TINY_STRING,
  URL,
  URL_WITHOUT_PATH,
} from './shared.ts';
import { CONDITIONAL_TRANSFORMATION } from './transformation.ts';

/** agentgateway.dev/v1alpha1: what happens to requests of routes. */

const FILTERS = HTTP_ROUTE.properties.spec.properties.rules.items.properties.filters.items.properties;

const ALONE = (field: string): Rule => ({
  rule: `!has(self.${field}) || !('*' in self.${field}) || size(self.${field}) == 1`,
  message: `${field} must hold nothing beside *`,
});

const CORS = {
  ...FILTERS.cors,
  rules: [ALONE('allowOrigins'), ALONE('allowMethods'), ALONE('allowHeaders')],
} as const satisfies ObjectSchema;

const HEADER_MODIFIERS = {
  type: 'object',
  properties: { request: FILTERS.requestHeaderModifier, response: FILTERS.responseHeaderModifier },
  atLeastOneOf: ['request', 'response'],
} as const satisfies ObjectSchema;

const DIRECT_RESPONSE = {
  type: 'object',
  properties: {
    status: { type: 'integer', minimum: 200, maximum: 599, format: 'int32' },
    body: { type: 'string', minLength: 1, maxLength: 4096 },
    bodyExpression: CEL,
    headers: {
      type: 'array',
      minItems: 1,
      maxItems: 16,
      listMapKeys: ['name'],
      items: { type: 'object', properties: { name: HEADER_NAME, value: CEL }, required: ['name', 'value'] },
    },
  },
  required: ['status'],
  atMostOneOf: ['body', 'bodyExpression'],
} as const satisfies ObjectSchema;

const CONDITIONAL_DIRECT_RESPONSE = {
  type: 'object',
  properties: { ...DIRECT_RESPONSE.properties, conditional: conditional(DIRECT_RESPONSE) },
  exactlyOneOf: ['status', 'conditional'],
  atMostOneOf: ['body', 'bodyExpression'],
  rules: [conditionalExcludes(['body', 'bodyExpression', 'headers'])],
} as const satisfies ObjectSchema;

const LOCAL_RATE_LIMIT = {
  type: 'object',
  properties: {
    requests: { type: 'integer', minimum: 1, format: 'int32' },
    tokens: { type: 'integer', minimum: 1, format: 'int32', inert: INERT.tokenRateLimit },
    unit: { type: 'string', enum: ['Seconds', 'Minutes', 'Hours'] },
    burst: { type: 'integer', minimum: 0, format: 'int32' },
    key: { ...CEL, description: 'Our own: one bucket for each value of this CEL expression, instead of one for all.' },
  },
  required: ['unit'],
  exactlyOneOf: ['requests', 'tokens'],
} as const satisfies ObjectSchema;

const GLOBAL_RATE_LIMIT = {
  type: 'object',
  properties: {
    backendRef: BACKEND_REFERENCE,
    url: URL,
    domain: SHORT_STRING,
    descriptors: {
      type: 'array',
      minItems: 1,
      maxItems: 16,
      items: {
        type: 'object',
        properties: {
          entries: {
            type: 'array',
            minItems: 1,
            maxItems: 16,
            items: {
              type: 'object',
              properties: { name: TINY_STRING, expression: CEL },
              required: ['name', 'expression'],
            },
          },
          unit: { type: 'string', enum: ['Requests', 'Tokens'] },
          cost: CEL,
          limitOverride: CEL,
        },
        required: ['entries'],
      },
    },
    failureMode: FAILURE_MODE,
  },
  required: ['domain', 'descriptors'],
  exactlyOneOf: ['backendRef', 'url'],
  rules: [URL_WITHOUT_PATH],
  inert: INERT.globalRateLimit,
} as const satisfies ObjectSchema;

const RATE_LIMIT = {
  type: 'object',
  properties: {
    local: { type: 'array', minItems: 1, maxItems: 16, items: LOCAL_RATE_LIMIT },
    global: GLOBAL_RATE_LIMIT,
  },
  atLeastOneOf: ['local', 'global'],
} as const satisfies ObjectSchema;

const CONDITIONAL_RATE_LIMIT = {
  type: 'object',
  properties: { ...RATE_LIMIT.properties, conditional: conditional(RATE_LIMIT) },
  atLeastOneOf: ['local', 'global', 'conditional'],
  rules: [conditionalExcludes(['local', 'global'])],
} as const satisfies ObjectSchema;

const RETRY = {
  type: 'object',
  properties: {
    attempts: { type: 'integer', minimum: 1 },
    backoff: { type: 'string', maxLength: 32, pattern: '^([0-9]{1,5}(h|m|s|ms)){1,4}$' },
    codes: {
      type: 'array',
      maxItems: 200,
      listType: 'set',
      items: { type: 'integer', minimum: 400, maximum: 599 },
      inert: INERT.retryCondition,
    },
    condition: { ...CEL, inert: INERT.retryCondition },
    precondition: { ...CEL, inert: INERT.retryCondition },
  },
} as const satisfies ObjectSchema;

const LABELLED = {
  type: 'object',
  properties: { matchLabels: MATCH_LABELS },
  required: ['matchLabels'],
} as const satisfies ObjectSchema;

const JWT_AUTHENTICATION = {
  type: 'object',
  properties: {
    mode: AUTHENTICATION_MODE,
    providers: {
      type: 'array',
      minItems: 1,
      maxItems: 64,
      items: {
        type: 'object',
        properties: {
          issuer: SHORT_STRING,
          audiences: AUDIENCES,
          jwks: {
            type: 'object',
            properties: { remote: REMOTE_JWKS, inline: { type: 'string', minLength: 2, maxLength: 65_536 } },
            exactlyOneOf: ['remote', 'inline'],
          },
        },
        required: ['issuer', 'jwks'],
      },
    },
    location: CREDENTIAL_SOURCE,
    mcp: {
      type: 'object',
      properties: { resourceMetadata: FREE_MAP, provider: IDENTITY_PROVIDER, clientId: ANY_STRING },
    },
  },
  required: ['providers'],
  rules: [
    { rule: '!has(self.mcp) || size(self.providers) == 1', message: 'mcp takes exactly one of providers' },
    { rule: "!has(self.mcp) || !has(self.mode) || self.mode == 'Strict'", message: 'mcp takes only mode Strict' },
  ],
  inert: INERT.jwtAuthentication,
} as const satisfies ObjectSchema;

const BASIC_AUTHENTICATION = {
  type: 'object',
  properties: {
    users: { type: 'array', minItems: 1, maxItems: 256, items: ANY_STRING },
    secretRef: SECRET_KEY_REFERENCE,
    realm: ANY_STRING,
    mode: { type: 'string', enum: ['Strict', 'Optional'], default: 'Strict' },
    location: CREDENTIAL_SOURCE,
  },
  exactlyOneOf: ['users', 'secretRef'],
  inert: INERT.basicAuthentication,
} as const satisfies ObjectSchema;

const API_KEY_AUTHENTICATION = {
  type: 'object',
  properties: {
    secretRef: SECRET_REFERENCE,
    secretSelector: LABELLED,
    configMapSelector: LABELLED,
    mode: AUTHENTICATION_MODE,
    location: CREDENTIAL_SOURCE,
  },
  exactlyOneOf: ['secretRef', 'secretSelector', 'configMapSelector'],
  inert: INERT.apiKeyAuthentication,
} as const satisfies ObjectSchema;

const BUFFERING = {
  type: 'object',
  properties: { maxBytes: byteSize(), failureMode: FAILURE_MODE },
} as const satisfies ObjectSchema;

const FIELDS = {
  transformation: CONDITIONAL_TRANSFORMATION,
  extProc: { ...CONDITIONAL_EXT_PROC, inert: INERT.extProc },
  extAuth: { ...CONDITIONAL_EXT_AUTH, inert: INERT.extAuth },
  rateLimit: CONDITIONAL_RATE_LIMIT,
  cors: CORS,
  csrf: {
    type: 'object',
    properties: { additionalOrigins: { type: 'array', minItems: 1, maxItems: 16, items: SHORT_STRING } },
    inert: INERT.csrf,
  },
  headerModifiers: HEADER_MODIFIERS,
  hostRewrite: {
    type: 'object',
    properties: { mode: { type: 'string', enum: ['Auto', 'None'] } },
    required: ['mode'],
  },
  timeouts: { type: 'object', properties: { request: duration('1ms') }, atLeastOneOf: ['request'] },
  retry: RETRY,
  authorization: AUTHORIZATION,
  jwtAuthentication: JWT_AUTHENTICATION,
  basicAuthentication: BASIC_AUTHENTICATION,
  apiKeyAuthentication: API_KEY_AUTHENTICATION,
  directResponse: CONDITIONAL_DIRECT_RESPONSE,
  buffer: {
    type: 'object',
    properties: { request: BUFFERING, response: BUFFERING },
    atLeastOneOf: ['request', 'response'],
    inert: INERT.buffer,
  },
  delay: { type: 'object', properties: { duration: CEL }, required: ['duration'], inert: INERT.delay },
} as const satisfies Record<string, Schema>;

/** What may be done before a route is chosen. */
const BEFORE_ROUTING: ReadonlySet<string> = new Set([
  'extAuth',
  'authorization',
  'transformation',
  'extProc',
  'jwtAuthentication',
  'basicAuthentication',
  'apiKeyAuthentication',
  'cors',
]);
const AFTER_ROUTING = Object.keys(FIELDS).filter((field) => !BEFORE_ROUTING.has(field));

export const TRAFFIC = {
  type: 'object',
  properties: {
    phase: {
      type: 'string',
      enum: ['PreRouting', 'PostRouting'],
      inertValues: { PreRouting: INERT.preRouting },
    },
    ...FIELDS,
  },
  atLeastOneOf: Object.keys(FIELDS),
  rules: [
    {
      rule:
        "!has(self.phase) || self.phase != 'PreRouting' || " +
        `(${AFTER_ROUTING.map((field) => `!has(self.${field})`).join(' && ')})`,
      message: `phase PreRouting excludes ${AFTER_ROUTING.join(', ')}`,
    },
  ],
} as const satisfies ObjectSchema;

export type TrafficSpec = Infer<typeof TRAFFIC>;
export type HeaderModifiersSpec = Infer<typeof HEADER_MODIFIERS>;
export type HostRewriteSpec = Infer<typeof FIELDS.hostRewrite>;
export type DirectResponseSpec = Infer<typeof CONDITIONAL_DIRECT_RESPONSE>;
/** One form of a DirectResponseSpec. */
export type SimpleDirectResponseSpec = Infer<typeof DIRECT_RESPONSE>;
export type LocalRateLimitSpec = Infer<typeof LOCAL_RATE_LIMIT>;
export type RateLimitSpec = Infer<typeof CONDITIONAL_RATE_LIMIT>;
export type TimeoutsSpec = Infer<typeof FIELDS.timeouts>;
export type RetrySpec = Infer<typeof RETRY>;
export type { CorsSpec } from '../http-route.ts';
export type { AuthorizationSpec } from './shared.ts';
export type { TransformationSpec, TransformSpec } from './transformation.ts';
