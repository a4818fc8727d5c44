import type { ObjectSchema, Schema } from '../schema.ts';
import { INERT } from './inert.ts';
import {
  ANY_STRING,
  AUTHORIZATION,
  BACKEND_REFERENCE,
  duration,
  EXPRESSION_MAP,
  FAILURE_MODE,
  FIELD_NAME,
  LONG_STRING,
  SECRET_KEY_REFERENCE,
  SHORT_STRING,
  URL,
  URL_WITHOUT_PATH,
} from './shared.ts';

/** agentgateway.dev/v1alpha1: policies of MCP backends. */

export const AUDIENCES = { type: 'array', minItems: 1, maxItems: 64, items: ANY_STRING } as const satisfies Schema;

export const IDENTITY_PROVIDER = {
  type: 'string',
  enum: ['Auth0', 'Authentik', 'Descope', 'Entra', 'Keycloak', 'Okta'],
} as const satisfies Schema;

export const AUTHENTICATION_MODE = {
  type: 'string',
  enum: ['Strict', 'Optional', 'Permissive'],
  default: 'Strict',
} as const satisfies Schema;

export const FREE_MAP = { type: 'object', additionalProperties: { type: 'any' } } as const satisfies Schema;

/** Keys that tokens are verified with, fetched. */
export const REMOTE_JWKS = {
  type: 'object',
  properties: {
    backendRef: BACKEND_REFERENCE,
    url: URL,
    jwksPath: LONG_STRING,
    cacheDuration: { ...duration('5m'), default: '5m' },
  },
  exactlyOneOf: ['backendRef', 'url'],
  rules: [
    { rule: 'has(self.url) || has(self.jwksPath)', message: 'jwksPath is required with backendRef' },
    { rule: '!has(self.url) || !has(self.jwksPath)', message: 'jwksPath is for backendRef only: url has a path' },
  ],
} as const satisfies ObjectSchema;

const AUTHENTICATION = {
  type: 'object',
  properties: {
    resourceMetadata: FREE_MAP,
    provider: IDENTITY_PROVIDER,
    issuer: SHORT_STRING,
    audiences: AUDIENCES,
    jwks: REMOTE_JWKS,
    mode: AUTHENTICATION_MODE,
    clientId: ANY_STRING,
    clientSecretRef: SECRET_KEY_REFERENCE,
  },
  required: ['jwks'],
  inert: INERT.mcpAuthentication,
} as const satisfies ObjectSchema;

const FIELD_NAMES = { type: 'array', maxItems: 64, listType: 'set', items: FIELD_NAME } as const satisfies Schema;

const PROCESSOR = {
  type: 'object',
  properties: {
    methods: {
      type: 'object',
      minProperties: 1,
      maxProperties: 64,
      additionalProperties: { type: 'string', enum: ['Off', 'Request', 'Response', 'Full'] },
      rules: [
        {
          rule: "self.all(m, m.matches('^([*]|[*]?[^*]+|[^*]+[*])$'))",
          message: 'keys are methods, with one * at the start or the end at most',
        },
      ],
    },
    remote: {
      type: 'object',
      properties: {
        backendRef: BACKEND_REFERENCE,
        url: URL,
        failureMode: FAILURE_MODE,
        metadata: EXPRESSION_MAP,
        allowedRequestHeaders: FIELD_NAMES,
        disallowedRequestHeaders: FIELD_NAMES,
      },
      exactlyOneOf: ['backendRef', 'url'],
      rules: [URL_WITHOUT_PATH],
    },
  },
  required: ['methods', 'remote'],
} as const satisfies ObjectSchema;

/** `mcp` of backend policies. */
export const MCP_POLICIES = {
  type: 'object',
  properties: {
    authorization: { ...AUTHORIZATION, inert: INERT.mcpAuthorization },
    authentication: AUTHENTICATION,
    guardrails: {
      type: 'object',
      properties: { processors: { type: 'array', minItems: 1, maxItems: 16, items: PROCESSOR } },
      required: ['processors'],
      inert: INERT.guardrails,
    },
  },
  atLeastOneOf: ['authorization', 'authentication', 'guardrails'],
} as const satisfies ObjectSchema;
