import { setFlagsFromString } from 'node:v8';
import { isCelError, run } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { compileCel } from '../../../../lib/cel/compile.ts';
import { enableLinearRegExp } from '../../../../lib/cel/regexp.ts';
import { CONTEXT, EXPRESSIONS, FAILING } from '../../../support/cel/expressions.ts';
import { FUNCTION_CASES, FUNCTION_ERRORS } from '../../../support/cel/functions.ts';
import { plain } from '../../../support/cel/plain.ts';
import { writtenExpressions } from '../../../support/cel/written.ts';

beforeAll(() => enableLinearRegExp(setFlagsFromString));

/** What both implementations have: the standard's functions and those of its strings extension. */
const STANDARD = new Set(
  `all bool bytes charAt contains double duration dyn endsWith exists exists_one filter getDate getDayOfMonth getDayOfWeek
  getDayOfYear getFullYear getHours getMilliseconds getMinutes getMonth getSeconds has indexOf int join lastIndexOf lowerAscii map
  matches replace size split startsWith string substring timestamp trim type uint upperAscii`.split(/\s+/),
);

/** `default(a.b.c, f)` in the standard's own terms. */
const withoutDefault = (source: string): string =>
  source.replace(/^default\(([\w.]+), (.*)\)$/, (_, path: string, fallback: string) => {
    const parts = path.split('.');
    const present = parts.slice(1).map((_part, index) => `has(${parts.slice(0, index + 2).join('.')})`);
    return `${present.join(' && ')} ? ${path} : ${fallback}`;
  });

/** Whether the other implementation has all that the expression uses. */
const isStandard = (source: string): boolean => {
  const text = withoutDefault(source).replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""');
  if (/headers\.(?:join|split)|\.\?|\[\?|\b(?:optional|math|cel|base64|url|form|sha1|sha256|md5|ip)\./.test(text))
    return false;
  return [...text.matchAll(/(\w+)\(/g)].every(([, name = '']) => STANDARD.has(name));
};

const evaluateElsewhere = (source: string): unknown =>
  run(withoutDefault(source), CONTEXT as never, { funcs: strings });

/** Where it departs from cel-go and the specification: UTF-16 for code points, limits of `split` and `replace`, infinities, fractions, times from seconds. */
const WRONG_ELSEWHERE = new Set([
  '"a😀b".charAt(2)',
  '"a😀b".indexOf("b")',
  '"a😀".split("")',
  '"a😀b".substring(1, 2)',
  '"a,b,c".split(",", 2)',
  '"a.b.c".replace(".", "", 1) + "a.a".replace(".", "-", 0) + "a.a".replace(".", "-", -1)',
  '"ab".replace("", "_") + "ab".replace("", "_", 2)',
  'double("1.5e1") + double("-Inf") == double("-inf")',
  '[string(1.0), string(0.1), string(double("nan")), string(1e300 * 1e300)]',
  'string(timestamp("2026-02-25T06:13:20.500Z"))',
  'string(duration("-1.5s")) + string(duration("1h30m"))',
  'timestamp(1772000000) == timestamp("2026-02-25T06:13:20Z")',
]);

const CASES = [
  ...EXPRESSIONS,
  ...Object.values(FUNCTION_CASES).flatMap((cases) => cases.map(([source]) => source)),
  ...writtenExpressions(),
].filter((source) => isStandard(source) && !WRONG_ELSEWHERE.has(source));

describe('another implementation agrees', () => {
  test('about many', () => {
    expect(writtenExpressions().length).toBeGreaterThan(20);
    expect(CASES.length).toBeGreaterThan(130);
  });

  test.each([...new Set(CASES)])('%s', (source) => {
    const expected = evaluateElsewhere(source);
    const expression = compileCel(source);
    if (isCelError(expected as never)) {
      expect(() => expression.evaluate(CONTEXT)).toThrow(expect.objectContaining({ name: 'CelEvaluationError' }));
    } else {
      expect(plain(expression.evaluate(CONTEXT))).toEqual(elsewhere(expected));
    }
  });

  test.each([...WRONG_ELSEWHERE])('or does not, where it is wrong: %s', (source) => {
    expect(plain(compileCel(source).evaluate(CONTEXT))).not.toEqual(elsewhere(evaluateElsewhere(source)));
  });

  test('all but the ones that fail on purpose have a value there', () => {
    expect(EXPRESSIONS.filter((source) => isCelError(evaluateElsewhere(source) as never))).toEqual([]);
  });
});

describe('another implementation fails, too', () => {
  /** What it takes for numbers and times by JavaScript's rules. */
  const lenient = [
    'int("")',
    'double("1,5")',
    'double("0x10")',
    'timestamp("2026-02-30T00:00:00Z")',
    'timestamp(253402300800)',
  ];
  const cases = [...FAILING, ...FUNCTION_ERRORS.map(([source]) => source)].filter(
    (source) => isStandard(source) && !lenient.includes(source),
  );

  test.each(cases)('%s', (source) => {
    let failed: boolean;
    try {
      failed = isCelError(evaluateElsewhere(source) as never);
    } catch {
      failed = true;
    }
    expect(failed).toBe(true);
    const expression = compileCel(source);
    expect(() => expression.evaluate(CONTEXT)).toThrow(expect.objectContaining({ name: 'CelEvaluationError' }));
  });
});

describe('what is written compiles', () => {
  test.each(writtenExpressions())('%s', (source) => {
    expect(() => compileCel(source)).not.toThrow();
  });
});

/** Its values of other types than JavaScript's, as ours come out. */
const elsewhere = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(elsewhere);
  if (typeof value === 'object' && value !== null && 'message' in value) {
    const { $typeName, seconds, nanos } = value.message as { $typeName: string; seconds: bigint; nanos: number };
    const number = Number(seconds) + nanos / 1e9;
    return $typeName.endsWith('Duration') ? `${number}s` : new Date(number * 1_000).toISOString();
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'object' && value !== null && 'name' in value) return value.name;
  return plain(value);
};
