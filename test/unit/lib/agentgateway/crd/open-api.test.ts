import { describe, expect, test } from '@jest/globals';
import { toOpenApi } from '../../../../../lib/agentgateway/crd/open-api.ts';
import type { Schema } from '../../../../../lib/api/schema.ts';

describe('a schema as OpenAPI', () => {
  test.each<[string, Schema, object]>([
    [
      'bounds, defaults and formats stay',
      { type: 'string', minLength: 1, maxLength: 9, pattern: '^a', enum: ['a'], default: 'a', format: 'date' },
      { type: 'string', minLength: 1, maxLength: 9, pattern: '^a', enum: ['a'], default: 'a', format: 'date' },
    ],
    ['zero is a bound', { type: 'integer', minimum: 0, maximum: 9 }, { type: 'integer', minimum: 0, maximum: 9 }],
    ['anything', { type: 'any' }, { 'x-kubernetes-preserve-unknown-fields': true }],
    ['any object', { type: 'anyObject' }, { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }],
    [
      'a number or a text',
      { type: 'intOrString', maxLength: 9 },
      { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true, maxLength: 9 },
    ],
    [
      'a list keyed by fields',
      { type: 'array', listMapKeys: ['name'], items: { type: 'object', properties: { name: { type: 'string' } } } },
      {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: { type: 'object', properties: { name: { type: 'string' } } },
      },
    ],
    [
      'a set',
      { type: 'array', listType: 'set', maxItems: 3, items: { type: 'string' } },
      { type: 'array', 'x-kubernetes-list-type': 'set', maxItems: 3, items: { type: 'string' } },
    ],
    [
      'a map',
      { type: 'object', minProperties: 1, maxProperties: 2, additionalProperties: { type: 'string' } },
      { type: 'object', minProperties: 1, maxProperties: 2, additionalProperties: { type: 'string' } },
    ],
    ['an object without fields', { type: 'object', properties: {} }, { type: 'object' }],
    [
      'what has no effect says so',
      { type: 'string', description: 'A thing.', inert: 'not served' },
      { type: 'string', description: 'A thing. Has no effect: not served.' },
    ],
    [
      'so do values',
      { type: 'string', enum: ['a', 'b'], inertValues: { b: 'not served' } },
      { type: 'string', enum: ['a', 'b'], description: 'b has no effect: not served.' },
    ],
  ])('%s', (_, schema, expected) => expect(toOpenApi(schema)).toEqual(expected));

  test('how many fields are set becomes a rule, before the other rules', () => {
    const properties = { a: { type: 'string' }, b: { type: 'string' } } as const;
    const rules = [{ rule: 'true', message: 'always' }];
    const written = (keywords: object): unknown =>
      toOpenApi({ type: 'object', properties, ...keywords, rules })['x-kubernetes-validations'];
    expect(written({ exactlyOneOf: ['a', 'b'] })).toEqual([
      { rule: '[has(self.a), has(self.b)].filter(x, x).size() == 1', message: 'must have exactly one of a, b' },
      ...rules,
    ]);
    expect(written({ atLeastOneOf: ['a', 'b'] })).toMatchObject([
      { rule: '[has(self.a), has(self.b)].filter(x, x).size() >= 1' },
      ...rules,
    ]);
    expect(written({ atMostOneOf: ['a', 'b'] })).toMatchObject([
      { rule: '[has(self.a), has(self.b)].filter(x, x).size() <= 1' },
      ...rules,
    ]);
    expect(written({ atLeastOneOf: ['a'] })).toEqual([{ rule: 'has(self.a)', message: 'must have a' }, ...rules]);
  });
});
