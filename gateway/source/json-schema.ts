import type { Schema } from '../../lib/api/schema.ts';

/** A structural schema as JSON Schema: closed objects, and patterns that run only on strings within their length. */
export const toJsonSchema = (schema: Schema): Record<string, unknown> => {
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
      return { ...keywords, ...(listType === 'set' ? { uniqueItems: true } : {}), items: toJsonSchema(schema.items) };
    }
    case 'object': {
      if ('additionalProperties' in schema) {
        return { ...without(schema), additionalProperties: toJsonSchema(schema.additionalProperties) };
      }
      const properties = Object.fromEntries(
        Object.entries(schema.properties).map(([name, property]) => [name, toJsonSchema(property)]),
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
