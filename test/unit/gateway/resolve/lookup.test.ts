import { describe, expect, test } from '@jest/globals';
import { Lookup } from '../../../../gateway/resolve/lookup.ts';

const object = (namespace: string, name: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace, name },
});

const a = object('one', 'a');
const b = object('one', 'b');
const elsewhere = object('two', 'a');

describe('Lookup', () => {
  test('finds by namespace and name', () => {
    const lookup = new Lookup([a, b, elsewhere]);
    expect(lookup.get('one/a')).toBe(a);
    expect(lookup.get('two/b')).toBeUndefined();
    expect(lookup.within('one')).toEqual([a, b]);
    expect(lookup.within('three')).toEqual([]);
  });

  test('finds all with a key of their own', () => {
    const lookup = new Lookup([a, b, elsewhere], ({ metadata }) => metadata.name);
    expect(lookup.all('a')).toEqual([a, elsewhere]);
    expect(lookup.get('a')).toBe(elsewhere);
  });

  test('is concerned by what it was asked for and nothing else', () => {
    const lookup = new Lookup([a, b]);
    expect(lookup.isConcerned(a)).toBe(false);
    lookup.get('one/a');
    expect(lookup.isConcerned(a)).toBe(true);
    expect(lookup.isConcerned(b)).toBe(false);
  });

  test('is concerned by what it was asked for and did not have: it may come', () => {
    const lookup = new Lookup([a]);
    lookup.get('two/a');
    lookup.within('three');
    expect(lookup.isConcerned(elsewhere)).toBe(true);
    expect(lookup.isConcerned(object('three', 'new'))).toBe(true);
    expect(lookup.isConcerned(b)).toBe(false);
  });
});
