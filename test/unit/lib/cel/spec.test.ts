import { setFlagsFromString } from 'node:v8';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { enableLinearRegExp } from '../../../../lib/cel/regexp.ts';
import { CORE_FILES, deviation, type SpecTest, testsOf } from '../../../support/cel/spec.ts';

/**
 * Per cent of the specification's tests of the core language. Of what is missing, most is on purpose: operands whose types are known not to
 * fit and names that nobody declared are errors before anything runs, as in cel-go's checked mode. The rest are spellings (`br""`, `.5`,
 * backquoted names), timestamps finer than a millisecond, and `uint` among other numbers.
 */
const LEAST = 93;
/** Files without an exception. */
const WHOLE: readonly string[] = ['conversions', 'fp_math', 'integer_math', 'macros', 'plumbing', 'string'];

beforeAll(() => enableLinearRegExp(setFlagsFromString));

const results = () =>
  CORE_FILES.map((file) => {
    const cases = testsOf(file);
    const failed = cases.flatMap((each: SpecTest) => {
      const difference = deviation(each);
      return difference === undefined ? [] : [`${file}/${each.name}: ${each.expr}: ${difference}`];
    });
    return { file, count: cases.length, failed };
  });

describe("the CEL specification's tests of the core language", () => {
  test(`at least ${LEAST} % pass`, () => {
    const files = results();
    const count = files.reduce((sum, file) => sum + file.count, 0);
    const passed = count - files.reduce((sum, { failed }) => sum + failed.length, 0);
    const rate = (100 * passed) / count;
    process.stderr.write(`CEL specification, core language: ${passed} of ${count} pass, ${rate.toFixed(1)} %\n`);
    expect(count).toBeGreaterThan(1_000);
    expect(rate).toBeGreaterThanOrEqual(LEAST);
    expect(files.filter(({ file }) => WHOLE.includes(file)).flatMap(({ failed }) => failed)).toEqual([]);
  });
});
