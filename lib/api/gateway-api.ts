import { LABEL_SELECTOR, NAMESPACE_NAME, OBJECT_FIELDS, OBJECT_NAME, PORT_NUMBER } from './core.ts';
import { GROUPS, type KubernetesObject } from './kinds.ts';
import type { Infer, ObjectSchema, Schema } from './schema.ts';

/** Gateway API v1, standard channel: Gateway and ReferenceGrant, and the scalars that HTTPRoute shares with them. */

export const GROUP = {
  type: 'string',
  maxLength: 253,
  pattern: '^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
} as const satisfies Schema;

export const KIND = {
  type: 'string',
  minLength: 1,
  maxLength: 63,
  pattern: '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$',
} as const satisfies Schema;

/** A name in a reference: the API server does not check its form. */
export const REFERENCE_NAME = { type: 'string', minLength: 1, maxLength: 253 } as const satisfies Schema;

/** May begin with `*.`. */
export const HOSTNAME = {
  type: 'string',
  minLength: 1,
  maxLength: 253,
  pattern: '^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
} as const satisfies Schema;

/** Without wildcard. */
export const PRECISE_HOSTNAME = {
  type: 'string',
  minLength: 1,
  maxLength: 253,
  pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
} as const satisfies Schema;

const LABEL_VALUE = { type: 'string', maxLength: 4096 } as const satisfies Schema;

const SECRET_REFERENCE = {
  type: 'object',
  properties: {
    group: { ...GROUP, default: '' },
    kind: { ...KIND, default: 'Secret' },
    name: REFERENCE_NAME,
    namespace: NAMESPACE_NAME,
  },
  required: ['name'],
} as const satisfies ObjectSchema;

const FRONTEND_TLS = {
  type: 'object',
  properties: {
    validation: {
      type: 'object',
      properties: {
        caCertificateRefs: {
          type: 'array',
          minItems: 1,
          maxItems: 8,
          items: {
            type: 'object',
            properties: { group: GROUP, kind: KIND, name: REFERENCE_NAME, namespace: NAMESPACE_NAME },
            required: ['group', 'kind', 'name'],
          },
        },
        mode: { type: 'string', enum: ['AllowValidOnly', 'AllowInsecureFallback'], default: 'AllowValidOnly' },
      },
      required: ['caCertificateRefs'],
    },
  },
} as const satisfies ObjectSchema;

const LISTENER = {
  type: 'object',
  properties: {
    name: OBJECT_NAME,
    hostname: HOSTNAME,
    port: PORT_NUMBER,
    protocol: {
      type: 'string',
      minLength: 1,
      maxLength: 255,
      pattern:
        '^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\/[A-Za-z0-9]+$',
    },
    tls: {
      type: 'object',
      properties: {
        mode: { type: 'string', enum: ['Terminate', 'Passthrough'], default: 'Terminate' },
        certificateRefs: { type: 'array', maxItems: 64, items: SECRET_REFERENCE },
        options: { type: 'object', maxProperties: 16, additionalProperties: LABEL_VALUE },
      },
    },
    allowedRoutes: {
      type: 'object',
      default: { namespaces: { from: 'Same' } },
      properties: {
        namespaces: {
          type: 'object',
          default: { from: 'Same' },
          properties: {
            from: { type: 'string', enum: ['All', 'Selector', 'Same'], default: 'Same' },
            selector: LABEL_SELECTOR,
          },
        },
        kinds: {
          type: 'array',
          maxItems: 8,
          items: {
            type: 'object',
            properties: { group: { ...GROUP, default: GROUPS.gateway }, kind: KIND },
            required: ['kind'],
          },
        },
      },
    },
  },
  required: ['name', 'port', 'protocol'],
} as const satisfies ObjectSchema;

