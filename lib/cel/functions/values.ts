import { Optional } from '@marcbachmann/cel-js';
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { spend } from '../engine/meter.ts';
import { CelEvaluationError } from '../expression.ts';
import { entriesOf, flatten } from '../flatten.ts';
import type { CelFunction } from './signature.ts';

const isZero = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return value === null || value === '' || Number(value) === 0;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  if (value instanceof UnsignedInt) return value.value === 0n;
  if (value instanceof Duration) return value.seconds === 0n && value.nanos === 0;
  if (value instanceof Date) return value.getTime() === 0;
  return (value instanceof Map || value.constructor === Object) && entriesOf(value).length === 0;
};

/** The entries of the second win. */
const merge = (a: object, b: object): ReadonlyMap<unknown, unknown> => {
  const entries = [...entriesOf(a), ...entriesOf(b)];
  spend(entries.length);
  return new Map(entries);
};

/** Maps and values of any type. */
export const VALUES: readonly CelFunction[] = [
  ['map.merge(map): map', merge],
  ['flatten(map): Flattened', (map: object) => flatten(map, false)],
  ['flatten(list): Flattened', (list: object) => flatten(list, false)],
  ['flattenRecursive(map): Flattened', (map: object) => flatten(map, true)],
  ['flattenRecursive(list): Flattened', (list: object) => flatten(list, true)],
  // No value is redacted by itself; the compatible system's credentials are, and expressions for it say so.
  ['string.unredacted(): string', (text) => text],
  [
    'OptionalNamespace.ofNonZeroValue(dyn): optional<dyn>',
    (_, value) => (isZero(value) ? Optional.none() : Optional.of(value)),
  ],
  ['random(): double', () => Math.random()],
  ['uuid(): string', () => crypto.randomUUID()],
  [
    'fail(string): dyn',
    (message: string) => {
      throw new CelEvaluationError(message.slice(0, MAX_MESSAGE));
    },
  ],
  [
    'fail(): dyn',
    () => {
      throw new CelEvaluationError('failed');
    },
  ],
];

/** Characters of a message. */
const MAX_MESSAGE = 256;
