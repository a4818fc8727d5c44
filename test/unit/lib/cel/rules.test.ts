import { describe, expect, test } from '@jest/globals';
import type { Schema } from '../../../../lib/api/schema.ts';
import { CelEvaluationError } from '../../../../lib/cel/expression.ts';
import { Quantity } from '../../../../lib/cel/quantity.ts';
import { ruleViolations } from '../../../../lib/cel/rules.ts';

const rule = (text: string) => ({ rules: [{ rule: text, message: 'broken' }] });

describe('rules of a schema', () => {
  const schema = {
    type: 'object',
    properties: {
      min: { type: 'integer' },
      max: { type: 'integer' },
      wait: { type: 'string', ...rule("duration(self) >= duration('100ms')") },
      items: {
        type: 'array',
        items: { type: 'object', properties: { name: { type: 'string', ...rule("self != 'a'") } } },
        ...rule('self.all(item, has(item.name))'),
      },
      words: { type: 'object', additionalProperties: { type: 'string', ...rule("self.matches('^x')") } },
      size: {
        type: 'intOrString',
        ...rule("type(self) == int ? self > 1 : quantity(self).isLessThan(quantity('1Ki'))"),
      },
      foreign: { type: 'any' },
    },
    ...rule('!has(self.min) || !has(self.max) || self.min <= self.max'),
  } as const satisfies Schema;

  test.each<[string, unknown]>([
    ['an empty object', {}],
    ['numbers are whole numbers', { min: 1, max: 2 }],
    ['an undefined field is not there', { min: 2, max: undefined }],
    ['durations', { wait: '1s100ms' }],
    ['lists and maps', { items: [{ name: 'b' }], words: { a: 'xy' } }],
    ['a number or a text', { size: 2 }],
    ['a text', { size: '1023' }],
    ['what is not looked into', { foreign: { deep: [Symbol('anything')] } }],
  ])('hold: %s', (_, value) => expect(ruleViolations(schema, value)).toEqual([]));

  test.each<[unknown, (string | number)[]]>([
    [{ min: 2, max: 1 }, []],
    [{ wait: '99ms' }, ['wait']],
    [{ items: [{}] }, ['items']],
    [{ items: [{ name: 'b' }, { name: 'a' }] }, ['items', 1, 'name']],
    [{ words: { constructor: 'a' } }, ['words', 'constructor']],
    [{ size: 1 }, ['size']],
    [{ size: '1Ki' }, ['size']],
  ])('%j breaks one, and the path says where', (value, path) =>
    expect(ruleViolations(schema, value)).toEqual([{ path, message: 'broken' }]),
  );

  test('what cannot be evaluated does not hold', () => {
    expect(ruleViolations({ type: 'string', ...rule('duration(self) > duration("1s")') }, 'x')).toHaveLength(1);
    expect(ruleViolations({ type: 'object', properties: {}, ...rule('self.missing') }, {})).toHaveLength(1);
    expect(ruleViolations({ type: 'string', ...rule('self') }, 'true')).toHaveLength(1);
  });

  test('no CEL is a mistake in the schema', () => {
    expect(() => ruleViolations({ type: 'string', ...rule('self ==') }, 'x')).toThrow();
    expect(() => ruleViolations({ type: 'string', ...rule('other == 1') }, 'x')).toThrow();
  });

  test('what they report is bounded', () => {
    const list: Schema = { type: 'array', items: { type: 'integer', ...rule('self > 0') } };
    expect(ruleViolations(list, Array(1000).fill(0))).toHaveLength(20);
  });
});

describe('quantities', () => {
  test.each<[string, bigint]>([
    ['1', 1_000_000_000n],
    ['1.5Gi', 1_610_612_736_000_000_000n],
    ['100m', 100_000_000n],
    ['-1k', -1_000_000_000_000n],
    ['2e3', 2_000_000_000_000n],
    ['.5', 500_000_000n],
    ['5E', 5_000_000_000_000_000_000_000_000_000n],
    ['1n', 1n],
  ])('%s', (text, nano) => expect(Quantity.parse(text).nano).toBe(nano));

  test.each(['', 'Ki', '1 Ki', '1Kb', '1e', '.', '+', `1${'0'.repeat(40)}`])('%j is none', (text) =>
    expect(() => Quantity.parse(text)).toThrow(CelEvaluationError),
  );
});
