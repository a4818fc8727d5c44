import { isCelError, isCelList, isCelMap, isCelUint, run } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { expect, test } from '@jest/globals';
import { compileCel } from '../../../../lib/cel/compile.ts';
import { CONTEXT, EXPRESSIONS, FAILING } from '../../../support/cel/expressions.ts';

/** `default(a.b.c, f)` in the standard's own terms. */
const withoutDefault = (source: string): string =>
  source.replace(/^default\(([\w.]+), (.*)\)$/, (_, path: string, fallback: string) => {
    const parts = path.split('.');
    const present = parts.slice(1).map((_part, index) => `has(${parts.slice(0, index + 2).join('.')})`);
    return `${present.join(' && ')} ? ${path} : ${fallback}`;
  });

const evaluateElsewhere = (source: string): unknown =>
  run(withoutDefault(source), CONTEXT as never, { funcs: strings });

const plain = (value: unknown): unknown => {
  if (isCelUint(value as never)) return (value as { value: bigint }).value;
  if (Array.isArray(value) || isCelList(value as never)) return Array.from(value as Iterable<unknown>, plain);
  if (isCelMap(value as never)) {
    return Object.fromEntries([...(value as Iterable<[string, unknown]>)].map(([key, item]) => [key, plain(item)]));
  }
  return value;
};

test.each(EXPRESSIONS)('another implementation agrees: %s', (source) => {
  const expected = evaluateElsewhere(source);
  if (isCelError(expected)) throw new Error(`the oracle: ${expected.message}`);
  expect(plain(compileCel(source).evaluate(CONTEXT))).toEqual(plain(expected));
});

test.each(FAILING)('another implementation fails too: %s', (source) => {
  expect(isCelError(evaluateElsewhere(source) as never)).toBe(true);
  const expression = compileCel(source);
  expect(() => expression.evaluate(CONTEXT)).toThrow(expect.objectContaining({ name: 'CelEvaluationError' }));
});
