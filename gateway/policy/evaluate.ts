import type { CelContext, CelExpression } from '../../lib/cel/expression.ts';
import { toJson } from '../../lib/cel/json.ts';
import type { Alternatives } from '../compile/rule-policy.ts';

/** The variables of a request, built when the first expression asks for them. */
export type Variables = () => CelContext;

/** Result of an evaluation that failed. */
export const FAILED: unique symbol = Symbol('failed');

/**
 * FAILED when a variable is missing or a type does not fit: each caller says what that means. `request.body` is always missing, since
 * policies act before the body is read.
 */
export const evaluate = (expression: CelExpression, variables: Variables): unknown => {
  try {
    return expression.evaluate(variables());
  } catch {
    return FAILED;
  }
};

/** The first alternative whose condition is true. */
export const choose = <T>(alternatives: Alternatives<T>, variables: Variables): T | undefined =>
  alternatives.find(({ condition }) => condition === undefined || evaluate(condition, variables) === true)?.value;

/** A scalar as text, a list of scalars with commas; undefined for all else. */
export const textOf = (value: unknown): string | undefined => {
  switch (typeof value) {
    case 'string':
      return value;
    case 'bigint':
    case 'number':
    case 'boolean':
      return String(value);
    default:
      return Array.isArray(value) ? listText(value) : undefined;
  }
};

const listText = (values: readonly unknown[]): string | undefined => {
  const texts = values.map((value) => (Array.isArray(value) ? undefined : textOf(value)));
  return texts.includes(undefined) ? undefined : texts.join(', ');
};

/** Any value as the text of a body: lists and maps as JSON. Undefined if it failed, or has no JSON. */
export const bodyText = (value: unknown): string | undefined => {
  if (value === FAILED) return undefined;
  try {
    return typeof value === 'string' ? value : toJson(value);
  } catch {
    return undefined;
  }
};
