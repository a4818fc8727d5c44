import { CelEvaluationError, type CelExpression } from '../../lib/cel/expression.ts';
import { toJson } from '../../lib/cel/json.ts';
import type { AttributeValue } from '../telemetry/policy.ts';

type Evaluated<T> = { readonly value: T } | { readonly error: string };

/** Functions that give another value each time. */
const VOLATILE = /\b(?:random|uuid|variables)\s*\(/;

/** The value of an expression that reads nothing; undefined if it reads something or is never the same twice. */
export const constantValue = (expression: CelExpression): Evaluated<unknown> | undefined =>
  expression.references.size > 0 || VOLATILE.test(expression.source) ? undefined : evaluate(expression);

/** An expression evaluated with nothing to read, as an OpenTelemetry value: structures become JSON text. */
export const toAttributeValue = (expression: CelExpression): Evaluated<AttributeValue> => {
  const evaluated = evaluate(expression);
  if ('error' in evaluated) return evaluated;
  const { value } = evaluated;
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'number':
    case 'bigint':
      return { value };
    case 'object':
      if (value === null) return { error: 'the value is null' };
      return jsonText(value);
    default:
      return { error: 'no value' };
  }
};

const jsonText = (value: object): Evaluated<string> => {
  try {
    return { value: toJson(value) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { error: error.message };
  }
};

const evaluate = (expression: CelExpression): Evaluated<unknown> => {
  try {
    return { value: expression.evaluate({}) };
  } catch (error) {
    if (!(error instanceof CelEvaluationError)) throw error;
    return { error: error.message.split('\n', 1)[0] ?? 'the evaluation failed' };
  }
};
