import { Optional } from '@marcbachmann/cel-js';
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';

/** Levels of lists and maps, in both directions. */
const MAX_JSON_DEPTH = 64;

/**
 * Parsed JSON as CEL values: integers become int (bigint), other numbers double, objects maps. A Map, because an own key named
 * `constructor` would change what the engine takes a plain object for.
 *
 * @throws {RangeError} nested deeper than 64 levels.
 */
export const fromJson = (value: unknown, depth = 0): unknown => {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_JSON_DEPTH) throw new RangeError(`JSON nested deeper than ${MAX_JSON_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((item) => fromJson(item, depth + 1));
  return new Map(Object.entries(value).map(([key, item]) => [key, fromJson(item, depth + 1)]));
};

/**
 * A CEL value as JSON text: int without loss, bytes as base64, timestamps and durations as strings.
 *
 * @throws {RangeError} nested deeper than 64 levels.
 */
export const toJson = (value: unknown, depth = 0): string => {
  switch (typeof value) {
    case 'bigint':
      return value.toString();
    case 'object':
      break;
    default:
      return JSON.stringify(value) ?? 'null';
  }
  if (value === null) return 'null';
  if (depth === MAX_JSON_DEPTH) throw new RangeError(`value nested deeper than ${MAX_JSON_DEPTH} levels`);
  if (value instanceof Optional) return toJson(value.orValue(null), depth + 1);
  const plain = plainValue(value);
  if (plain !== value) return toJson(plain, depth);
  if (Array.isArray(value) || value instanceof Set)
    return `[${Array.from(value, (item: unknown) => toJson(item, depth + 1)).join(',')}]`;
  const entries: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
  return `{${Array.from(entries, ([key, item]) => `${JSON.stringify(String(key))}:${toJson(item, depth + 1)}`).join(',')}}`;
};

const tagOf = Object.prototype.toString;
const TYPE_NAME = /^\[object Type<(.*)>\]$/;

/** Scalars of the engine as JavaScript ones: uint as bigint, timestamp as RFC 3339, duration as `1.5s`, bytes as base64, a type's name. */
export const plainValue = (value: unknown): unknown => {
  if (value instanceof UnsignedInt) return value.value;
  if (value instanceof Duration) return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return encodeBase64(value);
  if (value instanceof Optional) return plainValue(value.orValue(null));
  // The engine does not export the class of types; they print as `Type<int>`.
  return typeof value === 'object' && value !== null ? (TYPE_NAME.exec(tagOf.call(value))?.[1] ?? value) : value;
};

export const encodeBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
