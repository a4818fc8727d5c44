import type { CallArgs, CelNode, Macro } from '../engine/node.ts';
import { ROOT_NAMES } from '../roots.ts';

/** `variables()`: all of them that have a value, as a map. */
const VARIABLES: Macro = {
  async: false,
  typeCheck: (checker) => checker.getType('map'),
  evaluate: (_evaluator, _macro, scope) =>
    new Map(
      ROOT_NAMES.flatMap((name) => {
        const value = scope.getValue(name);
        return value === undefined ? [] : [[name, value] as const];
      }),
    ),
};

export const isVariables = (node: CelNode): boolean => {
  if (node.op !== 'call') return false;
  const [name, args] = node.args as CallArgs;
  return name === 'variables' && args.length === 0;
};

/** Gives a call of `variables()` its meaning; a function without arguments sees no variables. */
export const expandVariables = (node: CelNode): void => {
  if (isVariables(node)) node.setMeta('macro', VARIABLES).setMeta('async', false);
};
