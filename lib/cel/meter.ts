import { CelEvaluationError } from './expression.ts';
import { type CelNode, children, type Evaluator, type MethodArgs, type Scope } from './node.ts';
import { boundVariable } from './references.ts';

/** Iterations of all comprehensions of one evaluation together. */
export const MAX_ITERATIONS = 10_000;
/** Characters, bytes or elements that a concatenation may result in. */
export const MAX_CONCATENATION = 65_536;

/** What the current evaluation may still spend. */
export interface Meter {
  iterations: number;
}

type Evaluate = (evaluator: Evaluator, node: CelNode, scope: Scope) => unknown;

/**
 * A CEL expression always ends, but nested comprehensions and doubled strings end late: both are counted while it runs. Changes the tree;
 * call once, after the type check, which decides how each node is evaluated.
 */
export const meter = (ast: CelNode, budget: Meter): void => {
  const visit = (node: CelNode): void => {
    if (node.op === '+') wrap(node, limitSize);
    if (boundVariable(node) !== undefined && (node.args as MethodArgs)[0] !== 'bind') {
      for (const step of (node.args as MethodArgs)[2].slice(1)) wrap(step, (evaluate) => count(evaluate, budget));
    }
    for (const child of children(node)) visit(child);
  };
  visit(ast);
};

const count =
  (evaluate: Evaluate, budget: Meter): Evaluate =>
  (evaluator, node, scope) => {
    if (--budget.iterations < 0) throw new CelEvaluationError(`more than ${MAX_ITERATIONS} iterations`);
    return evaluate(evaluator, node, scope);
  };

const limitSize =
  (evaluate: Evaluate): Evaluate =>
  (evaluator, node, scope) => {
    const value = evaluate(evaluator, node, scope);
    const size = typeof value === 'string' || Array.isArray(value) || value instanceof Uint8Array ? value.length : 0;
    if (size > MAX_CONCATENATION) throw new CelEvaluationError(`a concatenation longer than ${MAX_CONCATENATION}`);
    return value;
  };

const wrap = (node: CelNode, around: (evaluate: Evaluate) => Evaluate): void => {
  // Once wrapped, the node's own `evaluate` is what to wrap next; before, it is the dispatcher that would replace itself.
  const own = Object.hasOwn(node, 'evaluate') ? node.evaluate : dispatch(node);
  node.evaluate = around(own);
};

const dispatch = ({ meta }: CelNode): Evaluate => {
  const { alternate, macro, evaluate } = meta;
  if (alternate !== undefined) return (evaluator, _node, scope) => alternate.evaluate(evaluator, alternate, scope);
  if (macro !== undefined) return (evaluator, _node, scope) => macro.evaluate(evaluator, macro, scope);
  return evaluate;
};
