import type { Schema } from '../../lib/api/schema.ts';

/** A structural schema as JSON Schema: closed objects, and patterns that run only on strings within their length. */
export const toJsonSchema = (schema: Schema): Record<string, unknown> => {
  switch (schema.type) {
    case 'any':
      return {};
    case 'intOrString':
      return { type: ['integer', 'string'] };
    case 'string': {
      const { description: _, pattern, format: __, ...keywords } = schema;
      if (pattern === undefined) return keywords;
      // ajv evaluates every keyword: without the guard a long string would meet a pattern of quadratic cost.
      // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
      return { ...keywords, if: { maxLength: schema.maxLength ?? 1024 }, then: { pattern } };
    }
    case 'array':
      return { ...without(schema), items: toJsonSchema(schema.items) };
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

const without = <S extends { readonly description?: string; readonly format?: string }>(
  schema: S,
): Record<string, unknown> => {
  const { description: _, format: __, ...keywords } = schema;
  return keywords;
};
