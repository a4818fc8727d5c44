import type { ObjectSchema, Schema } from '../schema.ts';
import {
  BACKEND_REFERENCE,
  byteSize,
  CEL,
  conditional,
  conditionalExcludes,
  EXPRESSION_MAP,
  FAILURE_MODE,
  SHORT_STRING,
  URL,
  URL_WITHOUT_PATH,
} from './shared.ts';

/** agentgateway.dev/v1alpha1: services that are asked about each request. */

const HEADER_NAMES = { type: 'array', maxItems: 64, items: SHORT_STRING } as const satisfies Schema;

export const EXT_AUTH = {
  type: 'object',
  properties: {
    backendRef: BACKEND_REFERENCE,
    url: URL,
    grpc: {
      type: 'object',
      properties: {
        contextExtensions: {
          type: 'object',
          maxProperties: 64,
          additionalProperties: { type: 'string', maxLength: 4096 },
        },
        requestMetadata: EXPRESSION_MAP,
      },
    },
    http: {
      type: 'object',
      properties: {
        path: CEL,
        redirect: CEL,
        body: CEL,
        addRequestHeaders: EXPRESSION_MAP,
        allowedRequestHeaders: HEADER_NAMES,
        allowedResponseHeaders: HEADER_NAMES,
        responseMetadata: EXPRESSION_MAP,
      },
    },
    forwardBody: { type: 'object', properties: { maxSize: byteSize() }, required: ['maxSize'] },
    cache: {
      type: 'object',
      properties: {
        key: { type: 'array', minItems: 1, maxItems: 16, items: CEL },
        ttl: CEL,
        maxEntries: { type: 'integer', minimum: 1, format: 'int32' },
      },
      required: ['key', 'ttl'],
    },
    failureMode: FAILURE_MODE,
  },
  exactlyOneOf: ['backendRef', 'url'],
  atMostOneOf: ['grpc', 'http'],
  rules: [URL_WITHOUT_PATH],
} as const satisfies ObjectSchema;

const HEADER_MODE = { type: 'string', enum: ['Send', 'Skip'], default: 'Send' } as const satisfies Schema;
const BODY_MODE = {
  type: 'string',
  enum: ['Buffered', 'BufferedPartial', 'FullDuplexStreamed', 'None'],
  default: 'FullDuplexStreamed',
} as const satisfies Schema;

const EXT_PROC = {
  type: 'object',
  properties: {
    backendRef: BACKEND_REFERENCE,
    url: URL,
    failureMode: FAILURE_MODE,
    metadataContext: { type: 'object', maxProperties: 64, additionalProperties: { type: 'anyObject' } },
    processingOptions: {
      type: 'object',
      properties: {
        allowModeOverride: { type: 'boolean', default: false },
        requestHeaderMode: HEADER_MODE,
        requestBodyMode: BODY_MODE,
        requestTrailerMode: HEADER_MODE,
        responseHeaderMode: HEADER_MODE,
        responseBodyMode: BODY_MODE,
        responseTrailerMode: HEADER_MODE,
      },
    },
    requestAttributes: EXPRESSION_MAP,
    responseAttributes: EXPRESSION_MAP,
  },
  exactlyOneOf: ['backendRef', 'url'],
  rules: [URL_WITHOUT_PATH],
} as const satisfies ObjectSchema;

export const CONDITIONAL_EXT_AUTH = {
  type: 'object',
  properties: { ...EXT_AUTH.properties, conditional: conditional(EXT_AUTH) },
  exactlyOneOf: ['backendRef', 'url', 'conditional'],
  atMostOneOf: ['grpc', 'http', 'conditional'],
  rules: [URL_WITHOUT_PATH, conditionalExcludes(['forwardBody', 'cache', 'failureMode'])],
} as const satisfies ObjectSchema;

export const CONDITIONAL_EXT_PROC = {
  type: 'object',
  properties: { ...EXT_PROC.properties, conditional: conditional(EXT_PROC) },
  exactlyOneOf: ['backendRef', 'url', 'conditional'],
  rules: [
    URL_WITHOUT_PATH,
    conditionalExcludes([
      'failureMode',
      'metadataContext',
      'processingOptions',
      'requestAttributes',
      'responseAttributes',
    ]),
  ],
} as const satisfies ObjectSchema;
