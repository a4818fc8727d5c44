import { Ajv, type DefinedError, type ErrorObject, type ValidateFunction } from 'ajv';
import type { KindName } from '../../lib/api/kinds.ts';
import { SCHEMAS } from '../../lib/api/objects.ts';
import { ruleViolations } from '../../lib/cel/rules.ts';
import type { FieldPath } from './documents.ts';
import { fieldName } from './documents.ts';
import { toJsonSchema } from './json-schema.ts';
import { LIMITS } from './limits.ts';
import type { ProblemRule } from './problem.ts';
import { suggest } from './suggest.ts';

/** What a schema has against a value. */
export interface Violation {
  readonly path: FieldPath;
  /** Whether the key or the value at `path` is to blame. */
  readonly part: 'key' | 'value';
  readonly rule: ProblemRule;
  readonly message: string;
}

const count = (names: readonly string[], data: object): number =>
  names.filter((name) => Object.hasOwn(data, name)).length;

const ajv = new Ajv({
  allErrors: true,
  useDefaults: true,
  verbose: true,
  allowUnionTypes: true,
  strictRequired: false,
  // Compiling is most of the work of a small file.
  inlineRefs: false,
  code: { optimize: false },
});
ajv.addKeyword({
  keyword: 'exactlyOneOf',
  type: 'object',
  validate: (names: string[], data: object) => count(names, data) === 1,
});
ajv.addKeyword({
  keyword: 'atLeastOneOf',
  type: 'object',
  validate: (names: string[], data: object) => count(names, data) >= 1,
});
ajv.addKeyword({
  keyword: 'atMostOneOf',
  type: 'object',
  validate: (names: string[], data: object) => count(names, data) <= 1,
});
ajv.addKeyword({
  keyword: 'listMapKeys',
  type: 'array',
  validate: (keys: string[], data: Record<string, unknown>[]) =>
    new Set(data.map((item) => JSON.stringify(keys.map((key) => item?.[key])))).size === data.length,
});

const validators = new Map<KindName, ValidateFunction>();

/** Checks a value against its kind's schema, then its rules, and writes the schema's defaults into it. */
export const validate = (kind: KindName, value: unknown): readonly Violation[] => {
  let validator = validators.get(kind);
  if (validator === undefined) {
    validator = ajv.compile(toJsonSchema(SCHEMAS[kind]));
    validators.set(kind, validator);
  }
  if (validator(value)) {
    return ruleViolations(SCHEMAS[kind], value).map(({ path, message }) => ({
      path,
      part: 'value',
      rule: 'invalid-value',
      message: `${fieldName(path)}: ${message}`,
    }));
  }
  const errors = (validator.errors ?? []).filter((error) => error.keyword !== 'if');
  return withoutEchoes(errors)
    .slice(0, LIMITS.problems)
    .map((error) => toViolation(kind, error));
};

/** A wrong type breaks every other keyword too. */
const withoutEchoes = (errors: readonly ErrorObject[]): readonly ErrorObject[] => {
  const wrongType = new Set(errors.flatMap((error) => (error.keyword === 'type' ? [error.instancePath] : [])));
  return errors.filter((error) => error.keyword === 'type' || !wrongType.has(error.instancePath));
};

const toViolation = (kind: KindName, error: ErrorObject): Violation => {
  const path = parsePointer(error.instancePath);
  const name = fieldName(path) || 'the document';
  const value = (rule: ProblemRule, message: string): Violation => ({ path, part: 'value', rule, message });
  const known = error as DefinedError;
  switch (known.keyword) {
    case 'additionalProperties': {
      const field = [...path, known.params.additionalProperty];
      return { path: field, part: 'key', ...unknownField(kind, field, error) };
    }
    case 'required':
      return value('missing-field', `${fieldName([...path, known.params.missingProperty])} is required`);
    case 'type':
      return value('wrong-type', `${name} must be ${article(known.params.type)}, is ${typeName(error.data)}`);
    case 'enum': {
      const allowed = known.params.allowedValues as readonly unknown[];
      const one = `${allowed.length > 1 ? 'one of ' : ''}${allowed.map((item) => JSON.stringify(item)).join(', ')}`;
      const meant = suggest(String(error.data), allowed.map(String));
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
      return value('invalid-value', `${name} must be ${one}, is ${show(error.data)}${hint}`);
    }
    case 'pattern':
      return value('invalid-value', `${name}: ${show(error.data)} does not match ${known.params.pattern}`);
    case 'minimum':
    case 'maximum':
      return value('invalid-value', `${name} ${known.message ?? 'is out of range'}, is ${show(error.data)}`);
    default:
      return value('invalid-value', `${name} ${describe(error)}`);
  }
};

const describe = (error: ErrorObject): string => {
  const listed: readonly unknown[] = Array.isArray(error.schema) ? error.schema : [];
  const names = listed.join(', ');
  switch (error.keyword) {
    case 'exactlyOneOf':
      return listed.length === 1 ? `must have ${names}` : `must have exactly one of ${names}`;
    case 'atLeastOneOf':
      return listed.length === 1 ? `must have ${names}` : `must have at least one of ${names}`;
    case 'atMostOneOf':
      return `must have at most one of ${names}`;
    case 'listMapKeys':
      return `must not hold two items of the same ${names}`;
    default:
      return error.message ?? 'is not valid';
  }
};

const unknownField = (
  kind: KindName,
  field: FieldPath,
  error: ErrorObject,
): { readonly rule: ProblemRule; readonly message: string } => {
  const names = Object.keys((error.parentSchema?.properties as object | undefined) ?? {});
  const meant = suggest(String(field.at(-1)), names);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return { rule: 'unknown-field', message: `unknown field ${fieldName(field)} of ${kind}${hint}` };
};

const parsePointer = (pointer: string): FieldPath =>
  pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((segment) => (/^\d{1,9}$/.test(segment) ? Number(segment) : segment));

const article = (type: string | readonly string[]): string => {
  const text = typeof type === 'string' ? type.replaceAll(',', ' or ') : type.join(' or ');
  return `${/^[aeiou]/.test(text) ? 'an' : 'a'} ${text}`;
};

const typeName = (value: unknown): string => {
  if (value === null) return 'empty (null)';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
};

/** Values in messages are short: a message is one line of a log. */
const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};
