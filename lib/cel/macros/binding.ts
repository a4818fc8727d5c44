import { ParseError } from '@marcbachmann/cel-js';
import type { CelNode, Checker, Evaluator, InnerScope, Macro, MacroCall, Scope } from '../engine/node.ts';
import { CelEvaluationError } from '../expression.ts';
import { entriesOf } from '../flatten.ts';

type ReceiverCall = MacroCall & { readonly receiver: CelNode };

/** Runs the body with the variable set to a value. */
type Run = (value: unknown) => unknown;

/** A macro `receiver.name(variable, body)`. */
const binding = (
  { receiver, args }: ReceiverCall,
  typeOfVariable: (checker: Checker, receiver: unknown) => unknown,
  type: string | undefined,
  evaluate: (value: unknown, run: Run) => unknown,
): Macro => {
  const [variable, body] = args as readonly [CelNode, CelNode];
  if (variable.op !== 'id') {
    throw new ParseError({
      message: 'the first argument must be the name of a variable',
      range: { start: variable.pos, end: variable.pos },
    } as never);
  }
  let inner: InnerScope;
  return {
    async: false,
    typeCheck(checker: Checker, _macro: unknown, scope: Scope) {
      const receiverType = checker.check(receiver, scope);
      inner = scope.forkWithVariable(variable.args as string, typeOfVariable(checker, receiverType));
      const bodyType = checker.check(body, inner);
      return type === undefined ? bodyType : checker.getType(type);
    },
    evaluate(evaluator: Evaluator, _macro: unknown, scope: Scope) {
      const value = evaluator.run(receiver, scope);
      const scoped = inner.reuse(scope);
      return evaluate(value, (item) => evaluator.run(body, scoped.setIterValue(item, evaluator)));
    },
  };
};

/** `x.with(v, expression of v)`. */
export const withMacro = (call: ReceiverCall): Macro =>
  binding(
    call,
    (_checker, type) => type,
    undefined,
    (value, run) => run(value),
  );

const dynamic = (checker: Checker): unknown => checker.getType('dyn');

const entries = (value: unknown, name: string): readonly (readonly [key: unknown, item: unknown])[] => {
  if (value instanceof Map || (typeof value === 'object' && value !== null && value.constructor === Object)) {
    return entriesOf(value);
  }
  throw new CelEvaluationError(`${name}: not a map`);
};

/** `m.mapValues(v, expression of v)`: the same keys with other values. */
export const mapValues = (call: ReceiverCall): Macro =>
  binding(
    call,
    dynamic,
    'map',
    (value, run) => new Map(entries(value, 'mapValues').map(([key, item]) => [key, run(item)])),
  );

/** `m.filterKeys(k, condition on k)`: the entries whose key fits. */
export const filterKeys = (call: ReceiverCall): Macro =>
  binding(call, dynamic, 'map', (value, run) => {
    const kept = entries(value, 'filterKeys').filter(([key]) => {
      const fits = run(key);
      if (typeof fits !== 'boolean') throw new CelEvaluationError('filterKeys: the condition is not a bool');
      return fits;
    });
    return new Map(kept);
  });

/** Another spelling of `exists_one`. */
export const existsOne = (call: MacroCall): object =>
  call.parser.registry.findMacro('exists_one', true, 2).handler(call) as object;
