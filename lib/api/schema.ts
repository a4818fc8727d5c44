/**
 * Kubernetes structural schemas (OpenAPI v3 subset) as `as const` data, and the TypeScript type that each describes:
 * one source for validation and defaults in file mode, for the types of the constructs, and for the CustomResourceDefinitions.
 */
export type Schema =
  | StringSchema
  | IntegerSchema
  | NumberSchema
  | BooleanSchema
  | ArraySchema
  | IntOrStringSchema
  | AnySchema
  | AnyObjectSchema
  | ObjectSchema
  | MapSchema;

/** A condition across fields, in CEL over `self`. Source: x-kubernetes-validations. It must hold without the schema's defaults too. */
export interface Rule {
  readonly rule: string;
  /** Goes behind the name of the field. */
  readonly message: string;
}

interface SchemaBase {
  readonly description?: string;
  readonly rules?: readonly Rule[];
  /** Part of the compatible system that is accepted and has no effect: says what is not served. */
  readonly inert?: string;
}

export interface StringSchema extends SchemaBase {
  readonly type: 'string';
  readonly enum?: readonly string[];
  /** Values that are accepted and have no effect, each with what is not served. */
  readonly inertValues?: Readonly<Record<string, string>>;
  readonly default?: string;
  /** Goes with `maxLength`, which bounds the time that matching takes. */
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: string;
}

export interface IntegerSchema extends SchemaBase {
  readonly type: 'integer';
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: number;
  readonly format?: string;
}

export interface NumberSchema extends SchemaBase {
  readonly type: 'number';
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: number;
}

export interface BooleanSchema extends SchemaBase {
  readonly type: 'boolean';
  readonly default?: boolean;
}

export interface ArraySchema extends SchemaBase {
  readonly type: 'array';
  readonly items: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly default?: readonly unknown[];
  /** Fields that together are unique in the list. Source: x-kubernetes-list-map-keys. */
  readonly listMapKeys?: readonly string[];
  /** `set`: no two items are equal. `atomic`: has one owner as a whole. Source: x-kubernetes-list-type. */
  readonly listType?: 'set' | 'atomic';
}

/** A number, or a string that holds one or a name. */
export interface IntOrStringSchema extends SchemaBase {
  readonly type: 'intOrString';
  /** Of the string, as are the lengths. */
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
}

/** Not looked into. */
export interface AnySchema extends SchemaBase {
  readonly type: 'any';
}

/** An object that is not looked into. */
export interface AnyObjectSchema extends SchemaBase {
  readonly type: 'anyObject';
}

export interface ObjectSchema extends SchemaBase {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly default?: Readonly<Record<string, unknown>>;
  /** Names of which exactly one must be set. Source: the CRD's x-kubernetes-validations. */
  readonly exactlyOneOf?: readonly string[];
  /** Names of which at least one must be set. */
  readonly atLeastOneOf?: readonly string[];
  /** Names of which at most one may be set. */
  readonly atMostOneOf?: readonly string[];
}

export interface MapSchema extends SchemaBase {
  readonly type: 'object';
  readonly additionalProperties: Schema;
  readonly minProperties?: number;
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
          : S extends { readonly type: 'anyObject' }
            ? Readonly<Record<string, unknown>>
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

/** A field that is set and has no effect. */
export interface InertField {
  /** `spec.traffic.csrf`. */
  readonly path: string;
  readonly reason: string;
}

/** Fields that one answer names: a status message is short. */
export const MAX_INERT_FIELDS = 32;

/** The fields of a valid value that are set and have no effect, outermost only, in the order of the value; at most `MAX_INERT_FIELDS`. */
export const inertFields = (schema: Schema, value: unknown): readonly InertField[] => {
  const found: InertField[] = [];
  visit(schema, value, '', found);
  return found;
};

const visit = (schema: Schema, value: unknown, path: string, found: InertField[]): void => {
  if (value === undefined || value === null || found.length >= MAX_INERT_FIELDS) return;
  const reason = schema.inert ?? (schema.type === 'string' ? inertValue(schema.inertValues, value) : undefined);
  if (reason !== undefined) {
    found.push({ path, reason });
    return;
  }
  if (schema.type === 'array' && Array.isArray(value)) {
    for (const [index, item] of value.entries()) visit(schema.items, item, `${path}[${index}]`, found);
  }
  if (schema.type !== 'object' || typeof value !== 'object') return;
  for (const [name, item] of Object.entries(value)) {
    if ('additionalProperties' in schema) visit(schema.additionalProperties, item, `${path}[${name}]`, found);
    else if (Object.hasOwn(schema.properties, name)) {
      visit(schema.properties[name] as Schema, item, path === '' ? name : `${path}.${name}`, found);
    }
  }
};

const inertValue = (values: Readonly<Record<string, string>> | undefined, value: unknown): string | undefined =>
  values !== undefined && typeof value === 'string' && Object.hasOwn(values, value) ? values[value] : undefined;
