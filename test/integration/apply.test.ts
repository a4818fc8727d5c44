import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Written } from '../support/charts.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane/control-plane.ts';
import { applyDefinitions } from '../support/control-plane/definitions.ts';

const START_TIMEOUT = 180_000;

/** Definitions that give a status a default, which the API server stores with the first write after the one that creates the object. */
const DEFAULTED_STATUS: readonly string[] = ['Gateway', 'GatewayClass'];

let plane: ControlPlane;

beforeAll(async () => {
  plane = await startControlPlane();
  await applyDefinitions(plane.kubectl);
}, START_TIMEOUT);

afterAll(() => plane?.stop());

interface Stored extends Written {
  readonly metadata: Written['metadata'] & { readonly resourceVersion: string; readonly generation?: number };
}

/** Every object of dist/, by kind and name. */
const stored = async (): Promise<ReadonlyMap<string, Stored>> => {
  const list = JSON.parse(await plane.kubectl.must(['get', '-f', 'dist', '-o', 'json'])) as {
    readonly items: Stored[];
  };
  return new Map(list.items.map((object) => [`${object.kind} ${object.metadata.name}`, object]));
};

const changed = (
  before: ReadonlyMap<string, Stored>,
  after: ReadonlyMap<string, Stored>,
  aspect: (object: Stored) => unknown,
): readonly string[] =>
  [...after].flatMap(([title, object]) => {
    const earlier = before.get(title);
    return earlier !== undefined && JSON.stringify(aspect(earlier)) === JSON.stringify(aspect(object)) ? [] : [title];
  });

const generation = ({ metadata }: Stored): unknown => metadata.generation;
const version = ({ metadata }: Stored): unknown => metadata.resourceVersion;
/** All that a reader sees of it. */
const content = ({ metadata: { resourceVersion: _, ...metadata }, ...rest }: Stored): unknown => ({
  ...rest,
  metadata: { ...metadata, managedFields: undefined },
});

describe('dist/, on an API server that has never seen it', () => {
  test('is applied whole, then changes nothing', async () => {
    await plane.kubectl.apply('dist');
    const first = await stored();
    expect(first.size).toBeGreaterThan(40);

    await plane.kubectl.apply('dist');
    const second = await stored();
    expect(changed(first, second, generation)).toEqual([]);
    expect(changed(first, second, content)).toEqual([]);
    const rewritten = changed(first, second, version).map((title) => title.split(' ')[0]!);
    expect(rewritten.filter((kind) => !DEFAULTED_STATUS.includes(kind))).toEqual([]);

    await plane.kubectl.apply('dist');
    expect(changed(second, await stored(), version)).toEqual([]);
  });
});
