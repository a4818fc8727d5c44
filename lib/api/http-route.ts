import { NAMESPACE_NAME, OBJECT_FIELDS, OBJECT_NAME, PORT_NUMBER } from './core.ts';
import { GROUP, HOSTNAME, KIND, PRECISE_HOSTNAME, REFERENCE_NAME } from './gateway-api.ts';
import { GROUPS, type KubernetesObject } from './kinds.ts';
import type { Infer, ObjectSchema, Schema } from './schema.ts';

/** Gateway API v1, standard channel: HTTPRoute. */

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const;

const HEADER_NAME = {
  type: 'string',
  minLength: 1,
  maxLength: 256,
  pattern: "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$",
} as const satisfies Schema;

const DURATION = {
  type: 'string',
  maxLength: 32,
  pattern: '^([0-9]{1,5}(h|m|s|ms)){1,4}$',
} as const satisfies Schema;

export const PARENT_REFERENCE = {
  type: 'object',
  properties: {
    group: { ...GROUP, default: GROUPS.gateway },
    kind: { ...KIND, default: 'Gateway' },
    name: REFERENCE_NAME,
    namespace: NAMESPACE_NAME,
    sectionName: OBJECT_NAME,
    port: PORT_NUMBER,
  },
  required: ['name'],
} as const satisfies ObjectSchema;

/** BackendObjectReference: as here and as in policies. */
export const BACKEND_OBJECT_REFERENCE = {
  type: 'object',
  properties: {
    group: { ...GROUP, default: '' },
    kind: { ...KIND, default: 'Service' },
    name: REFERENCE_NAME,
    namespace: NAMESPACE_NAME,
    port: PORT_NUMBER,
  },
  required: ['name'],
} as const satisfies ObjectSchema;

const HEADER_VALUES = {
  type: 'array',
  maxItems: 16,
  listMapKeys: ['name'],
  items: {
    type: 'object',
    properties: { name: HEADER_NAME, value: { type: 'string', minLength: 1, maxLength: 4096 } },
    required: ['name', 'value'],
  },
} as const satisfies Schema;

const HEADER_MODIFIER = {
  type: 'object',
  properties: {
    set: HEADER_VALUES,
    add: HEADER_VALUES,
    remove: { type: 'array', maxItems: 16, listType: 'set', items: { type: 'string' } },
  },
} as const satisfies ObjectSchema;

const PATH_MODIFIER = {
  type: 'object',
  properties: {
    type: { type: 'string', enum: ['ReplaceFullPath', 'ReplacePrefixMatch'] },
    replaceFullPath: { type: 'string', maxLength: 1024 },
    replacePrefixMatch: { type: 'string', maxLength: 1024 },
  },
  required: ['type'],
} as const satisfies ObjectSchema;

const HEADER_NAMES = { type: 'array', maxItems: 64, listType: 'set', items: HEADER_NAME } as const satisfies Schema;

const FILTER = {
  type: 'object',
  properties: {
    type: {
      type: 'string',
      enum: [
        'RequestHeaderModifier',
        'ResponseHeaderModifier',
        'RequestMirror',
        'RequestRedirect',
        'URLRewrite',
        'ExtensionRef',
        'CORS',
        'ExternalAuth',
      ],
    },
    requestHeaderModifier: HEADER_MODIFIER,
    responseHeaderModifier: HEADER_MODIFIER,
    requestMirror: {
      type: 'object',
      properties: {
        backendRef: BACKEND_OBJECT_REFERENCE,
        percent: { type: 'integer', minimum: 0, maximum: 100 },
        fraction: {
          type: 'object',
          properties: {
            numerator: { type: 'integer', minimum: 0 },
            denominator: { type: 'integer', minimum: 1, default: 100 },
          },
          required: ['numerator'],
        },
      },
      required: ['backendRef'],
    },
    requestRedirect: {
      type: 'object',
      properties: {
        scheme: { type: 'string', enum: ['http', 'https'] },
        hostname: PRECISE_HOSTNAME,
        path: PATH_MODIFIER,
        port: PORT_NUMBER,
        statusCode: { type: 'integer', minimum: 301, maximum: 308, default: 302 },
      },
    },
    urlRewrite: { type: 'object', properties: { hostname: PRECISE_HOSTNAME, path: PATH_MODIFIER } },
    cors: {
      type: 'object',
      properties: {
        allowOrigins: {
          type: 'array',
          maxItems: 64,
          listType: 'set',
          items: { type: 'string', minLength: 1, maxLength: 253 },
        },
        allowCredentials: { type: 'boolean' },
        allowMethods: {
          type: 'array',
          maxItems: 9,
          listType: 'set',
          items: { type: 'string', enum: [...METHODS, '*'] },
        },
        allowHeaders: HEADER_NAMES,
        exposeHeaders: HEADER_NAMES,
        maxAge: { type: 'integer', minimum: 1, default: 5 },
      },
    },
    /** Experimental channel. */
    externalAuth: { type: 'any' },
    extensionRef: {
      type: 'object',
      properties: { group: GROUP, kind: KIND, name: REFERENCE_NAME },
      required: ['group', 'kind', 'name'],
    },
  },
  required: ['type'],
} as const satisfies ObjectSchema;

