import { describe, expect, test } from '@jest/globals';
import type { Schema } from '../../../../lib/api/schema.ts';
import { schemaProblems } from '../../../../lib/core/schema-problems.ts';

describe('schemaProblems', () => {
  const object = {
    type: 'object',
    properties: { a: { type: 'integer', minimum: 1, maximum: 3 }, b: { type: 'string' }, c: { type: 'any' } },
    required: ['a'],
  } as const satisfies Schema;

  test.each<[Schema, unknown]>([
    [{ type: 'any' }, Symbol('anything')],
    [{ type: 'boolean' }, false],
    [{ type: 'intOrString' }, 'http'],
    [{ type: 'intOrString' }, 80],
    [{ type: 'integer', minimum: 1, maximum: 3 }, 3],
    [{ type: 'number', maximum: 1 }, 0.5],
    [{ type: 'string', enum: ['a', 'b'] }, 'b'],
    [{ type: 'string', pattern: '^x+$', minLength: 1, maxLength: 3 }, 'xxx'],
    [{ type: 'array', items: { type: 'string' }, maxItems: 2 }, ['a', 'b']],
    [{ type: 'object', additionalProperties: { type: 'string' } }, { any: 'key' }],
    [object, { a: 1, b: undefined }],
    [{ type: 'anyObject' }, { any: { thing: [1] } }],
    [{ type: 'intOrString', pattern: '^[0-9]+$' }, '80'],
    [{ type: 'array', items: { type: 'string' }, listType: 'set' }, ['a', 'b']],
    [{ type: 'string', rules: [{ rule: "self != 'a'", message: 'must not be a' }] }, 'b'],
    [
      { ...object, exactlyOneOf: ['b', 'c'] },
      { a: 1, c: 0 },
    ],
  ])('%j takes %p', (schema, value) => expect(schemaProblems(schema, value)).toEqual([]));

  test.each<[Schema, unknown, string]>([
    [{ type: 'boolean' }, 'true', 'object: "true" is not a boolean'],
    [{ type: 'intOrString' }, 1.5, 'object: 1.5 is no number or name'],
    [{ type: 'integer' }, 1.5, 'object: 1.5 is not a whole number'],
    [{ type: 'number' }, '1', 'object: "1" is not a number'],
    [{ type: 'integer', minimum: 1, maximum: 3 }, 4, 'object: 4 is not from 1 to 3'],
    [{ type: 'string' }, 1, 'object: 1 is not a string'],
    [{ type: 'string', minLength: 1 }, '', 'object: is empty'],
    [{ type: 'string', maxLength: 2 }, 'abc', 'object: has 3 characters, at most 2 are allowed'],
    [{ type: 'string', enum: ['a', 'b'] }, 'c', 'object: "c" is not one of a, b'],
    [{ type: 'string', pattern: '^x$' }, 'y', 'object: "y" does not match ^x$'],
    [{ type: 'array', items: { type: 'string' } }, 'a', 'object: "a" is not a list'],
    [{ type: 'array', items: { type: 'string' }, minItems: 1 }, [], 'object: has 0 items, at least 1 are needed'],
    [{ type: 'array', items: { type: 'any' }, maxItems: 1 }, [1, 2], 'object: has 2 items, at most 1 are allowed'],
    [{ type: 'array', items: { type: 'string' } }, ['a', 1], '[1]: 1 is not a string'],
    [
      { type: 'array', items: { type: 'any' }, listMapKeys: ['name'] },
      [{ name: 'x' }, { name: 'y' }, { name: 'x' }],
      'object: name "x" is there twice',
    ],
    [{ type: 'anyObject' }, [], 'object: [] is not an object'],
    [{ type: 'intOrString', pattern: '^[0-9]+$' }, 'http', 'object: "http" does not match ^[0-9]+$'],
    [{ type: 'array', items: { type: 'string' }, listType: 'set' }, ['a', 'b', 'a'], 'object: "a" is there twice'],
    [
      { type: 'object', additionalProperties: { type: 'any' }, minProperties: 1 },
      {},
      'object: has 0 entries, at least 1 are needed',
    ],
    [
      { ...object, rules: [{ rule: 'has(self.b)', message: 'b goes with a' }] },
      { a: 1, b: undefined },
      'object: b goes with a',
    ],
    [object, null, 'object: null is not an object'],
    [object, [], 'object: [] is not an object'],
    [object, { b: 'x' }, 'object: a is missing'],
    [object, { a: 9 }, 'a: 9 is not from 1 to 3'],
    [object, { a: 1, d: 1 }, 'd: is not supported'],
    [object, { a: 1, constructor: 1 }, 'constructor: is not supported'],
    [{ ...object, exactlyOneOf: ['b', 'c'] }, { a: 1 }, 'object: needs one of b, c'],
    [{ ...object, exactlyOneOf: ['b', 'c'] }, { a: 1, b: '', c: '' }, 'object: needs one of b, c'],
    [{ ...object, atLeastOneOf: ['b', 'c'] }, { a: 1 }, 'object: needs at least one of b, c'],
    [{ ...object, atMostOneOf: ['b', 'c'] }, { a: 1, b: '', c: '' }, 'object: takes only one of b, c'],
    [{ type: 'object', additionalProperties: { type: 'string' } }, { k: 1 }, '["k"]: 1 is not a string'],
    [
      { type: 'object', additionalProperties: { type: 'any' }, maxProperties: 1 },
      { a: 1, b: 2 },
      'object: has 2 entries, at most 1 are allowed',
    ],
  ])('%j refuses %p', (schema, value, message) => expect(schemaProblems(schema, value)).toEqual([message]));

  test('names the field by its whole path', () => {
    const schema: Schema = {
      type: 'object',
      properties: { spec: { type: 'object', properties: { list: { type: 'array', items: object } } } },
    };
    expect(schemaProblems(schema, { spec: { list: [{ a: 1 }, { a: 0 }] } })).toEqual([
      'spec.list[1].a: 0 is not from 1 to 3',
    ]);
  });

  test('shows long values in short', () => {
    const [problem = ''] = schemaProblems({ type: 'integer' }, 'x'.repeat(10_000));
    expect(problem.length).toBeLessThan(120);
  });
});
