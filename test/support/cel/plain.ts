import { isCelList, isCelMap, isCelUint } from '@bufbuild/cel';
import { plainValue } from '../../../lib/cel/json.ts';

/** A result of our engine, or of the other one, in JavaScript's own types: maps as objects, integers as bigint. */
export const plain = (value: unknown): unknown => {
  if (isCelUint(value as never)) return (value as { value: bigint }).value;
  if (Array.isArray(value) || isCelList(value as never)) return Array.from(value as Iterable<unknown>, plain);
  if (value instanceof Map || isCelMap(value as never)) {
    return Object.fromEntries(
      [...(value as Iterable<[unknown, unknown]>)].map(([key, item]) => [String(key), plain(item)]),
    );
  }
  const own = plainValue(value);
  if (own !== value) return plain(own);
  if (typeof value !== 'object' || value === null || value.constructor !== Object) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
};
