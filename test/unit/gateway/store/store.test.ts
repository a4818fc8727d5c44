import { describe, expect, test } from '@jest/globals';
import type { ResourceEvent } from '../../../../gateway/source/event.ts';
import { Store } from '../../../../gateway/store/store.ts';
import { KINDS } from '../../../../lib/api/kinds.ts';

const put = (namespace: string, name: string, creationTimestamp?: string, line = 1): ResourceEvent => ({
  type: 'put',
  resource: {
    kind: 'Secret',
    object: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace, name, ...(creationTimestamp === undefined ? {} : { creationTimestamp }) },
      data: {},
    },
    location: { file: 'a.yaml', line, column: 1 },
  },
});

const names = (store: Store): readonly string[] =>
  store.resources().Secret.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);

describe('Store', () => {
  test('sorts by age, then by namespace/name, whatever the order of events', () => {
    const events = [
      put('a', 'x', '2026-02-01T00:00:00Z'),
      put('b', 'y', '2026-01-01T00:00:00Z'),
      put('a', 'z'),
      put('a-b', 'x'),
    ];
    const forwards = new Store();
    forwards.apply(events);
    const backwards = new Store();
    backwards.apply(events.toReversed());
    // '-' comes before '/': the whole name is compared, as the specification has it.
    expect(names(forwards)).toEqual(['a-b/x', 'a/z', 'b/y', 'a/x']);
    expect(names(backwards)).toEqual(names(forwards));
  });

  test('replaces and deletes by kind, namespace and name', () => {
    const store = new Store();
    store.apply([put('a', 'x'), put('b', 'x')]);
    store.apply([put('a', 'x', '2026-01-01T00:00:00Z'), { type: 'delete', kind: 'Secret', namespace: 'b', name: 'x' }]);
    expect(store.resources().Secret).toHaveLength(1);
    expect(store.resources().Secret[0]?.metadata.creationTimestamp).toBe('2026-01-01T00:00:00Z');
    store.apply([{ type: 'delete', kind: 'Secret', namespace: 'nowhere', name: 'x' }]);
    expect(names(store)).toEqual(['a/x']);
  });

  test('counts generations, and says where an object is from', () => {
    const store = new Store();
    expect(store.generation).toBe(0);
    store.apply([]);
    expect(store.generation).toBe(0);
    store.apply([put('a', 'x', undefined, 7)]);
    expect(store.generation).toBe(1);
    expect(store.locate('Secret', 'a', 'x')).toEqual({ file: 'a.yaml', line: 7, column: 1 });
    expect(store.locate('Service', 'a', 'x')).toBeUndefined();
  });

  test('has a list for each kind, empty or not', () => {
    expect(new Store().resources()).toEqual(Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, []])));
  });
});
