import { describe, expect, test } from '@jest/globals';
import { compileCel } from '../../../../lib/cel/compile.ts';
import { CelEvaluationError } from '../../../../lib/cel/expression.ts';
import { FUNCTIONS } from '../../../../lib/cel/functions/table.ts';
import { MACROS } from '../../../../lib/cel/macros/table.ts';
import { CONTEXT } from '../../../support/cel/expressions.ts';
import { FUNCTION_CASES, FUNCTION_ERRORS } from '../../../support/cel/functions.ts';
import { plain } from '../../../support/cel/plain.ts';

describe.each(Object.entries(FUNCTION_CASES))('%s', (_, cases) => {
  test.each(cases)('%s is %j', (source, value) => {
    expect(plain(compileCel(source).evaluate(CONTEXT))).toEqual(value);
  });
});

describe('failures', () => {
  test.each(FUNCTION_ERRORS)('%s: %s', (source, message) => {
    const expression = compileCel(source);
    expect(() => expression.evaluate(CONTEXT)).toThrow(CelEvaluationError);
    expect(() => expression.evaluate(CONTEXT)).toThrow(message);
  });
});

describe('the tables above', () => {
  const names = new Set(
    [...FUNCTIONS, ...MACROS].map(
      ([signature]) => /(\w+)\(/.exec(signature.replace(/^[\w.<>]+\.(?=\w+\()/, ''))?.[1] ?? '',
    ),
  );
  const called = (sources: readonly string[]): ReadonlySet<string> =>
    new Set(sources.flatMap((source) => [...source.matchAll(/(\w+)\(/g)].map(([, name]) => name ?? '')));

  test('have every function', () => {
    const known = called(Object.values(FUNCTION_CASES).flatMap((cases) => cases.map(([source]) => source)));
    expect([...names].filter((name) => !known.has(name))).toEqual([]);
  });

  test('have an error of each that can fail', () => {
    const cannot = ['random', 'uuid', 'to_json', 'ofNonZeroValue', 'base64Encode'];
    const known = called(FUNCTION_ERRORS.map(([source]) => source));
    expect([...names].filter((name) => !known.has(name) && !cannot.includes(name))).toEqual([]);
  });
});
