import { setFlagsFromString } from 'node:v8';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fullMatch, regexProblem } from '../../../../gateway/resolve/regex.ts';
import { enableLinearRegExp } from '../../../../lib/cel/regexp.ts';

enableLinearRegExp(setFlagsFromString);

describe('fullMatch', () => {
  test.each([
    ['/v[0-9]+/(mcp|sse)', '/v1/mcp', '/v1/mcp/x'],
    ['a|b', 'b', 'ab'],
    ['^/a$', '/a', '/ab'],
    ['(?i)/mcp', '/MCP', '/mcpx'],
    ['[0-9a-f]{32}', '0123456789abcdef0123456789abcdef', '0123456789abcdef'],
  ])('%s takes %s as a whole, not %s', (source, whole, more) => {
    expect(fullMatch(source).test(whole)).toBe(true);
    expect(fullMatch(source).test(more)).toBe(false);
  });
});

describe('regexProblem', () => {
  test.each(['(', 'a**', 'a)(b', '(?=a)', '(?<!a)b', '(a)\\1', '\\p{L}', '(a{10}){10}'])('refuses %s', (source) => {
    expect(regexProblem(source)).toMatch(/./);
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab(){}[]\\?=!<>:*+|^$,0123kip-.') }), (source) => {
        regexProblem(source);
      }),
      { numRuns: 1000 },
    );
  });
});
