import { setFlagsFromString } from 'node:v8';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { compileCel } from '../../../../lib/cel/compile.ts';
import { MAX_COST } from '../../../../lib/cel/engine/meter.ts';
import { CelEvaluationError, type CelExpression, CelSyntaxError } from '../../../../lib/cel/expression.ts';
import { headerMap } from '../../../../lib/cel/headers.ts';
import { enableLinearRegExp } from '../../../../lib/cel/regexp.ts';
import { HOSTILE, HOSTILE_CONTEXT } from '../../../support/cel/hostile.ts';

beforeAll(() => enableLinearRegExp(setFlagsFromString));

/**
 * Milliseconds of processor time. What is bounded takes some 25 at most where nothing else runs, compiling it for the first time included;
 * other tests run beside these. What is not bounded takes minutes.
 */
const BOUND = 250;

const processorTime = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

const timed = (work: () => unknown): unknown => {
  const begin = processorTime();
  try {
    return work();
  } catch (error) {
    if (error instanceof CelEvaluationError || error instanceof CelSyntaxError) return error.message;
    throw error;
  } finally {
    expect(processorTime() - begin).toBeLessThan(BOUND);
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
  test.each(Object.entries(HOSTILE))('%s', (_, source) => {
    const expression = timed(() => compileCel(source));
    if (typeof expression === 'string') throw new Error(expression);
    timed(() => (expression as CelExpression).evaluate(HOSTILE_CONTEXT));
  });

  test.each([
    'nested all',
    'doubled string',
    'shared lists, written',
    'failures in a comprehension',
    'hashing a long text',
  ])('what costs too much fails and says so: %s', (name) => {
    const expression = compileCel(HOSTILE[name] ?? '');
    expect(() => expression.evaluate(HOSTILE_CONTEXT)).toThrow(
      new CelEvaluationError(`more than ${MAX_COST} units of work`),
    );
  });

  test.each(['||', '&&'])('%s does not do without what costs too much', (operator) => {
    const costly = HOSTILE['nested all'] ?? '';
    const [expensive, decided] = operator === '||' ? [costly, 'true'] : [`!${costly}`, 'false'];
    expect(() => compileCel(`${expensive} ${operator} ${decided}`).evaluate(HOSTILE_CONTEXT)).toThrow('units of work');
  });

  test.each(['coalesce', 'default'])('neither does %s', (name) => {
    expect(() => compileCel(`${name}(${HOSTILE['nested all']}, 1)`).evaluate(HOSTILE_CONTEXT)).toThrow('units of work');
  });

  test('every evaluation has a budget of its own', () => {
    const expression = compileCel('metadata.numbers.all(x, metadata.numbers.exists(y, y == 0))');
    for (let round = 0; round < 20; round++) expect(expression.evaluate(HOSTILE_CONTEXT)).toBe(true);
  });

  test('no type of what a client sends is kept', () => {
    const expression = compileCel('json(request.path) == json(request.path) && toJson(json(request.path)) != ""');
    const kept = jest.spyOn(Map.prototype, 'set');
    try {
      for (const path of ['[[[{"a":[{"b":1}]}]]]', '{"a":[[{"c":[[[true]]]}]]}']) {
        expect(expression.evaluate({ request: { path } })).toBe(true);
      }
      const nested = /^(?:list|map)<.*</;
      expect(kept.mock.calls.map(([key]) => String(key)).filter((key) => nested.test(key))).toEqual([]);
    } finally {
      kept.mockRestore();
    }
  });
});

describe('JavaScript does not show through', () => {
  test.each(['constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__', 'valueOf'])(
    '%s is no field and no index',
    (name) => {
      const context = { jwt: { text: 'text' }, request: { headers: headerMap([]) } };
      const result = (source: string) => timed(() => compileCel(source).evaluate(context));
      expect(result(`default(jwt.${name}, "none")`)).toBe('none');
      expect(result(`jwt["${name}"]`)).toContain('No such key');
      expect(result(`"${name}" in jwt || "${name}" in request.headers || "${name}" in {"a": 1}`)).toBe(false);
      expect(result(`jwt.text.${name}`)).toContain('No such key');
      expect(result(`mcp.${name}`)).toContain('undeclared reference');
      expect(result(`{"${name}": 1}["${name}"]`)).toBe(1n);
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
