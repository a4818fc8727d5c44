/**
 * Kubernetes structural schemas (OpenAPI v3 subset) as `as const` data, and the TypeScript type that each describes:
 * one source for validation and defaults in file mode, and for the types of the constructs.
 */
export type Schema =
  | {
      readonly type: 'string';
      readonly description?: string;
      readonly enum?: readonly string[];
      /** Values that are legal in the compatible system and not served yet. */
      readonly unsupportedValues?: readonly string[];
      readonly default?: string;
      /** Goes with `maxLength`, which bounds the time that matching takes. */
      readonly pattern?: string;
      readonly minLength?: number;
      readonly maxLength?: number;
      readonly format?: string;
    }
  | {
      readonly type: 'integer';
      readonly description?: string;
      readonly minimum?: number;
      readonly maximum?: number;
      readonly default?: number;
      readonly format?: string;
    }
  | {
      readonly type: 'number';
      readonly description?: string;
      readonly minimum?: number;
      readonly maximum?: number;
      readonly default?: number;
    }
  | { readonly type: 'boolean'; readonly description?: string; readonly default?: boolean }
  | {
      readonly type: 'array';
      readonly description?: string;
      readonly items: Schema;
      readonly minItems?: number;
      readonly maxItems?: number;
      readonly default?: readonly unknown[];
      /** Fields that together are unique in the list. Source: x-kubernetes-list-map-keys. */
      readonly listMapKeys?: readonly string[];
    }
  /** A number, or a string that holds one or a name. */
  | { readonly type: 'intOrString'; readonly description?: string }
  /** Not looked into. */
  | { readonly type: 'any'; readonly description?: string }
  | ObjectSchema
  | MapSchema;

export interface ObjectSchema {
  readonly type: 'object';
  readonly description?: string;
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly default?: Readonly<Record<string, unknown>>;
  /** Fields that are legal in the compatible system and not served yet: refused by name, never ignored. */
  readonly unsupported?: readonly string[];
  /** Names of which exactly one must be set. Source: the CRD's x-kubernetes-validations. */
  readonly exactlyOneOf?: readonly string[];
  /** Names of which at least one must be set. */
  readonly atLeastOneOf?: readonly string[];
  /** Names of which at most one may be set. */
  readonly atMostOneOf?: readonly string[];
}

export interface MapSchema {
  readonly type: 'object';
  readonly description?: string;
  readonly additionalProperties: Schema;
  readonly maxProperties?: number;
}

/** The type that a schema describes. */
export type Infer<S> = S extends { readonly type: 'string'; readonly enum: readonly (infer E)[] }
  ? E
  : S extends { readonly type: 'string' }
    ? string
    : S extends { readonly type: 'integer' | 'number' }
      ? number
      : S extends { readonly type: 'boolean' }
        ? boolean
        : S extends { readonly type: 'any' }
          ? unknown
          : S extends { readonly type: 'intOrString' }
            ? number | string
            : S extends { readonly type: 'array'; readonly items: infer I }
              ? readonly Infer<I>[]
              : S extends { readonly additionalProperties: infer V }
                ? Readonly<Record<string, Infer<V>>>
                : S extends { readonly properties: infer P; readonly required: readonly (infer R)[] }
                  ? { readonly [K in keyof P as K extends R ? K : never]: Infer<P[K]> } & {
                      readonly [K in keyof P as K extends R ? never : K]?: Infer<P[K]>;
                    }
                  : S extends { readonly properties: infer P }
                    ? { readonly [K in keyof P]?: Infer<P[K]> }
                    : never;
