import type { Infer, ObjectSchema, Rule } from '../schema.ts';
import { ALPN_PROTOCOLS, KEEPALIVE, KEY_EXCHANGE_GROUPS } from './backend-policy.ts';
import { INERT } from './inert.ts';
import {
  AUTHORIZATION,
  BACKEND_REFERENCE,
  byteSize,
  CEL,
  duration,
  NAMED_EXPRESSION,
  PATH,
  TINY_STRING,
  URL,
} from './shared.ts';

/** agentgateway.dev/v1alpha1: what listeners do, and what is reported of them. */

/** Entries of a list to which the compatible system sets no bound. */
const MAX_EXPRESSIONS = 256;

const ATTRIBUTES = {
  type: 'object',
  properties: {
    add: { type: 'array', minItems: 1, maxItems: MAX_EXPRESSIONS, items: NAMED_EXPRESSION },
    remove: { type: 'array', minItems: 1, maxItems: 32, items: TINY_STRING },
  },
  atLeastOneOf: ['add', 'remove'],
} as const satisfies ObjectSchema;

const HTTP_ONLY: readonly [Rule, Rule] = [
  {
    rule: "!has(self.path) || (has(self.protocol) && self.protocol == 'HTTP')",
    message: 'path is for protocol HTTP only: set protocol, or leave path out',
  },
  {
    rule: "!has(self.url) || (has(self.protocol) && self.protocol == 'HTTP') || self.url.matches('^https?://[^/]+/?$')",
    message: 'url has a path, which is for protocol HTTP only',
  },
];

/** Where OTLP goes. */
const COLLECTOR = {
  backendRef: BACKEND_REFERENCE,
  url: URL,
  protocol: { type: 'string', enum: ['GRPC', 'HTTP'], default: 'GRPC' },
  path: PATH,
} as const;

const TRACING = {
  type: 'object',
  properties: {
    ...COLLECTOR,
    attributes: ATTRIBUTES,
    resources: { type: 'array', maxItems: MAX_EXPRESSIONS, items: NAMED_EXPRESSION },
    randomSampling: CEL,
    clientSampling: CEL,
    filter: CEL,
  },
  exactlyOneOf: ['backendRef', 'url'],
  rules: HTTP_ONLY,
} as const satisfies ObjectSchema;

const ACCESS_LOG = {
  type: 'object',
  properties: {
    filter: CEL,
    attributes: ATTRIBUTES,
    otlp: {
      type: 'object',
      properties: { ...COLLECTOR, filter: CEL, attributes: ATTRIBUTES },
      exactlyOneOf: ['backendRef', 'url'],
      rules: HTTP_ONLY,
    },
  },
} as const satisfies ObjectSchema;

const METRICS = {
  type: 'object',
  properties: {
    attributes: {
      type: 'object',
      properties: {
        add: { type: 'array', minItems: 1, maxItems: 16, listMapKeys: ['name'], items: NAMED_EXPRESSION },
      },
      atLeastOneOf: ['add'],
    },
  },
  required: ['attributes'],
} as const satisfies ObjectSchema;

const PROTOCOL_VERSION = { type: 'string', enum: ['1.2', '1.3'] } as const;

const TLS = {
  type: 'object',
  properties: {
    handshakeTimeout: duration('100ms'),
    alpnProtocols: ALPN_PROTOCOLS,
    minProtocolVersion: PROTOCOL_VERSION,
    maxProtocolVersion: PROTOCOL_VERSION,
    cipherSuites: {
      type: 'array',
      maxItems: 16,
      items: {
        type: 'string',
        enum: [
          'TLS13_AES_128_GCM_SHA256',
          'TLS13_AES_256_GCM_SHA384',
          'TLS13_CHACHA20_POLY1305_SHA256',
          'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
          'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
          'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
          'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
          'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
          'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
        ],
      },
    },
    keyExchangeGroups: KEY_EXCHANGE_GROUPS,
  },
  atLeastOneOf: [
    'handshakeTimeout',
    'alpnProtocols',
    'minProtocolVersion',
    'maxProtocolVersion',
    'cipherSuites',
    'keyExchangeGroups',
  ],
  rules: [
    {
      rule:
        '!has(self.minProtocolVersion) || !has(self.maxProtocolVersion) || ' +
        'self.minProtocolVersion <= self.maxProtocolVersion',
      message: 'minProtocolVersion must not be above maxProtocolVersion',
    },
  ],
  inert: INERT.frontendConnection,
} as const satisfies ObjectSchema;

const HTTP = {
  type: 'object',
  properties: {
    maxBufferSize: byteSize(),
    http1MaxHeaders: { type: 'integer', minimum: 1, maximum: 4096, format: 'int32' },
    http1IdleTimeout: duration('1s'),
    http1HeaderCase: { type: 'string', enum: ['Lowercase', 'Preserve'] },
    http2WindowSize: byteSize(),
    http2ConnectionWindowSize: byteSize(),
    http2FrameSize: byteSize(16_384, 1_677_215),
    http2MaxHeaderSize: byteSize(),
    http2KeepaliveInterval: duration('1s'),
    http2KeepaliveTimeout: duration('1s'),
    maxConnectionDuration: duration('1s'),
  },
  atLeastOneOf: [
    'maxBufferSize',
    'http1MaxHeaders',
    'http1IdleTimeout',
    'http1HeaderCase',
    'http2WindowSize',
    'http2ConnectionWindowSize',
    'http2FrameSize',
    'http2MaxHeaderSize',
    'http2KeepaliveInterval',
    'http2KeepaliveTimeout',
    'maxConnectionDuration',
  ],
  inert: INERT.frontendConnection,
} as const satisfies ObjectSchema;

export const FRONTEND = {
  type: 'object',
  properties: {
    tracing: TRACING,
    accessLog: ACCESS_LOG,
    metrics: METRICS,
    tcp: {
      type: 'object',
      properties: { keepalive: KEEPALIVE },
      atLeastOneOf: ['keepalive'],
      inert: INERT.frontendConnection,
    },
    networkAuthorization: { ...AUTHORIZATION, inert: INERT.networkAuthorization },
    tls: TLS,
    http: HTTP,
    proxyProtocol: {
      type: 'object',
      properties: {
        version: { type: 'string', enum: ['V1', 'V2', 'All'], default: 'V2' },
        mode: { type: 'string', enum: ['Strict', 'Optional'], default: 'Strict' },
      },
      inert: INERT.proxyProtocol,
    },
    connect: {
      type: 'object',
      properties: { mode: { type: 'string', enum: ['Deny', 'Route', 'Tunnel'] } },
      required: ['mode'],
      inert: INERT.connect,
    },
  },
  atLeastOneOf: [
    'tracing',
    'accessLog',
    'metrics',
    'tcp',
    'networkAuthorization',
    'tls',
    'http',
    'proxyProtocol',
    'connect',
  ],
} as const satisfies ObjectSchema;

/** Fields that hold for a whole port, so that they cannot be set on a listener. */
export const PORT_WIDE_FIELDS = ['tcp', 'networkAuthorization', 'tls', 'http', 'proxyProtocol', 'connect'] as const;

export type FrontendSpec = Infer<typeof FRONTEND>;
export type TracingSpec = Infer<typeof TRACING>;
/** Where OTLP goes, of each part that sends some. */
export type CollectorSpec = Pick<TracingSpec, keyof typeof COLLECTOR>;
export type AccessLogSpec = Infer<typeof ACCESS_LOG>;
export type MetricsSpec = Infer<typeof METRICS>;
export type AttributesSpec = Infer<typeof ATTRIBUTES>;
