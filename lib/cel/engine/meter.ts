import { CelEvaluationError } from '../expression.ts';
import { boundVariable } from '../references.ts';
import { type CelNode, children, type Evaluator, type MethodArgs, type Scope } from './node.ts';

/**
 * What one evaluation may spend. A unit is about the work of evaluating one node of the tree (a quarter of a microsecond); reading or
 * making a text costs one unit for 64 characters, a list or map one for four elements, a failure that is caught eighty.
 */
export const MAX_COST = 50_000;

const TEXT_PER_UNIT = 64;
const ELEMENTS_PER_UNIT = 4;
const ERROR_COST = 80;
/** Characters of an expression that its error messages look through in that time. */
const SOURCE_PER_UNIT = 64;

/** One object, because it is thrown and caught at every level that is left. */
const EXHAUSTED = new CelEvaluationError(`more than ${MAX_COST} units of work`);

/** Of the evaluation that runs: evaluations are synchronous, and none is within another. */
let remaining = 0;

/** @throws {CelEvaluationError} when the evaluation has spent all it may; must not be caught on the way. */
export const spend = (units: number): void => {
  remaining -= units;
  if (remaining < 0) throw EXHAUSTED;
};

/** Runs one evaluation with a budget of its own. */
export const metered = <T>(evaluation: () => T): T => {
  remaining = MAX_COST;
  return evaluation();
};

/** Pays for an error that something is about to do without. @throws what may not be done without */
export const absorb = (error: unknown, node: CelNode): void => {
  if (error === EXHAUSTED) throw error;
  spend(ERROR_COST + node.input.length / SOURCE_PER_UNIT);
};

/** Of a text that is read or made `times`. */
export const textCost = (length: number): number => length / TEXT_PER_UNIT;

const costOf = (value: unknown): number => {
  if (typeof value === 'string') return value.length / TEXT_PER_UNIT;
  if (typeof value !== 'object' || value === null) return 0;
  if (Array.isArray(value)) return value.length / ELEMENTS_PER_UNIT;
  if (value instanceof Uint8Array) return value.length / TEXT_PER_UNIT;
  return value instanceof Map ? value.size / ELEMENTS_PER_UNIT : 1;
};

/** Pays for looking at all of a value: parts that are shared count as often as they are met. */
export const spendOnWhole = (value: unknown): void => {
  spend(costOf(value));
  if (Array.isArray(value)) {
    for (const item of value) if (isContainer(item)) spendOnWhole(item);
  } else if (value instanceof Map) {
    for (const item of value.values()) if (isContainer(item)) spendOnWhole(item);
  } else if (isContainer(value) && value.constructor === Object) {
    for (const item of Object.values(value)) spendOnWhole(item);
  }
};

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

const CALLS = new Set(['call', 'rcall']);
const SIZED = new Set(['+', '<', '<=', '>', '>=', '-', '*', '/', '%']);
const COMPARED = new Set(['==', '!=', 'in']);
const OPTIONAL = new Set(['.?', '[?]']);

/**
 * A CEL expression always ends, but nested comprehensions, doubled values and failures end late: all that can grow is paid for while it
 * runs. Changes the tree; call once, after the type check, which decides how each node is evaluated.
 */
export const meter = (ast: CelNode): void => {
  if (boundVariable(ast)?.repeats === true) {
    for (const step of (ast.args as MethodArgs)[2].slice(1)) prepay(step, sizeOf(step));
  }
  if (CALLS.has(ast.op)) onApply(ast, costOfAll, true);
  else if (SIZED.has(ast.op)) onApply(ast, (left, right) => costOf(left) + costOf(right), ast.op === '+');
  else if (COMPARED.has(ast.op)) onApply(ast, wholeCost, false);
  else if (OPTIONAL.has(ast.op)) onApply(ast, () => ERROR_COST, false);
  for (const child of children(ast)) meter(child);
};

const costOfAll = (values: unknown): number => {
  let sum = 0;
  for (const value of values as readonly unknown[]) sum += costOf(value);
  return sum;
};

const wholeCost = (left: unknown, right: unknown): number => {
  if (isContainer(left) || isContainer(right)) {
    spendOnWhole(left);
    spendOnWhole(right);
    return 0;
  }
  return costOf(left) + costOf(right);
};

const onApply = (node: CelNode, cost: (first: unknown, second: unknown) => number, paysForResult: boolean): void => {
  const { handle } = node;
  if (handle === undefined) return;
  node.handle = (first, second, third, fourth) => {
    const before = cost(first, second);
    if (before > 0) spend(before);
    const result = handle(first, second, third, fourth);
    if (paysForResult) {
      const after = costOf(result);
      if (after > 0) spend(after);
    }
    return result;
  };
};

const sizeOf = (node: CelNode): number => children(node).reduce((sum, child) => sum + sizeOf(child), 1);

type Evaluate = (evaluator: Evaluator, node: CelNode, scope: Scope) => unknown;

const prepay = (node: CelNode, units: number): void => {
  // Once wrapped, the node's own `evaluate` is what to wrap next; before, it is the dispatcher that would replace itself.
  const own: Evaluate = Object.hasOwn(node, 'evaluate') ? node.evaluate : dispatch(node);
  node.evaluate = (evaluator, self, scope) => {
    spend(units);
    return own(evaluator, self, scope);
  };
};

const dispatch = ({ meta }: CelNode): Evaluate => {
  const { alternate, macro, evaluate } = meta;
  if (alternate !== undefined) return (evaluator, _node, scope) => alternate.evaluate(evaluator, alternate, scope);
  if (macro !== undefined) return (evaluator, _node, scope) => macro.evaluate(evaluator, macro, scope);
  return evaluate;
};