export const GATEWAY_CLASS_SCHEMA = {
  type: 'object',
  properties: {
    ...OBJECT_FIELDS,
    status: { type: 'any' },
    spec: {
      type: 'object',
      properties: {
        controllerName: {
          type: 'string',
          minLength: 1,
          maxLength: 253,
          pattern:
            "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$",
        },
        parametersRef: {
          type: 'object',
          properties: { group: GROUP, kind: KIND, name: REFERENCE_NAME, namespace: NAMESPACE_NAME },
          required: ['group', 'kind', 'name'],
        },
        description: { type: 'string', maxLength: 64 },
      },
      required: ['controllerName'],
    },
  },
  required: ['metadata', 'spec'],
} as const satisfies ObjectSchema;

export interface GatewayClass extends KubernetesObject {
  readonly spec: Infer<typeof GATEWAY_CLASS_SCHEMA.properties.spec>;
}

export const GATEWAY = {
  type: 'object',
  properties: {
    ...OBJECT_FIELDS,
    status: { type: 'any' },
    spec: {
      type: 'object',
      properties: {
        gatewayClassName: REFERENCE_NAME,
        listeners: { type: 'array', minItems: 1, maxItems: 64, listMapKeys: ['name'], items: LISTENER },
        addresses: {
          type: 'array',
          maxItems: 16,
          items: {
            type: 'object',
            properties: {
              type: { type: 'string', minLength: 1, maxLength: 253, default: 'IPAddress' },
              value: { type: 'string', maxLength: 253 },
            },
          },
        },
        infrastructure: {
          type: 'object',
          properties: {
            labels: { type: 'object', maxProperties: 8, additionalProperties: { type: 'string', maxLength: 63 } },
            annotations: { type: 'object', maxProperties: 8, additionalProperties: LABEL_VALUE },
            parametersRef: {
              type: 'object',
              properties: { group: GROUP, kind: KIND, name: REFERENCE_NAME },
              required: ['group', 'kind', 'name'],
            },
          },
        },
        allowedListeners: {
          type: 'object',
          properties: {
            namespaces: {
              type: 'object',
              properties: {
                from: { type: 'string', enum: ['All', 'Selector', 'Same', 'None'], default: 'None' },
                selector: LABEL_SELECTOR,
              },
            },
          },
        },
        /** Experimental channel: such a Gateway is no default one. */
        defaultScope: { type: 'string' },
        tls: {
          type: 'object',
          properties: {
            backend: { type: 'object', properties: { clientCertificateRef: SECRET_REFERENCE } },
            frontend: {
              type: 'object',
              properties: {
                default: FRONTEND_TLS,
                perPort: {
                  type: 'array',
                  maxItems: 64,
                  listMapKeys: ['port'],
                  items: {
                    type: 'object',
                    properties: { port: PORT_NUMBER, tls: FRONTEND_TLS },
                    required: ['port', 'tls'],
                  },
                },
              },
              required: ['default'],
            },
          },
        },
      },
      required: ['gatewayClassName', 'listeners'],
    },
  },
  required: ['metadata', 'spec'],
} as const satisfies ObjectSchema;

export type GatewaySpec = Infer<typeof GATEWAY.properties.spec>;
export type GatewayListener = Infer<typeof LISTENER>;
export interface Gateway extends KubernetesObject {
  readonly spec: GatewaySpec;
}

export const REFERENCE_GRANT = {
  type: 'object',
  properties: {
    ...OBJECT_FIELDS,
    spec: {
      type: 'object',
      properties: {
        from: {
          type: 'array',
          minItems: 1,
          maxItems: 16,
          items: {
            type: 'object',
            properties: { group: GROUP, kind: KIND, namespace: NAMESPACE_NAME },
            required: ['group', 'kind', 'namespace'],
          },
        },
        to: {
          type: 'array',
          minItems: 1,
          maxItems: 16,
          items: {
            type: 'object',
            properties: { group: GROUP, kind: KIND, name: REFERENCE_NAME },
            required: ['group', 'kind'],
          },
        },
      },
      required: ['from', 'to'],
    },
  },
  required: ['metadata', 'spec'],
} as const satisfies ObjectSchema;

export type ReferenceGrantSpec = Infer<typeof REFERENCE_GRANT.properties.spec>;
export interface ReferenceGrant extends KubernetesObject {
  readonly spec: ReferenceGrantSpec;
}
