import { UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { CelEvaluationError } from '../expression.ts';
import type { CelNode, Checker, Evaluator, Scope } from './node.ts';

type Entries = readonly (readonly [key: CelNode, value: CelNode])[];

/** Numbers that are equal are the same key, whatever their types. */
const keyOf = (key: unknown): unknown => {
  if (key instanceof UnsignedInt) return key.value;
  return typeof key === 'number' && Number.isSafeInteger(key) ? BigInt(key) : key;
};

/** A map whose keys keep their types; the engine takes it for a Map by its constructor. */
class CelMap extends Map<unknown, unknown> {
  override get(key: unknown): unknown {
    return super.get(keyOf(key));
  }

  override has(key: unknown): boolean {
    return super.has(keyOf(key));
  }
}
Object.defineProperty(CelMap.prototype, 'constructor', { value: Map });

const isKey = (key: unknown): boolean =>
  typeof key === 'string' || typeof key === 'bigint' || typeof key === 'boolean' || key instanceof UnsignedInt;

/** The engine's own makes a JavaScript object: its keys would all be strings, and some names could not be keys. */
const evaluateMap = (evaluator: Evaluator, node: CelNode, scope: Scope): unknown => {
  const map = new CelMap();
  for (const [keyNode, valueNode] of node.args as Entries) {
    const key = evaluator.run(keyNode, scope);
    if (!isKey(key)) throw new CelEvaluationError('a key of a map must be a string, an integer or a bool');
    if (map.has(key)) throw new CelEvaluationError('a key of a map is there twice');
    map.set(keyOf(key), evaluator.run(valueNode, scope));
  }
  return map;
};

/** Changes how literals of lists and maps are checked and evaluated; call before the type check. */
export const correctLiteral = (node: CelNode): void => {
  if (node.op === 'map') {
    const isEmpty = (node.args as Entries).length === 0;
    if (isEmpty) node.setMeta('check', (checker: Checker) => checker.getType('map'));
    node.setMeta('evaluate', evaluateMap);
  } else if (node.op === 'list' && (node.args as readonly CelNode[]).length === 0) {
    // Of what type its elements are is not only not known: no operator would be found for them.
    node.setMeta('check', (checker: Checker) => checker.getType('list')).setMeta('evaluate', () => []);
  }
};
