import type { Macro } from '../engine/node.ts';
import { COALESCE, defaultMacro } from './absent.ts';
import { existsOne, filterKeys, mapValues, withMacro } from './binding.ts';

/** Functions that see their arguments before these are evaluated. `variables()` has none, and is put in by the compiler. */
export const MACROS: readonly (readonly [signature: string, handler: (call: never) => Macro | object])[] = [
  ['default(ast, ast): dyn', defaultMacro],
  ...COALESCE,
  ['dyn.with(ast, ast): dyn', withMacro],
  ['map.mapValues(ast, ast): map', mapValues],
  ['map.filterKeys(ast, ast): map', filterKeys],
  ['list.existsOne(ast, ast): bool', existsOne],
];
