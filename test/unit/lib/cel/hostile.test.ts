import { setFlagsFromString } from 'node:v8';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { compileCel } from '../../../../lib/cel/compile.ts';
import { CelEvaluationError, CelSyntaxError } from '../../../../lib/cel/expression.ts';
import { enableLinearRegExp } from '../../../../lib/cel/regexp.ts';

beforeAll(() => enableLinearRegExp(setFlagsFromString));

/** Milliseconds; what is bounded takes a few, what is not takes minutes. */
const BOUND = 2_000;

const timed = (work: () => unknown): unknown => {
  const begin = performance.now();
  try {
    return work();
  } catch (error) {
    if (error instanceof CelEvaluationError || error instanceof CelSyntaxError) return error.message;
    throw error;
  } finally {
    expect(performance.now() - begin).toBeLessThan(BOUND);
  }
};

const AAAA = { request: { path: `${'a'.repeat(40)}!` } };

describe('regular expressions take linear time', () => {
  test.each(['^(a+)+$', '^(a|a)*$', '^(a|aa)+$', '(?i)^(A+)+$', '^([a-z]+)*$', '(.*a){10}x', '(?s)(.*)*x'])(
    '%s, as a literal and as a value',
    (pattern) => {
      const literal = compileCel(`request.path.matches(${JSON.stringify(pattern)})`);
      expect(timed(() => literal.evaluate(AAAA))).toBe(false);
      const dynamic = compileCel('request.path.matches(request.headers.p)');
      expect(timed(() => dynamic.evaluate({ request: { ...AAAA.request, headers: { p: pattern } } }))).toBe(false);
    },
  );

  test.each([
    ['(?=a)(a+)+$', 'look-around'],
    ['(?!a)', 'look-around'],
    ['(?<=a)b', 'look-around'],
    ['(?<!a)b', 'look-around'],
    ['(a+)+\\1', 'backreferences'],
    ['(?<x>a)\\k<x>', 'backreferences'],
    ['(a|a){30}$', 'linear time'],
    ['(a+){17}$', 'linear time'],
    ['((a{1,9}){1,9}){1,9}$', 'linear time'],
    ['a{1001}', 'repetition'],
    ['[a-z]{1000}'.repeat(20), 'too large'],
    ['a'.repeat(2000), 'longer than'],
    ['(', 'not well-formed'],
    ['[[:alpha:]]', 'POSIX'],
    ['\\pL', 'not supported'],
    ['\\Qa\\E', 'not supported'],
    ['a(?i)b', 'start only'],
  ])('%s is rejected: %s', (pattern, why) => {
    const literal = `"".matches(${JSON.stringify(pattern)})`;
    expect(() => compileCel(literal)).toThrow(CelSyntaxError);
    const dynamic = compileCel('request.path.matches(request.headers.p)');
    expect(timed(() => dynamic.evaluate({ request: { path: '', headers: { p: pattern } } }))).toContain(why);
  });

  test.each([
    ['^[a-z]{1,64}$', 'a'.repeat(64), true],
    ['^[a-z]{1,64}$', 'a'.repeat(65), false],
    ['^a{20}$', 'a'.repeat(20), true],
    ['^a{20,}$', 'a'.repeat(19), false],
    ['(?i)^get_[M-P]e$', 'GET_mE', true],
    ['(?m)^b$', 'a\nb', true],
    ['\\Aab\\z', 'ab', true],
    ['^\\x{e9}$', 'é', true],
    ['^[]a]+$', ']a', true],
    ['^[^]a]$', 'b', true],
    ['^\\.\\$\\{$', '.${', true],
    ['a{,2}', 'a{,2}', true],
    ['^a.b$', 'a\rb', true],
    ['^a.b$', 'a\nb', false],
    ['(?s)^a.b$', 'a\nb', true],
    ['^.{20}$', 'a'.repeat(20), true],
    ['^\\s$', '\u00a0', false],
    ['^\\S[\\s\\d]+$', '\u00a0 \t7', true],
    ['^(a)?$', '', true],
    ['^(?P<word>\\w+)$', 'word', true],
  ])('%s on %j as RE2 means it: %s', (pattern, text, matches) => {
    const expression = compileCel(`request.path.matches(${JSON.stringify(pattern)})`);
    expect(expression.evaluate({ request: { path: text } })).toBe(matches);
  });
});

describe('work and memory are bounded', () => {
  const list = { metadata: { list: Array.from({ length: 40 }, (_, index) => BigInt(index)) } };
  const nested = (macro: string, depth: number): string =>
    depth === 0 ? 'true' : `metadata.list.${macro}(v${depth}, ${nested(macro, depth - 1)})`;

  test.each(['all', 'filter'])('nested %s', (macro) => {
    const source = macro === 'all' ? nested(macro, 6) : `metadata.list.map(a, ${nested('all', 5)})`;
    expect(timed(() => compileCel(source).evaluate(list))).toContain('iterations');
  });

  test('the count starts anew with each evaluation', () => {
    const expression = compileCel(nested('all', 2));
    for (let round = 0; round < 20; round++) expect(expression.evaluate(list)).toBe(true);
  });

  const doubled = (start: string, times: number): string =>
    times === 0
      ? 'x0'
      : Array.from({ length: times }, (_, i) => `cel.bind(x${i}, ${i === 0 ? start : `x${i - 1} + x${i - 1}`}, `).join(
          '',
        ) +
        `x${times - 1}` +
        ')'.repeat(times);

  test.each([
    ['strings', '"aaaaaaaaaaaaaaaa"'],
    ['lists', '[1, 2, 3, 4]'],
    ['bytes', 'b"aaaaaaaaaaaaaaaa"'],
  ])('doubled %s', (_, start) => {
    expect(timed(() => compileCel(doubled(start, 40)).evaluate({}))).toContain('concatenation');
  });

  test('deep JSON', () => {
    const expression = compileCel('json(request.path)');
    const path = '['.repeat(50_000) + ']'.repeat(50_000);
    expect(timed(() => expression.evaluate({ request: { path } }))).toContain('json');
  });
});

describe('JavaScript does not show through', () => {
  test.each(['constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__', 'valueOf'])(
    '%s is no field and no index',
    (name) => {
      expect(timed(() => compileCel(`default(mcp.${name}, "none")`).evaluate({ mcp: {} }))).toBe('none');
      expect(timed(() => compileCel(`mcp["${name}"]`).evaluate({ mcp: {} }))).toContain('No such key');
      expect(timed(() => compileCel(`"${name}" in mcp`).evaluate({ mcp: {} }))).toBe(false);
      expect(timed(() => compileCel(`mcp.tool.${name}`).evaluate({ mcp: { tool: 'text' } }))).toContain('No such key');
    },
  );

  test('__proto__ of parsed JSON is a key like others, and pollutes nothing', () => {
    const path = '{"__proto__": {"admin": true}, "constructor": {"prototype": 1}}';
    expect(compileCel('json(request.path).constructor.prototype').evaluate({ request: { path } })).toBe(1n);
    expect(compileCel('toJson(json(request.path))').evaluate({ request: { path } })).toBe(
      '{"__proto__":{"admin":true},"constructor":{"prototype":1}}',
    );
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});
