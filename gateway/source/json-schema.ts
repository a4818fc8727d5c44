import type { Schema } from '../../lib/api/schema.ts';

/**
 * A structural schema as JSON Schema: closed objects, and patterns that run only on strings within their length. Parts that stand in
 * several places are written once, under `$defs`: compiling takes as long as the text is.
 */
export const toJsonSchema = (schema: Schema): Record<string, unknown> => {
  const definitions = new Map<Schema, { readonly name: string; written: Record<string, unknown> }>();
  const shared = repeated(schema);
  const write = (part: Schema): Record<string, unknown> => {
    if (!shared.has(part)) return shapeOf(part, write);
    let definition = definitions.get(part);
    if (definition === undefined) {
      definition = { name: `${definitions.size}`, written: {} };
      definitions.set(part, definition);
      definition.written = shapeOf(part, write);
    }
    // Defaults are taken from where the field stands.
    const { default: value } = definition.written;
    return { $ref: `#/$defs/${definition.name}`, ...(value === undefined ? {} : { default: value }) };
  };
  const root = shapeOf(schema, write);
  return { ...root, $defs: Object.fromEntries([...definitions.values()].map(({ name, written }) => [name, written])) };
};

/** Lists and objects that stand in more than one place. */
const repeated = (root: Schema): ReadonlySet<Schema> => {
  const seen = new Set<Schema>();
  const twice = new Set<Schema>();
  const visit = (schema: Schema): void => {
    if (schema.type !== 'array' && schema.type !== 'object') return;
    if (seen.has(schema)) {
      twice.add(schema);
      return;
    }
    seen.add(schema);
    if (schema.type === 'array') visit(schema.items);
    else if ('additionalProperties' in schema) visit(schema.additionalProperties);
    else for (const property of Object.values(schema.properties)) visit(property);
  };
  visit(root);
  return twice;
};

const shapeOf = (schema: Schema, write: (part: Schema) => Record<string, unknown>): Record<string, unknown> => {
  switch (schema.type) {
    case 'any':
      return {};
    case 'anyObject':
      return { type: 'object' };
    case 'intOrString':
      return { ...withPattern(schema), type: ['integer', 'string'] };
    case 'string':
      return withPattern(schema);
    case 'array': {
      const { listType, ...keywords } = without(schema);
      return { ...keywords, ...(listType === 'set' ? { uniqueItems: true } : {}), items: write(schema.items) };
    }
    case 'object': {
      if ('additionalProperties' in schema) {
        return { ...without(schema), additionalProperties: write(schema.additionalProperties) };
      }
      const properties = Object.fromEntries(
        Object.entries(schema.properties).map(([name, property]) => [name, write(property)]),
      );
      return { ...without(schema), properties, additionalProperties: false };
    }
    default:
      return without(schema);
  }
};

/** Length to which a pattern is tried on strings without a bound. */
const DEFAULT_LENGTH = 1024;

const withPattern = (schema: Extract<Schema, { readonly type: 'string' | 'intOrString' }>): Record<string, unknown> => {
  const { pattern, ...keywords } = without(schema);
  if (pattern === undefined) return keywords;
  // ajv evaluates every keyword: without the guard a long string would meet a pattern of quadratic cost.
  // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
  return { ...keywords, if: { maxLength: schema.maxLength ?? DEFAULT_LENGTH }, then: { pattern } };
};

/** What a schema says that JSON Schema has no word for, or that is checked otherwise. */
const NOTES: ReadonlySet<string> = new Set(['description', 'format', 'rules', 'inert', 'inertValues']);

const without = (schema: Schema): Record<string, unknown> =>
  Object.fromEntries(Object.entries(schema).filter(([keyword]) => !NOTES.has(keyword)));
