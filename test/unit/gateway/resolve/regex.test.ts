import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { regexProblem } from '../../../../gateway/resolve/regex.ts';

describe('regexProblem', () => {
  test.each([
    '/mcp',
    '/v[0-9]+/(mcp|sse)',
    '(?:a|b)*',
    '(?<name>x)',
    '[(?=)]{2,4}',
    '\\(\\?=',
    '[^\\]]+',
    'a{0,16}',
    'x{',
    '(a{4}){4}',
    '[\\1-\\3]',
  ])('takes %s', (source) => expect(regexProblem(source)).toBeUndefined());

  test.each([
    ['(', 'not a regular expression'],
    ['a**', 'not a regular expression'],
    ['(?=a)', 'look-around'],
    ['(?!a)', 'look-around'],
    ['(?<=a)', 'look-around'],
    ['(?<!a)', 'look-around'],
    ['(a)\\1', 'a backreference'],
    ['(?<x>a)\\k<x>', 'a backreference'],
    ['\\p{L}', 'a Unicode property'],
    ['(?i:a)', 'a modifier'],
    ['a{17}', 'a repetition of more than 16'],
    ['(a{2,5}){4}', 'a repetition of more than 16'],
    ['((a{4})b{2}){2,}(c{3}){6}', 'a repetition of more than 16'],
  ])('refuses %s: %s', (source, problem) => expect(regexProblem(source)).toBe(problem));

  test('never throws, and lets nothing through that RegExp does not take', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab(){}[]\\?=!<>:*+|^$,0123k-p.') }), (source) => {
        if (regexProblem(source) === undefined) expect(() => new RegExp(`^(?:${source})$`)).not.toThrow();
      }),
    );
  });
});
