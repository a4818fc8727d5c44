import { UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { CelEvaluationError } from '../expression.ts';
import { textOf } from './encoding.ts';
import type { CelFunction } from './signature.ts';

const MIN_INT = -(2n ** 63n);
const MAX_INT = 2n ** 63n - 1n;
const MAX_UINT = 2n ** 64n - 1n;

const int = (value: bigint): bigint => {
  if (value < MIN_INT || value > MAX_INT) throw new CelEvaluationError('integer overflow');
  return value;
};

const uint = (value: bigint): UnsignedInt => {
  if (value < 0n || value > MAX_UINT) throw new CelEvaluationError('unsigned integer overflow');
  return new UnsignedInt(value);
};

/** @throws {CelEvaluationError} for fractions, too: they are cut off first */
const whole = (value: number): bigint => {
  if (!Number.isFinite(value)) throw new CelEvaluationError('integer overflow');
  return BigInt(Math.trunc(value));
};

const parseInteger = (text: string, name: string, pattern: RegExp): bigint => {
  if (!pattern.test(text)) throw new CelEvaluationError(`${name}: not an integer`);
  return BigInt(text.replace(/^\+/, ''));
};

/** Characters of a number. */
const DECIMAL = /^[+-]?(?:\d{1,400}\.?\d{0,400}|\.\d{1,400})(?:[eE][+-]?\d{1,5})?$/;
const SPECIAL: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
};

const parseDouble = (text: string): number => {
  if (DECIMAL.test(text)) return Number(text);
  const [, sign, name = ''] = /^([+-]?)([a-z]{3,8})$/i.exec(text) ?? [];
  const special = SPECIAL[name.toLowerCase()];
  if (special === undefined) throw new CelEvaluationError('double: not a number');
  return sign === '-' ? -special : special;
};

const doubleText = (value: number): string =>
  Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';

/** Conversions, where the engine's let through what is none. */
export const CONVERSIONS: readonly CelFunction[] = [
  ['int(string): int', (text) => int(parseInteger(text, 'int', /^[+-]?\d{1,20}$/))],
  // 2^63 itself cannot be told from what lies just below it.
  ['int(double): int', (value) => (value < 2 ** 63 && value > -(2 ** 63) ? whole(value) : int(MAX_INT + 1n))],
  ['int(uint): int', (value: UnsignedInt) => int(value.value)],
  ['uint(string): uint', (text) => uint(parseInteger(text, 'uint', /^\+?\d{1,20}$/))],
  ['uint(double): uint', (value) => uint(value < 0 ? -1n : whole(value))],
  ['uint(int): uint', uint],
  ['double(string): double', parseDouble],
  ['double(uint): double', (value: UnsignedInt) => Number(value.value)],
  ['string(double): string', doubleText],
  ['string(bytes): string', textOf],
];

export const NUMBER_OPERATORS: readonly CelFunction[] = [
  ['-int: int', (value: bigint) => int(-value)],
  [
    'int / int: int',
    (a: bigint, b: bigint) => {
      if (b === 0n) throw new CelEvaluationError('division by zero');
      return int(a / b);
    },
  ],
];

/** Namespace of the math extension: `math.abs(x)`. */
export class MathNamespace {}

type Numeric = bigint | number | UnsignedInt;

const primitive = (value: Numeric): bigint | number => (value instanceof UnsignedInt ? value.value : value);

const isNumeric = (value: unknown): value is Numeric =>
  typeof value === 'bigint' || typeof value === 'number' || value instanceof UnsignedInt;

const extreme = (values: readonly unknown[], name: string, isBetter: (a: Numeric, b: Numeric) => boolean): Numeric => {
  const numbers = values.filter(isNumeric);
  const [first] = numbers;
  if (first === undefined || numbers.length < values.length) throw new CelEvaluationError(`${name}: not numbers`);
  return numbers.reduce((best, value) => (isBetter(value, best) ? value : best), first);
};

const greatest = (values: readonly unknown[], name: string) =>
  extreme(values, name, (a, b) => primitive(a) > primitive(b));
const least = (values: readonly unknown[], name: string) =>
  extreme(values, name, (a, b) => primitive(a) < primitive(b));

/** Arguments that a function takes at most where it takes many. */
const MAX_ARGUMENTS = 16;

