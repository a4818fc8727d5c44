import { OBJECT_NAME } from '../core.ts';
import { REFERENCE_NAME } from '../gateway-api.ts';
import type { Infer, ObjectSchema, Schema } from '../schema.ts';
import { EXT_AUTH } from './external.ts';
import { INERT } from './inert.ts';
import { FREE_MAP, MCP_POLICIES } from './mcp.ts';
import {
  ANY_STRING,
  BACKEND_REFERENCE,
  CEL,
  duration,
  LOCATION,
  SECRET_KEY_REFERENCE,
  SECRET_REFERENCE,
  SHORT_STRING,
  TINY_STRING,
  URL,
  URL_WITHOUT_PATH,
} from './shared.ts';
import { TRANSFORMATION } from './transformation.ts';

/** agentgateway.dev/v1alpha1: how backends are spoken to. */

export const KEEPALIVE = {
  type: 'object',
  properties: {
    time: duration('1s'),
    interval: { ...duration('1s'), inert: INERT.keepaliveProbes },
    retries: { type: 'integer', minimum: 1, maximum: 64, format: 'int32', inert: INERT.keepaliveProbes },
  },
} as const satisfies ObjectSchema;

export const ALPN_PROTOCOLS = {
  type: 'array',
  minItems: 1,
  maxItems: 16,
  items: { ...TINY_STRING, inertValues: { h2: INERT.http2 } },
} as const satisfies Schema;

export const KEY_EXCHANGE_GROUPS = {
  type: 'array',
  maxItems: 16,
  items: { type: 'string', enum: ['X25519', 'P-256', 'P-384', 'X25519_MLKEM768'] },
  inert: INERT.keyExchangeGroups,
} as const satisfies Schema;

const TLS = {
  type: 'object',
  properties: {
    sni: OBJECT_NAME,
    caCertificateRefs: {
      type: 'array',
      maxItems: 1,
      listType: 'atomic',
      items: {
        type: 'object',
        properties: {
          kind: { type: 'string', enum: ['ConfigMap', 'Secret'], default: 'ConfigMap' },
          name: REFERENCE_NAME,
        },
        required: ['name'],
      },
    },
    mtlsCertificateRef: { type: 'array', maxItems: 1, listType: 'atomic', items: SECRET_REFERENCE },
    insecureSkipVerify: { type: 'string', enum: ['All', 'Hostname'] },
    verifySubjectAltNames: { type: 'array', minItems: 1, maxItems: 16, items: SHORT_STRING },
    alpnProtocols: ALPN_PROTOCOLS,
    certificateSource: {
      type: 'string',
      enum: ['Inline', 'SPIFFE'],
      inertValues: { SPIFFE: INERT.spiffe },
      default: 'Inline',
    },
    keyExchangeGroups: KEY_EXCHANGE_GROUPS,
  },
  rules: [
    {
      rule: '!has(self.insecureSkipVerify) || !has(self.verifySubjectAltNames)',
      message: 'insecureSkipVerify excludes verifySubjectAltNames',
    },
    {
      rule: "!has(self.insecureSkipVerify) || self.insecureSkipVerify != 'All' || !has(self.caCertificateRefs)",
      message: 'insecureSkipVerify All excludes caCertificateRefs',
    },
    {
      rule:
        "!has(self.certificateSource) || self.certificateSource != 'SPIFFE' || " +
        '(!has(self.mtlsCertificateRef) && !has(self.caCertificateRefs) && !has(self.insecureSkipVerify))',
      message: 'certificateSource SPIFFE excludes mtlsCertificateRef, caCertificateRefs, insecureSkipVerify',
    },
  ],
} as const satisfies ObjectSchema;

const SOURCES = [
  'key',
  'secretRef',
  'passthrough',
  'aws',
  'azure',
  'gcp',
  'oauthTokenExchange',
  'crossAppAccess',
  'jwtSign',
] as const;

