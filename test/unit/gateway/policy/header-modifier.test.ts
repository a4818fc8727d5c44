import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { HeaderModifier } from '../../../../gateway/compile/rule-policy.ts';
import { RequestFields, ResponseFields } from '../../../../gateway/policy/fields.ts';
import { modifyHeaders } from '../../../../gateway/policy/header-modifier.ts';
import { aForward, aModifier } from '../../../support/policy.ts';

const modified = (headers: readonly string[], ...modifiers: readonly HeaderModifier[]) => {
  const forward = aForward({ headers });
  modifyHeaders(new RequestFields(forward), modifiers);
  return forward;
};

const answered = (headers: Record<string, string | string[]>, modifier: Partial<HeaderModifier>) => {
  const copy = { ...headers };
  modifyHeaders(new ResponseFields(copy), [aModifier(modifier)]);
  return copy;
};

const field = (name: string, value: string) => ({ name, value });

// The examples of the specification, HTTPHeaderFilter.
describe('a request', () => {
  test.each([
    ['set replaces', { set: [field('my-header', 'bar')] }, ['My-Header', 'foo'], ['my-header', 'bar']],
    ['set replaces all', { set: [field('a', '3')] }, ['a', '1', 'b', '2', 'A', '2'], ['b', '2', 'a', '3']],
    ['set makes one', { set: [field('a', '1')] }, [], ['a', '1']],
    [
      'add appends',
      { add: [field('my-header', 'bar')] },
      ['my-header', 'foo'],
      ['my-header', 'foo', 'my-header', 'bar'],
    ],
    ['remove deletes', { remove: ['a', 'c'] }, ['A', '1', 'b', '2', 'a', '3', 'C', '4'], ['b', '2']],
    ['remove of none', { remove: ['z'] }, ['a', '1'], ['a', '1']],
    [
      'set, then add, then remove',
      { set: [field('a', '1'), field('c', '1')], add: [field('a', '2')], remove: ['c'] },
      ['a', '0'],
      ['a', '1', 'a', '2'],
    ],
  ])('%s', (_, modifier, headers, expected) => {
    expect(modified(headers, aModifier(modifier)).headers).toEqual(expected);
  });

  test('one modifier after the other', () => {
    const add = aModifier({ add: [field('a', '1')] });
    expect(modified([], add, add, aModifier({ set: [field('a', '2')] })).headers).toEqual(['a', '2']);
  });

  test('the client’s own list is not written to', () => {
    const headers = Object.freeze(['a', '1']);
    expect(modified(headers, aModifier({ remove: ['a'] })).headers).toEqual([]);
    expect(modified(headers, aModifier()).headers).toBe(headers);
  });

  test('Host is what the backend is told, and stays one', () => {
    const host = ['Host', 'a.example'];
    expect(modified(host, aModifier({ set: [field('host', 'b.example')] }))).toMatchObject({
      headers: host,
      host: { name: 'b.example' },
    });
    const untouched = aModifier({ set: [field('host', 'b c')], add: [field('host', 'b.example')], remove: ['host'] });
    expect(modified(host, untouched)).toMatchObject({ headers: host, host: undefined });
  });

  test('a client cannot name in Connection what a policy adds', () => {
    const headers = ['Connection', 'x-user, close', 'x-user', 'forged', 'a', '1'];
    expect(modified(headers, aModifier({ set: [field('x-user', 'anonymous')] })).headers).toEqual([
      ...['a', '1'],
      ...['x-user', 'anonymous'],
    ]);
  });
});

describe('what no modifier changes', () => {
  test.each([
    ...['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'proxy-authorization'],
    ...['content-length', 'na me', 'na:me', ''],
  ])('%s', (name) => {
    const modifier = aModifier({ set: [field(name, '1')], add: [field(name, '2')], remove: [name] });
    expect(modified(['a', '1'], modifier).headers).toEqual(['a', '1']);
    expect(answered({ [name]: 'kept' }, modifier)).toEqual({ [name]: 'kept' });
  });

  test.each(['a\r\nb: c', 'a\0', 'a\nb', '\u{1f600}', 'a\u007f'])('no header can carry %j', (value) => {
    const modifier = aModifier({ set: [field('a', value)], add: [field('b', value)] });
    expect(modified(['a', '1'], modifier).headers).toEqual(['a', '1']);
    expect(answered({ a: '1' }, modifier)).toEqual({ a: '1' });
  });
});

describe('an answer', () => {
  test.each([
    ['set replaces all', { set: [field('a', '3')] }, { a: ['1', '2'], b: '1' }, { a: '3', b: '1' }],
    ['add appends', { add: [field('a', '2')] }, { a: '1' }, { a: ['1', '2'] }],
    [
      'add to several',
      { add: [field('set-cookie', 'c')] },
      { 'set-cookie': ['a', 'b'] },
      { 'set-cookie': ['a', 'b', 'c'] },
    ],
    ['add makes one', { add: [field('a', '1')] }, {}, { a: '1' }],
    ['remove deletes', { remove: ['a', 'z'] }, { a: ['1', '2'], b: '1' }, { b: '1' }],
  ])('%s', (_, modifier, headers, expected) => {
    expect(answered(headers as Record<string, string | string[]>, modifier)).toEqual(expected);
  });
});

describe('whatever the fields are', () => {
  const name = fc.constantFrom('a', 'B', 'b', 'X-Long-Name', 'c');
  const pair = fc.tuple(name, fc.stringMatching(/^[ -~]{0,8}$/));
  const headers = fc.array(pair, { maxLength: 8 }).map((pairs) => pairs.flat());
  const others = (list: readonly string[], not: string) =>
    list.filter((_, at) => list[at - (at % 2)]?.toLowerCase() !== not);

  test('to set twice is to set once, and leaves one', () => {
    fc.assert(
      fc.property(headers, pair, (list, [given, value]) => {
        const lower = given.toLowerCase();
        const set = aModifier({ set: [field(lower, value)] });
        const once = modified(list, set).headers;
        expect(modified(list, set, set).headers).toEqual(once);
        expect(once.filter((item, at) => at % 2 === 0 && item.toLowerCase() === lower)).toEqual([lower]);
      }),
    );
  });

  test('remove leaves none, also after add; the others keep their order', () => {
    fc.assert(
      fc.property(headers, pair, (list, [given, value]) => {
        const lower = given.toLowerCase();
        const result = modified(list, aModifier({ add: [field(lower, value)], remove: [lower] })).headers;
        expect(result).toEqual(others(list, lower));
      }),
    );
  });

  test('add loses nothing', () => {
    fc.assert(
      fc.property(headers, pair, (list, [given, value]) => {
        expect(modified(list, aModifier({ add: [field(given, value)] })).headers).toEqual([...list, given, value]);
      }),
    );
  });
});