const ofMany = (
  prefix: string,
  name: string,
  find: (values: readonly unknown[], name: string) => Numeric,
): CelFunction[] =>
  Array.from({ length: MAX_ARGUMENTS }, (_, index): CelFunction => {
    const parameters = Array(index + 1)
      .fill('dyn')
      .join(', ');
    return [
      `${prefix}${name}(${parameters}): dyn`,
      (...values: unknown[]) => {
        const given = prefix === '' ? values : values.slice(1);
        return find(given.length === 1 && Array.isArray(given[0]) ? given[0] : given, name);
      },
    ];
  });

/** Half away from zero. */
const round = (value: number): number => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);

const shift = (by: bigint): bigint => {
  if (by < 0n) throw new CelEvaluationError('a shift by less than nothing');
  return by > 63n ? 64n : by;
};

const bitwise = (name: string, apply: (a: bigint, b: bigint) => bigint): CelFunction[] => [
  [`MathNamespace.${name}(int, int): int`, (_, a, b) => BigInt.asIntN(64, apply(a, b))],
  [
    `MathNamespace.${name}(uint, uint): uint`,
    (_, a: UnsignedInt, b: UnsignedInt) => new UnsignedInt(BigInt.asUintN(64, apply(a.value, b.value))),
  ],
];

export const MATH: readonly CelFunction[] = [
  ...ofMany('', 'max', greatest),
  ...ofMany('', 'min', least),
  ...ofMany('MathNamespace.', 'greatest', greatest),
  ...ofMany('MathNamespace.', 'least', least),
  ['MathNamespace.ceil(double): double', (_, value) => Math.ceil(value)],
  ['MathNamespace.floor(double): double', (_, value) => Math.floor(value)],
  ['MathNamespace.round(double): double', (_, value) => round(value)],
  ['MathNamespace.trunc(double): double', (_, value) => Math.trunc(value)],
  ['MathNamespace.isNaN(double): bool', (_, value) => Number.isNaN(value)],
  ['MathNamespace.isInf(double): bool', (_, value) => Math.abs(value) === Number.POSITIVE_INFINITY],
  ['MathNamespace.isFinite(double): bool', (_, value) => Number.isFinite(value)],
  ['MathNamespace.sqrt(double): double', (_, value) => Math.sqrt(value)],
  ['MathNamespace.sqrt(int): double', (_, value) => Math.sqrt(Number(value))],
  ['MathNamespace.sqrt(uint): double', (_, value: UnsignedInt) => Math.sqrt(Number(value.value))],
  ['MathNamespace.abs(double): double', (_, value) => Math.abs(value)],
  ['MathNamespace.abs(int): int', (_, value) => int(value < 0n ? -value : value)],
  ['MathNamespace.abs(uint): uint', (_, value) => value],
  ['MathNamespace.sign(double): double', (_, value) => Math.sign(value)],
  ['MathNamespace.sign(int): int', (_, value) => (value > 0n ? 1n : value < 0n ? -1n : 0n)],
  ['MathNamespace.sign(uint): uint', (_, value: UnsignedInt) => new UnsignedInt(value.value > 0n ? 1n : 0n)],
  ...bitwise('bitAnd', (a, b) => a & b),
  ...bitwise('bitOr', (a, b) => a | b),
  ...bitwise('bitXor', (a, b) => a ^ b),
  ['MathNamespace.bitNot(int): int', (_, value) => ~value],
  ['MathNamespace.bitNot(uint): uint', (_, value: UnsignedInt) => new UnsignedInt(BigInt.asUintN(64, ~value.value))],
  ['MathNamespace.bitShiftLeft(int, int): int', (_, a, b) => BigInt.asIntN(64, a << shift(b))],
  [
    'MathNamespace.bitShiftLeft(uint, int): uint',
    (_, a: UnsignedInt, b) => new UnsignedInt(BigInt.asUintN(64, a.value << shift(b))),
  ],
  // Without its sign, as the math extension has it.
  ['MathNamespace.bitShiftRight(int, int): int', (_, a, b) => BigInt.asIntN(64, BigInt.asUintN(64, a) >> shift(b))],
  ['MathNamespace.bitShiftRight(uint, int): uint', (_, a: UnsignedInt, b) => new UnsignedInt(a.value >> shift(b))],
];
