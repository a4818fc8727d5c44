import { Environment, EvaluationError } from '@marcbachmann/cel-js';
import type { Schema } from '../api/schema.ts';
import { CelEvaluationError } from './expression.ts';
import { Quantity } from './quantity.ts';

/** A rule that a value breaks. */
export interface RuleViolation {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Violations that one value is told of. */
const MAX_VIOLATIONS = 20;

/** The part of the CEL environment of Kubernetes validation rules that schemas use. */
const createEnvironment = (): Environment =>
  new Environment({ unlistedVariablesAreDyn: false, homogeneousAggregateLiterals: false })
    .registerVariable('self', 'dyn')
    .registerType('Quantity', Quantity)
    .registerFunction('quantity(string): Quantity', (text: string) => Quantity.parse(text))
    .registerFunction('Quantity.isLessThan(Quantity): bool', (a: Quantity, b: Quantity) => a.nano < b.nano)
    .registerFunction('Quantity.isGreaterThan(Quantity): bool', (a: Quantity, b: Quantity) => a.nano > b.nano);

const ENVIRONMENT = createEnvironment();
const compiled = new Map<string, (context: { readonly self: unknown }) => unknown>();

/**
 * The rules of a schema, `x-kubernetes-validations` in CRDs, that a value breaks. The value must fit the rest of the schema; its defaults
 * may be absent.
 *
 * @throws when a rule is no CEL: a mistake in the schema.
 */
export const ruleViolations = (schema: Schema, value: unknown): readonly RuleViolation[] => {
  if (!hasRules(schema)) return [];
  const found: RuleViolation[] = [];
  visit(schema, value, toCel(schema, value), [], found);
  return found;
};

const visit = (
  schema: Schema,
  value: unknown,
  cel: unknown,
  path: RuleViolation['path'],
  found: RuleViolation[],
): void => {
  if (!hasRules(schema) || value === undefined || value === null) return;
  for (const { rule, message } of schema.rules ?? []) {
    if (found.length >= MAX_VIOLATIONS) return;
    if (!holds(rule, cel)) found.push({ path, message });
  }
  if (schema.type === 'array') {
    for (const [index, item] of (value as readonly unknown[]).entries()) {
      visit(schema.items, item, (cel as readonly unknown[])[index], [...path, index], found);
    }
  } else if (schema.type === 'object') {
    for (const [name, item] of Object.entries(value)) {
      visit(memberOf(schema, name), item, (cel as ReadonlyMap<string, unknown>).get(name), [...path, name], found);
    }
  }
};

/** An error is not true: the same as in the API server. */
const holds = (rule: string, self: unknown): boolean => {
  let run = compiled.get(rule);
  if (run === undefined) {
    const parsed = ENVIRONMENT.parse(rule);
    const { valid, error } = parsed.check();
    if (!valid) throw error ?? new Error(`not CEL: ${rule}`);
    run = parsed;
    compiled.set(rule, run);
  }
  try {
    return run({ self }) === true;
  } catch (error) {
    if (error instanceof EvaluationError || error instanceof CelEvaluationError) return false;
    throw error;
  }
};

const OPAQUE = { type: 'any' } as const satisfies Schema;

const memberOf = (schema: Extract<Schema, { readonly type: 'object' }>, name: string): Schema => {
  if ('additionalProperties' in schema) return schema.additionalProperties;
  return (Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined) ?? OPAQUE;
};

/** As deep as the schema looks. A Map, because an own key named `constructor` would change what the engine takes a plain object for. */
const toCel = (schema: Schema, value: unknown): unknown => {
  if (value === undefined || value === null) return null;
  switch (schema.type) {
    case 'array':
      return (value as readonly unknown[]).map((item) => toCel(schema.items, item));
    case 'object':
      return new Map(
        Object.entries(value).flatMap(([name, item]) =>
          item === undefined ? [] : [[name, toCel(memberOf(schema, name), item)] as const],
        ),
      );
    case 'integer':
    case 'intOrString':
      return typeof value === 'number' ? BigInt(value) : value;
    case 'any':
    case 'anyObject':
      return true;
    default:
      return value;
  }
};

const known = new WeakMap<Schema, boolean>();

const hasRules = (schema: Schema): boolean => {
  const before = known.get(schema);
  if (before !== undefined) return before;
  const result = (schema.rules ?? []).length > 0 || parts(schema).some(hasRules);
  known.set(schema, result);
  return result;
};

const parts = (schema: Schema): readonly Schema[] => {
  if (schema.type === 'array') return [schema.items];
  if (schema.type !== 'object') return [];
  return 'additionalProperties' in schema ? [schema.additionalProperties] : Object.values(schema.properties);
};
