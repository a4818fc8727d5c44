import { Optional } from '@marcbachmann/cel-js';
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { Flattened } from './flatten.ts';
import { Cidr, Ip } from './functions/network.ts';
import { durationText } from './functions/time.ts';

/** Levels of lists and maps, in both directions. */
const MAX_JSON_DEPTH = 64;
/** Characters of the text that a value becomes, and about as many values: parts that are shared are written as often as they are met. */
const MAX_JSON_LENGTH = 1_048_576;

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
 * @param spend is told of each part how much work it is
 * @throws {RangeError} nested deeper than 64 levels, or longer than 1 MiB.
 */
export const toJson = (value: unknown, spend?: (units: number) => void): string =>
  new JsonWriter(spend).write(value, 0);

class JsonWriter {
  readonly #spend: ((units: number) => void) | undefined;
  #length = 0;

  constructor(spend: ((units: number) => void) | undefined) {
    this.#spend = spend;
  }

  write(value: unknown, depth: number): string {
    if (typeof value === 'bigint') return this.#written(value.toString());
    if (typeof value !== 'object' || value === null) return this.#written(JSON.stringify(value) ?? 'null');
    this.#spend?.(2);
    if (depth === MAX_JSON_DEPTH) throw new RangeError(`value nested deeper than ${MAX_JSON_DEPTH} levels`);
    if (value instanceof Optional) return this.write(value.orValue(null), depth + 1);
    const plain = value instanceof Flattened ? value.entries : plainValue(value);
    if (plain !== value) return this.write(plain, depth);
    if (Array.isArray(value) || value instanceof Set) {
      return `[${Array.from(value, (item: unknown) => this.write(item, depth + 1)).join(',')}]`;
    }
    const entries: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
    return `{${Array.from(entries, ([key, item]) => {
      const name = this.#written(JSON.stringify(String(key)));
      return `${name}:${this.write(item, depth + 1)}`;
    }).join(',')}}`;
  }

  #written(text: string): string {
    this.#length += text.length + 1;
    if (this.#length > MAX_JSON_LENGTH) throw new RangeError(`JSON longer than ${MAX_JSON_LENGTH} characters`);
    this.#spend?.(2 + text.length / 64);
    return text;
  }
}

const tagOf = Object.prototype.toString;
const TYPE_NAME = /^\[object Type<(.*)>\]$/;

/**
 * Scalars of the engine as JavaScript ones: uint as bigint, timestamp as RFC 3339, duration as `1.5s`, bytes as base64, addresses as text,
 * a type's name.
 */
export const plainValue = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Map) return value;
  if (value instanceof UnsignedInt) return value.value;
  if (value instanceof Duration) return durationText(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return encodeBase64(value);
  if (value instanceof Optional) return plainValue(value.orValue(null));
  if (value instanceof Ip || value instanceof Cidr) return value.toString();
  // The engine does not export the class of types; they print as `Type<int>`.
  const type = TYPE_NAME.exec(tagOf.call(value))?.[1];
  return type === 'null' ? 'null_type' : (type ?? value);
};

export const encodeBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