const VALUE_MATCHES = {
  type: 'array',
  maxItems: 16,
  listMapKeys: ['name'],
  items: {
    type: 'object',
    properties: {
      type: { type: 'string', enum: ['Exact', 'RegularExpression'], default: 'Exact' },
      name: HEADER_NAME,
      value: { type: 'string', minLength: 1, maxLength: 4096 },
    },
    required: ['name', 'value'],
  },
} as const satisfies Schema;

const MATCH = {
  type: 'object',
  properties: {
    path: {
      type: 'object',
      default: { type: 'PathPrefix', value: '/' },
      properties: {
        type: { type: 'string', enum: ['Exact', 'PathPrefix', 'RegularExpression'], default: 'PathPrefix' },
        value: { type: 'string', maxLength: 1024, default: '/' },
      },
    },
    headers: VALUE_MATCHES,
    queryParams: { ...VALUE_MATCHES, items: { ...VALUE_MATCHES.items } },
    method: { type: 'string', enum: METHODS },
  },
} as const satisfies ObjectSchema;

const RULE = {
  type: 'object',
  properties: {
    name: OBJECT_NAME,
    matches: {
      type: 'array',
      maxItems: 64,
      default: [{ path: { type: 'PathPrefix', value: '/' } }],
      items: MATCH,
    },
    filters: { type: 'array', maxItems: 16, items: FILTER },
    backendRefs: {
      type: 'array',
      maxItems: 16,
      items: {
        ...BACKEND_OBJECT_REFERENCE,
        properties: {
          ...BACKEND_OBJECT_REFERENCE.properties,
          weight: { type: 'integer', minimum: 0, maximum: 1_000_000, default: 1 },
          filters: { type: 'array', maxItems: 16, items: FILTER },
        },
      },
    },
    timeouts: { type: 'object', properties: { request: DURATION, backendRequest: DURATION } },
    /** Experimental channel, as is what follows. */
    retry: {
      type: 'object',
      properties: {
        codes: { type: 'array', maxItems: 200, items: { type: 'integer', minimum: 400, maximum: 599 } },
        attempts: { type: 'integer', minimum: 1 },
        backoff: DURATION,
      },
    },
    sessionPersistence: { type: 'any' },
  },
} as const satisfies ObjectSchema;

export const HTTP_ROUTE = {
  type: 'object',
  properties: {
    ...OBJECT_FIELDS,
    status: { type: 'any' },
    spec: {
      type: 'object',
      properties: {
        parentRefs: { type: 'array', maxItems: 32, items: PARENT_REFERENCE },
        hostnames: { type: 'array', maxItems: 16, items: HOSTNAME },
        rules: {
          type: 'array',
          minItems: 1,
          maxItems: 16,
          default: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }],
          items: RULE,
        },
        /** Experimental channel. */
        useDefaultGateways: { type: 'string' },
      },
    },
  },
  required: ['metadata', 'spec'],
} as const satisfies ObjectSchema;

export type HTTPRouteSpec = Infer<typeof HTTP_ROUTE.properties.spec>;
export type HTTPRouteRule = Infer<typeof RULE>;
export type HTTPRouteMatch = Infer<typeof MATCH>;
export type HTTPRouteRetry = NonNullable<Infer<typeof RULE>['retry']>;
export type HTTPRouteFilter = Infer<typeof FILTER>;
export type CorsSpec = NonNullable<HTTPRouteFilter['cors']>;
export type HTTPBackendRef = Infer<typeof RULE.properties.backendRefs.items>;
export type ParentReference = Infer<typeof PARENT_REFERENCE>;
export interface HTTPRoute extends KubernetesObject {
  readonly spec: HTTPRouteSpec;
}
