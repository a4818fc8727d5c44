import { EvaluationError } from '@marcbachmann/cel-js';
import type { AccessArgs, CelNode, Evaluator, Macro, Scope } from './node.ts';

/** Arguments that `coalesce` takes at most. */
const MAX_COALESCE = 16;

/** Engine error codes that say "not there", as opposed to "wrong". */
const MISSING = new Set(['no_such_key', 'unknown_variable', 'index_out_of_bounds', 'optional_value_missing']);

/**
 * `default(expression, fallback)`: the fallback when the expression is null or names something that is not there, be it a key, an index
 * or a whole root; other errors propagate. Both arguments are lazy.
 */
const defaultMacro = ({ args }: { readonly args: readonly [CelNode, CelNode] }): Macro => ({
  async: false,
  typeCheck(checker, _macro, scope) {
    for (const arg of args) checker.check(arg, scope);
    return checker.getType('dyn');
  },
  evaluate(evaluator, _macro, scope) {
    return find(args[0], evaluator, scope) ?? evaluator.run(args[1], scope);
  },
});

/** `coalesce(a, b, …)`: the first that is neither null nor an error; null if there is none. */
const coalesceMacro = ({ args }: { readonly args: readonly CelNode[] }): Macro => ({
  async: false,
  typeCheck(checker, _macro, scope) {
    for (const arg of args) checker.check(arg, scope);
    return checker.getType('dyn');
  },
  evaluate(evaluator, _macro, scope) {
    for (const arg of args) {
      try {
        const value = find(arg, evaluator, scope) ?? null;
        if (value !== null) return value;
      } catch (error) {
        if (!(error instanceof EvaluationError)) throw error;
      }
    }
    return null;
  },
});

export const MACROS: readonly (readonly [signature: string, handler: (call: never) => Macro])[] = [
  ['default(ast, ast): dyn', defaultMacro],
  ...Array.from(
    { length: MAX_COALESCE },
    (_, index) => [`coalesce(${Array(index + 1).fill('ast')}): dyn`, coalesceMacro] as const,
  ),
];

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
    if (error instanceof EvaluationError && MISSING.has(error.code)) return undefined;
    throw error;
  }
};
