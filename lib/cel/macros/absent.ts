import { EvaluationError } from '@marcbachmann/cel-js';
import { absorb } from '../engine/meter.ts';
import type { AccessArgs, CelNode, Evaluator, Macro, Scope } from '../engine/node.ts';
import { CelEvaluationError, CelMissingError } from '../expression.ts';

/** Arguments that `coalesce` takes at most. */
const MAX_COALESCE = 16;

/** Engine error codes that say "not there", as opposed to "wrong". */
const MISSING = new Set(['no_such_key', 'unknown_variable', 'index_out_of_bounds', 'optional_value_missing']);

/**
 * `default(expression, fallback)`: the fallback when the expression is null or names something that is not there, be it a key, an index
 * or a whole root; other errors propagate. Both arguments are lazy.
 */
export const defaultMacro = ({ args }: { readonly args: readonly [CelNode, CelNode] }): Macro => ({
  async: false,
  typeCheck(checker, _macro, scope) {
    for (const arg of args) checker.check(arg, scope);
    return checker.getType('dyn');
  },
  evaluate(evaluator, _macro, scope) {
    return find(args[0], evaluator, scope) ?? evaluator.run(args[1], scope);
  },
});

/** `coalesce(a, b, …)`: the first that is neither null nor an error; null if there is none, or the last error if all were. */
const coalesceMacro = ({ args }: { readonly args: readonly CelNode[] }): Macro => ({
  async: false,
  typeCheck(checker, _macro, scope) {
    for (const arg of args) checker.check(arg, scope);
    return checker.getType('dyn');
  },
  evaluate(evaluator, _macro, scope) {
    let failure: unknown;
    let failures = 0;
    for (const arg of args) {
      try {
        const value = find(arg, evaluator, scope);
        if (value === undefined) failures += 1;
        else if (value !== null) return value;
      } catch (error) {
        if (!isFailure(error)) throw error;
        absorb(error, arg);
        failure = error;
        failures += 1;
      }
    }
    if (failures < args.length) return null;
    throw failure ?? new CelMissingError('coalesce: there is none');
  },
});

const isFailure = (error: unknown): boolean =>
  error instanceof EvaluationError || error instanceof CelEvaluationError || error instanceof RangeError;

export const COALESCE = Array.from(
  { length: MAX_COALESCE },
  (_, index) =>
    [
      `coalesce(${Array(index + 1)
        .fill('ast')
        .join(', ')}): dyn`,
      coalesceMacro,
    ] as const,
);

/** Undefined if it is not there. A path is walked, because an exception costs a hundred times as much as a look-up. */
const find = (node: CelNode, evaluator: Evaluator, scope: Scope): unknown => {
  if (node.op === 'id' && node.meta.alternate === undefined) return scope.getValue(node.args as string);
  if (node.op === '.' || node.op === '[]') {
    const [target, key] = node.args as AccessArgs;
    const object = find(target, evaluator, scope) ?? undefined;
    if (object === undefined) return undefined;
    const name = typeof key === 'string' ? key : find(key, evaluator, scope);
    if (name === undefined) return undefined;
    // The engine throws for an index outside of a list; everything else that is missing it reports as undefined.
    if (Array.isArray(object) && !(Number(name) in object)) return undefined;
    return evaluator.debugType(object).fieldLazy(object, name, node, evaluator);
  }
  try {
    return evaluator.run(node, scope);
  } catch (error) {
    if (!isMissing(error)) throw error;
    absorb(error, node);
    return undefined;
  }
};

const isMissing = (error: unknown): boolean =>
  error instanceof CelMissingError || (error instanceof EvaluationError && MISSING.has(error.code));
