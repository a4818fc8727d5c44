import { tests } from '@bufbuild/cel-spec/testdata/conformance.js';
import type { SerializedIncrementalTestSuite } from '@bufbuild/cel-spec/testdata/tests.js';
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { compilerWith } from '../../../lib/cel/compile.ts';
import type { CelExpression } from '../../../lib/cel/expression.ts';
import { plainValue } from '../../../lib/cel/json.ts';

/** Files of the CEL specification's conformance tests that are about the language itself. */
export const CORE_FILES = [
  'basic',
  'comparisons',
  'conversions',
  'fields',
  'fp_math',
  'integer_math',
  'lists',
  'logic',
  'macros',
  'parse',
  'plumbing',
  'string',
  'timestamps',
] as const;

export interface SpecTest {
  readonly name: string;
  readonly expr: string;
  readonly value?: SpecValue;
  readonly evalError?: unknown;
  readonly bindings?: Readonly<Record<string, { readonly value?: SpecValue }>>;
  readonly checkOnly?: boolean;
  readonly disableMacros?: boolean;
  readonly container?: string;
}

/** A value in the JSON form of `cel.expr.Value`. */
export type SpecValue = Readonly<Record<string, never>>;

/** Protocol buffer messages are none of our values. */
const usesMessages = (test: SpecTest): boolean =>
  /TestAllTypes|NestedTestAllTypes|TestAllRequiredTypes|google\.protobuf\.(?!Timestamp|Duration)|GlobalEnum|NestedEnum|proto[23]\./.test(
    JSON.stringify(test),
  );

export const testsOf = (file: string): readonly SpecTest[] => {
  const collect = (suite: SerializedIncrementalTestSuite): SpecTest[] => [
    ...(suite.tests ?? []).map(({ original }) => original as unknown as SpecTest),
    ...(suite.suites ?? []).flatMap(collect),
  ];
  const suite = (tests as SerializedIncrementalTestSuite).suites?.find(({ name }) => name === file);
  if (suite === undefined) throw new Error(`the specification has no ${file}`);
  return collect(suite).filter((test) => !(test.checkOnly || test.disableMacros || usesMessages(test)));
};

const compilers = new Map<string, (source: string) => CelExpression>();

const compilerOf = (names: readonly string[]): ((source: string) => CelExpression) => {
  const key = names.join(' ');
  const compiler = compilers.get(key) ?? compilerWith(names);
  compilers.set(key, compiler);
  return compiler;
};

/** Undefined if it is as the specification says, or what happens instead. */
export const deviation = (test: SpecTest): string | undefined => {
  const names = Object.keys(test.bindings ?? {});
  let result: unknown;
  try {
    const context = Object.fromEntries(names.map((name) => [name, fromSpec(test.bindings?.[name]?.value)]));
    result = compilerOf(names.filter((name) => !name.includes('.')))(test.expr).evaluate(context);
  } catch (error) {
    return test.evalError === undefined ? String((error as Error).message) : undefined;
  }
  if (test.evalError !== undefined) return `no error, but ${text(result)}`;
  const expected = test.value === undefined ? true : fromSpec(test.value);
  return text(result) === text(expected) ? undefined : `${text(result)} instead of ${text(expected)}`;
};

const fromSpec = (value: SpecValue | undefined): unknown => {
  const [[kind, content] = ['nullValue', null as never]] = Object.entries(value ?? {}) as unknown as [string, never][];
  switch (kind) {
    case 'int64Value':
      return BigInt(content);
    case 'uint64Value':
      return new UnsignedInt(BigInt(content));
    case 'doubleValue':
      return Number(content);
    case 'bytesValue':
      return new Uint8Array(Buffer.from(content, 'base64'));
    case 'listValue':
      return ((content as { values?: SpecValue[] }).values ?? []).map(fromSpec);
    case 'mapValue':
      return new Map(
        ((content as { entries?: { key: SpecValue; value: SpecValue }[] }).entries ?? []).map(
          ({ key, value: item }) => [fromSpec(key), fromSpec(item)],
        ),
      );
    case 'objectValue':
      return fromMessage(content);
    case 'typeValue':
      return { type: content };
    default:
      return content;
  }
};

const fromMessage = (message: { readonly '@type': string; readonly value: string }): unknown => {
  if (message['@type'].endsWith('Timestamp')) return new Date(message.value);
  if (!message['@type'].endsWith('Duration')) throw new Error(`no value of ours: ${message['@type']}`);
  const [, sign = '', seconds = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?s$/.exec(message.value) ?? [];
  const nanos = Number(`${sign}${fraction.padEnd(9, '0')}`);
  return new Duration(BigInt(`${sign}${seconds}`), nanos);
};

/** A value in one spelling: int and double differ, and the order of a map's entries does not matter. */
const text = (value: unknown): string => {
  if (typeof value === 'object' && value !== null && 'type' in value) return JSON.stringify(value.type);
  const plain = plainValue(value);
  if (typeof plain === 'bigint') return `${plain}`;
  if (typeof plain === 'number') return `double ${Object.is(plain, -0) ? 0 : plain}`;
  if (Array.isArray(plain)) return `[${plain.map(text).join(', ')}]`;
  if (typeof plain !== 'object' || plain === null) return JSON.stringify(plain);
  const entries = plain instanceof Map ? [...plain] : Object.entries(plain);
  return `{${entries
    .map(([key, item]) => `${text(key)}: ${text(item)}`)
    .sort()
    .join(', ')}}`;
};
