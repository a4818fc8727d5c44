import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ObjectStatus } from '../../../../gateway/resolve/status.ts';
import { MAX_PARENTS, statusChanges } from '../../../../gateway/status/document.ts';
import { condition } from '../../../../lib/api/conditions.ts';

const NOW = '2026-02-01T00:00:00Z';
const BEFORE = '2026-01-01T00:00:00Z';
const OURS = 'agentgateway.dev/agentgateway';

const changes = (stored: unknown, ours: Partial<ObjectStatus>) =>
  statusChanges(stored, { kind: 'HTTPRoute', namespace: 'a', name: 'r', ...ours }, { controllerName: OURS, now: NOW });

const stored = (type: string, observedGeneration = 1, status = 'True') => ({
  type,
  status,
  reason: type,
  message: 'said before',
  observedGeneration,
  lastTransitionTime: BEFORE,
});

/** As the API gives back what was written: fields in another order, defaults of references filled in. */
const roundTrip = (status: unknown): unknown =>
  JSON.parse(JSON.stringify(status), (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).reverse())
      : value,
  );

const accepted = (generation = 1) => [condition('RouteAccepted', generation)];
const parent = (name: string, conditions = accepted()) => ({ parentRef: { name }, controllerName: OURS, conditions });

describe('what has to be written', () => {
  test('is everything when nothing is stored', () => {
    expect(changes(undefined, { parents: [parent('gw')] })).toEqual({
      parents: [
        {
          parentRef: { name: 'gw' },
          controllerName: OURS,
          conditions: [{ ...accepted()[0], lastTransitionTime: NOW }],
        },
      ],
    });
  });

  test('is nothing when it is stored, however its fields are ordered', () => {
    const ours: Partial<ObjectStatus> = {
      conditions: accepted(),
      addresses: [{ type: 'IPAddress', value: '10.0.0.1' }],
      listeners: [
        { name: 'l', supportedKinds: [{ group: 'g', kind: 'K' }], attachedRoutes: 1, conditions: accepted() },
      ],
      parents: [parent('gw')],
    };
    const first = changes({}, ours);
    expect(Object.keys(first ?? {})).toEqual(['conditions', 'addresses', 'listeners', 'parents']);
    expect(changes(roundTrip(first), ours)).toBeUndefined();
  });

  test('is nothing when there is nothing to say and nothing stored', () => {
    expect(changes(undefined, { parents: [] })).toBeUndefined();
  });

  test('takes the defaults that the API server filled in for the same reference', () => {
    const full = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gw' };
    const known = { parents: [{ ...parent('gw'), parentRef: full, conditions: [stored('Accepted')] }] };
    const { parents } = changes(known, { parents: [parent('gw')] }) as { parents: readonly unknown[] };
    expect(parents).toHaveLength(1);
  });
});

describe('what is not ours', () => {
  const theirs = { parentRef: { name: 'gw', x: 1 }, controllerName: 'other.io/c', conditions: [stored('Accepted', 9)] };

  test('stays byte for byte, and in its place', () => {
    const known = { parents: [parent('gone'), theirs, parent('gw')], other: { left: 'alone' } };
    const next = changes(known, { parents: [parent('gw'), parent('new')] }) as { parents: readonly unknown[] };
    expect(JSON.stringify(next.parents[0])).toBe(JSON.stringify(theirs));
    expect(next.parents).toMatchObject([theirs, { parentRef: { name: 'gw' } }, { parentRef: { name: 'new' } }]);
    expect(Object.keys(next)).toEqual(['parents']);
  });

  test('is no reason to write', () => {
    const known = changes({}, { parents: [parent('gw')] }) as { parents: readonly unknown[] };
    const flipped = { ...theirs, conditions: [stored('Accepted', 9, 'False')] };
    expect(changes({ parents: [theirs, ...known.parents] }, { parents: [parent('gw')] })).toBeUndefined();
    expect(changes({ parents: [flipped, ...known.parents] }, { parents: [parent('gw')] })).toBeUndefined();
    const withForeign = { conditions: [stored('theirs.io/Audited'), { ...accepted()[0], lastTransitionTime: BEFORE }] };
    expect(changes(withForeign, { conditions: accepted() })).toBeUndefined();
  });

  test('keeps its place when there is no room for all of ours', () => {
    const many = Array.from({ length: MAX_PARENTS - 1 }, () => theirs);
    const { parents } = changes({ parents: many }, { parents: [parent('a'), parent('b')] }) as { parents: unknown[] };
    expect(parents).toHaveLength(MAX_PARENTS);
    expect(parents.slice(0, -1)).toEqual(many);
  });
});

describe('what is ours', () => {
  test('goes when the reference is gone, to the last', () => {
    expect(changes({ parents: [parent('gw')] }, { parents: [] })).toEqual({ parents: [] });
  });

  test('is not written over a status of a newer generation, in any part', () => {
    expect(changes({ conditions: [stored('Accepted', 2)] }, { conditions: accepted(1) })).toBeUndefined();
    const newer = { parents: [{ ...parent('gw'), conditions: [stored('Accepted', 2)] }] };
    expect(changes(newer, { parents: [parent('gw'), parent('new')] })).toBeUndefined();
    const listener = { name: 'l', supportedKinds: [], attachedRoutes: 0, conditions: accepted(1) };
    expect(
      changes({ listeners: [{ name: 'l', conditions: [stored('Accepted', 2)] }] }, { listeners: [listener] }),
    ).toBeUndefined();
  });

  test('follows the listeners of the spec, and counts routes', () => {
    const listener = (name: string, attachedRoutes: number) => ({
      name,
      supportedKinds: [],
      attachedRoutes,
      conditions: accepted(),
    });
    const first = changes({}, { listeners: [listener('a', 0), listener('b', 0)] });
    expect(changes(first, { listeners: [listener('b', 1)] })).toMatchObject({
      listeners: [{ name: 'b', attachedRoutes: 1, conditions: [{ lastTransitionTime: NOW }] }],
    });
  });

  test('replaces the defaults of the CRD', () => {
    const pending = { type: 'Accepted', status: 'Unknown', reason: 'Pending', message: '', lastTransitionTime: BEFORE };
    expect(changes({ conditions: [pending] }, { conditions: accepted() })).toMatchObject({
      conditions: [{ status: 'True', observedGeneration: 1, lastTransitionTime: NOW }],
    });
  });
});

test('writing it once is enough, whatever was stored', () => {
  const entry = fc.record({
    parentRef: fc.record({ name: fc.constantFrom('a', 'b', 'c') }),
    controllerName: fc.constantFrom(OURS, 'x.io/c'),
    conditions: fc.array(fc.constantFrom(stored('Accepted', 1, 'False'), stored('Foreign')), { maxLength: 2 }),
  });
  const known = fc.record(
    { parents: fc.array(entry, { maxLength: 40 }), conditions: fc.anything(), listeners: fc.anything() },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(known, fc.subarray(['a', 'b', 'c']), (before, names) => {
      const ours = { conditions: accepted(), parents: names.map((name) => parent(name)) };
      const once = changes(before, ours) ?? {};
      expect(changes({ ...before, ...once }, ours)).toBeUndefined();
      const foreign = (list: unknown) =>
        (list as { controllerName: string }[] | undefined)?.filter((one) => one.controllerName !== OURS) ?? [];
      expect(foreign(once.parents ?? before.parents)).toEqual(foreign(before.parents));
    }),
    { numRuns: 300 },
  );
});