const AUTH = {
  type: 'object',
  properties: {
    key: { type: 'string', maxLength: 2048 },
    secretRef: SECRET_KEY_REFERENCE,
    passthrough: { type: 'object', properties: {} },
    location: LOCATION,
    credentials: {
      type: 'array',
      minItems: 1,
      maxItems: 8,
      listType: 'atomic',
      items: {
        type: 'object',
        properties: { location: LOCATION, secretRef: SECRET_KEY_REFERENCE },
        required: ['location', 'secretRef'],
      },
    },
    aws: { type: 'anyObject', inert: INERT.aws },
    azure: { type: 'anyObject', inert: INERT.azure },
    gcp: { type: 'anyObject', inert: INERT.gcp },
    oauthTokenExchange: { type: 'anyObject', inert: INERT.tokenExchange },
    crossAppAccess: { type: 'anyObject', inert: INERT.tokenExchange },
    jwtSign: {
      type: 'object',
      properties: {
        alg: { type: 'string', enum: ['ES256', 'ES384', 'PS256', 'RS256', 'RS384', 'RS512'] },
        claims: FREE_MAP,
        kid: ANY_STRING,
        location: LOCATION,
        signingKeyRef: SECRET_REFERENCE,
        ttl: duration('1s'),
      },
      required: ['signingKeyRef'],
      inert: INERT.jwtSign,
    },
  },
  atMostOneOf: SOURCES,
  atLeastOneOf: [...SOURCES, 'credentials'],
  rules: [
    {
      rule: '!has(self.location) || has(self.key) || has(self.secretRef) || has(self.passthrough)',
      message: 'location is for key, secretRef and passthrough only',
    },
  ],
} as const satisfies ObjectSchema;

/** Policies that a single MCP target may have too. */
export const BACKEND_SIMPLE = {
  type: 'object',
  properties: {
    tcp: { type: 'object', properties: { connectTimeout: duration('100ms'), keepalive: KEEPALIVE } },
    http: {
      type: 'object',
      properties: {
        version: { type: 'string', enum: ['HTTP1', 'HTTP2'], inertValues: { HTTP2: INERT.http2 } },
        requestTimeout: duration('1ms'),
      },
    },
    tls: TLS,
    tunnel: {
      type: 'object',
      properties: { backendRef: BACKEND_REFERENCE, url: URL },
      exactlyOneOf: ['backendRef', 'url'],
      rules: [URL_WITHOUT_PATH],
      inert: INERT.tunnel,
    },
    auth: AUTH,
  },
} as const satisfies ObjectSchema;

const HEALTH = {
  type: 'object',
  properties: {
    unhealthyCondition: CEL,
    eviction: {
      type: 'object',
      properties: {
        duration: { ...duration('1s'), default: '3s' },
        restoreHealth: { type: 'integer', minimum: 0, maximum: 100, format: 'int32' },
        consecutiveFailures: { type: 'integer', minimum: 0, format: 'int32' },
        healthThreshold: { type: 'integer', minimum: 0, maximum: 100, format: 'int32' },
      },
    },
  },
  inert: INERT.health,
} as const satisfies ObjectSchema;

/** `spec.policies` of a backend, and `spec.backend` of a policy. */
export const BACKEND_FULL = {
  type: 'object',
  properties: {
    ...BACKEND_SIMPLE.properties,
    ai: { type: 'anyObject', inert: INERT.ai },
    mcp: MCP_POLICIES,
    transformation: { ...TRANSFORMATION, inert: INERT.backendTransformation },
    health: HEALTH,
    extAuth: { ...EXT_AUTH, inert: INERT.extAuth },
  },
  atLeastOneOf: ['tcp', 'http', 'tls', 'tunnel', 'auth', 'ai', 'mcp', 'transformation', 'health', 'extAuth'],
} as const satisfies ObjectSchema;

export type BackendPolicies = Infer<typeof BACKEND_FULL>;
export type BackendTls = Infer<typeof TLS>;
export type BackendTcp = Infer<typeof BACKEND_SIMPLE.properties.tcp>;
export type BackendHttp = Infer<typeof BACKEND_SIMPLE.properties.http>;
export type BackendAuth = Infer<typeof AUTH>;
export type { CredentialLocation, SecretKeyReference } from './shared.ts';
