import { NAMESPACE_NAME, OBJECT_NAME } from '../api/core.ts';
import type { ObjectSchema, Schema } from '../api/schema.ts';
import { ruleViolations } from '../cel/rules.ts';

/** What to do about the patterns that people meet most. */
const PATTERN_WORDS: ReadonlyMap<string, string> = new Map([
  [OBJECT_NAME.pattern, 'is no name: use lower case letters, digits, "-" and ".", with a letter or digit at each end'],
  [NAMESPACE_NAME.pattern, 'is no name: use lower case letters, digits and "-", with a letter or digit at each end'],
]);

/** What a value breaks of a schema, one line each: the field and the rule. Empty when the API server would take the value. */
export const schemaProblems = (schema: Schema, value: unknown, field = ''): readonly string[] => {
  const problems = structureProblems(schema, value, field);
  if (problems.length > 0) return problems;
  return ruleViolations(schema, value).map(({ path, message }) => {
    const name = path.reduce<string>(
      (parent, part) => (typeof part === 'number' ? `${parent}[${part}]` : join(parent, part)),
      field,
    );
    return `${name === '' ? 'object' : name}: ${message}`;
  });
};

const join = (field: string, key: string): string => (field === '' ? key : `${field}.${key}`);

const structureProblems = (schema: Schema, value: unknown, field: string): readonly string[] => {
  const problem = (message: string): readonly string[] => [`${field === '' ? 'object' : field}: ${message}`];
  switch (schema.type) {
    case 'any':
      return [];
    case 'anyObject':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
        ? []
        : problem(`${show(value)} is not an object`);
    case 'boolean':
      return typeof value === 'boolean' ? [] : problem(`${show(value)} is not a boolean`);
    case 'intOrString':
      if (typeof value === 'string') return textProblems(schema, value).flatMap(problem);
      return Number.isInteger(value) ? [] : problem(`${show(value)} is no number or name`);
    case 'integer':
    case 'number': {
      if (typeof value !== 'number' || (schema.type === 'integer' && !Number.isInteger(value))) {
        return problem(`${show(value)} is not ${schema.type === 'integer' ? 'a whole number' : 'a number'}`);
      }
      const { minimum = -Infinity, maximum = Infinity } = schema;
      return value >= minimum && value <= maximum ? [] : problem(`${value} is not from ${minimum} to ${maximum}`);
    }
    case 'string': {
      if (typeof value !== 'string') return problem(`${show(value)} is not a string`);
      if (schema.enum === undefined || schema.enum.includes(value)) return textProblems(schema, value).flatMap(problem);
      return problem(`${show(value)} is not one of ${schema.enum.join(', ')}`);
    }
    case 'array': {
      if (!Array.isArray(value)) return problem(`${show(value)} is not a list`);
      const { minItems = 0, maxItems = Infinity, listMapKeys = [], listType } = schema;
      if (value.length < minItems) return problem(`has ${value.length} items, at least ${minItems} are needed`);
      if (value.length > maxItems) return problem(`has ${value.length} items, at most ${maxItems} are allowed`);
      return [
        ...(listType === 'set' ? repeated(value.map(show)) : []).flatMap((item) => problem(`${item} is there twice`)),
        ...duplicates(value, listMapKeys).flatMap((key) => problem(`${key} is there twice`)),
        ...value.flatMap((item, index) => structureProblems(schema.items, item, `${field}[${index}]`)),
      ];
    }
    case 'object': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        return problem(`${show(value)} is not an object`);
      }
      const entries = Object.entries(value).filter(([, item]) => item !== undefined);
      if ('additionalProperties' in schema) {
        const { minProperties = 0, maxProperties = Infinity } = schema;
        if (entries.length < minProperties) {
          return problem(`has ${entries.length} entries, at least ${minProperties} are needed`);
        }
        if (entries.length > maxProperties) {
          return problem(`has ${entries.length} entries, at most ${maxProperties} are allowed`);
        }
        return entries.flatMap(([key, item]) =>
          structureProblems(schema.additionalProperties, item, `${field}[${show(key)}]`),
        );
      }
      return [
        ...presenceProblems(schema, new Set(entries.map(([key]) => key))).flatMap(problem),
        ...entries.flatMap(([key, item]) => {
          const name = join(field, key);
          const property = Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
          return property === undefined ? [`${name}: is not supported`] : structureProblems(property, item, name);
        }),
      ];
    }
  }
};

const textProblems = (
  { minLength = 0, maxLength = Infinity, pattern }: Extract<Schema, { readonly type: 'string' | 'intOrString' }>,
  value: string,
): readonly string[] => {
  if (value.length < minLength) return ['is empty'];
  if (value.length > maxLength) return [`has ${value.length} characters, at most ${maxLength} are allowed`];
  if (pattern === undefined || new RegExp(pattern).test(value)) return [];
  return [`${show(value)} ${PATTERN_WORDS.get(pattern) ?? `does not match ${pattern}`}`];
};

const presenceProblems = (schema: ObjectSchema, keys: ReadonlySet<string>): readonly string[] => {
  const given = (names: readonly string[]): number => names.filter((name) => keys.has(name)).length;
  const { required = [], exactlyOneOf, atLeastOneOf, atMostOneOf } = schema;
  return [
    ...required.filter((name) => !keys.has(name)).map((name) => `${name} is missing`),
    ...(exactlyOneOf !== undefined && given(exactlyOneOf) !== 1 ? [`needs one of ${exactlyOneOf.join(', ')}`] : []),
    ...(atLeastOneOf !== undefined && given(atLeastOneOf) === 0
      ? [`needs at least one of ${atLeastOneOf.join(', ')}`]
      : []),
    ...(atMostOneOf !== undefined && given(atMostOneOf) > 1 ? [`takes only one of ${atMostOneOf.join(', ')}`] : []),
  ];
};

const duplicates = (items: readonly unknown[], keys: readonly string[]): readonly string[] => {
  if (keys.length === 0) return [];
  const names = items.map((item) => keys.map((key) => `${key} ${show(Reflect.get(Object(item), key))}`).join(', '));
  return repeated(names);
};

const repeated = (names: readonly string[]): readonly string[] => [
  ...new Set(names.filter((name, index) => names.indexOf(name) !== index)),
];

/** Of a value in a message: short, and quoted so that an empty one is seen. */
const SHOWN_CHARACTERS = 80;
const show = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, SHOWN_CHARACTERS);
