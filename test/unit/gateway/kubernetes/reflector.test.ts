import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KubernetesClient } from '../../../../gateway/kubernetes/client.ts';
import type { ApiObject, Collection } from '../../../../gateway/kubernetes/object.ts';
import { Reflector, type ReflectorState } from '../../../../gateway/kubernetes/reflector.ts';
import { KINDS } from '../../../../lib/api/kinds.ts';
import { until } from '../../../support/eventually.ts';
import { ApiServer, type SeenRequest } from '../../../support/kubernetes/api-server.ts';
import { fastClock } from '../../../support/kubernetes/clock.ts';
import { collectionOf, type Stored } from '../../../support/kubernetes/store.ts';

const SECRETS = collectionOf(KINDS.Secret);
/** A second here is a minute there. */
const clock = fastClock(60);
const pass = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, (seconds * 1_000) / 60));

let server: ApiServer;
let client: KubernetesClient;
let reflector: Reflector<ApiObject>;
let objects: Map<string, string>;
let states: ReflectorState[];
let lists: number;

const secret = (name: string, value = '1', namespace = 'ns'): Stored => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace },
  value,
});

beforeEach(async () => {
  server = await new ApiServer().start();
  client = new KubernetesClient(server.config, clock);
  objects = new Map();
  states = [];
  lists = 0;
});

afterEach(async () => {
  await reflector?.close();
  await client.close();
  await server.stop();
});

const follow = (collection: Collection = { kind: KINDS.Secret }, time = clock): void => {
  reflector = new Reflector({
    client,
    clock: time,
    collection,
    listener: {
      read: (object) => object,
      onList: (all) => {
        lists++;
        objects = new Map(all.map((object) => [object.metadata.name, String(object.value)]));
      },
      onPut: ({ metadata, value }) => void objects.set(metadata.name, String(value)),
      onDelete: ({ metadata }) => void objects.delete(metadata.name),
      onState: (state) => void states.push(state),
    },
  });
  reflector.start();
};

const state = (): string => [...objects].map(([name, value]) => `${name}=${value}`).join();
const reaches = (expected: string): Promise<void> => until(() => state() === expected);
const watched = (): Promise<void> => until(() => server.watches() === 1);
const requested = (select: (request: SeenRequest) => boolean): number => server.requests.filter(select).length;

describe('a list', () => {
  test('is read in pages, and followed from there', async () => {
    for (let index = 0; index < 1_203; index++) server.put(secret(`s${index}`));
    follow();
    await watched();
    expect(objects.size).toBe(1_203);
    expect(lists).toBe(1);
    const pages = server.requests.filter(({ watch }) => !watch);
    expect(pages.map(({ query }) => query.get('limit'))).toEqual(['500', '500', '500']);
    expect(server.requests.at(-1)?.query.get('resourceVersion')).toBe(String(server.store.version));
    server.put(secret('new'));
    await until(() => objects.has('new'));
  });

  test('whose pages are forgotten half-way begins anew', async () => {
    for (let index = 0; index < 600; index++) server.put(secret(`s${index}`));
    server.fault = ({ query }) => {
      if (query.get('continue')?.endsWith(':500') && lists === 0 && server.store.compacted === 0) {
        server.put(secret('late'));
        server.compact();
      }
      return undefined;
    };
    follow();
    await watched();
    expect(objects.size).toBe(601);
    expect(states.map(({ type }) => type)).toEqual(['synced']);
  });

  test('of which a page is too large is read in smaller ones', async () => {
    await client.close();
    client = new KubernetesClient(server.config, clock, 4_000);
    for (let index = 0; index < 5; index++) server.put(secret(`s${index}`, 'x'.repeat(1_000)));
    follow();
    await watched();
    expect(objects.size).toBe(5);
    const limits = server.requests.filter(({ watch }) => !watch).map(({ query }) => query.get('limit'));
    expect(limits).toEqual(['500', '250', '125', '62', '31', '15', '7', '3', '3']);
  });
});

describe('a watch', () => {
  test('that is cut is taken up where it was, without another list', async () => {
    server.put(secret('a'));
    follow();
    for (const value of ['2', '3', '4']) {
      await watched();
      server.cutWatches();
      server.put(secret('a', value));
      await reaches(`a=${value}`);
    }
    expect(lists).toBe(1);
  });

  test('that is cut every second misses nothing, and reports no failure', async () => {
    server.put(secret('a', '0'));
    follow();
    await watched();
    const cuts = setInterval(() => server.cutWatches(), 1_000 / 60);
    for (let value = 1; value <= 60; value++) {
      server.put(secret('a', String(value)));
      await reaches(`a=${value}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    clearInterval(cuts);
    expect(lists).toBe(1);
    expect(states.map(({ type }) => type)).toEqual(['synced']);
  });

  test('goes on from a bookmark when the server has forgotten everything before it', async () => {
    server.put(secret('a'));
    follow();
    await watched();
    server.put({ ...secret('x'), kind: 'ConfigMap' });
    server.bookmark();
    await new Promise((resolve) => setTimeout(resolve, 20));
    server.store.compacted = server.store.version;
    server.cutWatches();
    server.put(secret('a', '2'));
    await reaches('a=2');
    expect(lists).toBe(1);
  });

  test.each([
    ['in the stream', () => server.compact()],
    [
      'when it begins',
      () => {
        server.store.compacted = server.store.version;
        server.cutWatches();
      },
    ],
  ])('that the server has forgotten the start of is replaced by a list: 410 %s', async (_, forget) => {
    server.put(secret('a'));
    server.put(secret('b'));
    follow();
    await watched();
    server.fault = ({ watch }) => (watch ? 'cut' : undefined);
    server.cutWatches();
    server.remove(KINDS.Secret, 'ns', 'b');
    server.put(secret('c'));
    forget();
    server.fault = () => undefined;
    await reaches('a=1,c=1');
    expect(lists).toBe(2);
    await watched();
  });

  test('from a version that the server has not reached, after a restore, is replaced by a list', async () => {
    follow();
    await watched();
    server.fault = ({ watch }) => (watch ? { status: 504, reason: 'Timeout', tooNew: true } : undefined);
    server.cutWatches();
    await until(() => lists === 2);
    server.fault = () => undefined;
    await watched();
  });

  test.each([
    ['no JSON', '{"type":\n'],
    ['no event', '{"type":"ADDED","object":{}}\n'],
    ['an error', `${JSON.stringify({ type: 'ERROR', object: { code: 500, reason: 'InternalError' } })}\n`],
  ])('with %s in it is taken up again', async (_, line) => {
    server.put(secret('a'));
    follow();
    await watched();
    server.interject(line);
    await until(() => requested(({ watch }) => watch) === 2);
    server.put(secret('a', '2'));
    await reaches('a=2');
  });

  test('with a line that has no end is given up', async () => {
    follow();
    await watched();
    for (let index = 0; index < 9; index++) server.interject('x'.repeat(1_024 * 1_024));
    await until(() => requested(({ watch }) => watch) === 2);
  });

  test('asks for bookmarks and for an end in five to ten minutes', async () => {
    follow();
    await watched();
    const { query } = server.requests.at(-1) as SeenRequest;
    expect(query.get('allowWatchBookmarks')).toBe('true');
    expect(Number(query.get('timeoutSeconds'))).toBeGreaterThanOrEqual(300);
    expect(Number(query.get('timeoutSeconds'))).toBeLessThanOrEqual(600);
  });
});

describe('failures', () => {
  test('there is never more than one watch, whatever goes wrong', async () => {
    let most = 0;
    let count = 0;
    server.fault = () => {
      most = Math.max(most, server.watches());
      return [undefined, 'cut', { status: 500 }, undefined, { status: 429, retryAfter: 0 }][count++ % 5] as undefined;
    };
    follow();
    for (let round = 0; round < 30; round++) {
      await new Promise((resolve) => setTimeout(resolve, 15));
      if (round % 3 === 0) server.cutWatches();
      if (round % 7 === 0) server.compact();
      server.put(secret('a', String(round)));
    }
    server.fault = () => {
      most = Math.max(most, server.watches());
      return undefined;
    };
    await reaches('a=29');
    // The one that the next request replaces may not be known to be gone yet.
    expect(most).toBeLessThanOrEqual(1);
  });

  test('an outage of any length keeps the objects and ends within seconds of its own end', async () => {
    server.put(secret('a'));
    follow();
    await watched();
    await server.stop();
    await pass(60);
    expect(state()).toBe('a=1');
    expect(states.map(({ type }) => type)).toEqual(['synced', 'failing']);
    await server.start();
    server.put(secret('a', '2'));
    const back = clock.now();
    await reaches('a=2');
    expect(clock.now() - back).toBeLessThan(5_000);
    await until(() => states.at(-1)?.type === 'synced');
  });

  test('a server that cuts or ends every watch at once is asked ever more slowly', async () => {
    server.fault = ({ watch }) => (watch ? { text: '' } : undefined);
    follow();
    await pass(60);
    expect(requested(() => true)).toBeLessThan(60);
    expect(states.map(({ type }) => type)).toEqual(['synced', 'failing']);
  });

  test('a server that forgets at once what it has listed is asked ever more slowly', async () => {
    server.fault = ({ watch }) => (watch ? { status: 410, reason: 'Expired' } : undefined);
    follow();
    await pass(60);
    expect(requested(() => true)).toBeLessThan(80);
  });

  test('Retry-After is heeded', async () => {
    const asked: number[] = [];
    server.fault = () => {
      asked.push(clock.now());
      return asked.length === 1 ? { status: 429, retryAfter: 10 } : undefined;
    };
    follow();
    await watched();
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(9_900);
  });

  test.each([
    ['forbidden', 403],
    ['not there', 404],
  ])('a kind that is %s is said once, asked for slowly, and followed when it can be', async (_, status) => {
    server.put(secret('a'));
    server.fault = () => ({ status, reason: 'Fault' });
    follow();
    await pass(30);
    expect(states).toMatchObject([{ type: 'unserved', failure: { status } }]);
    expect(requested(() => true)).toBeLessThan(30);
    server.fault = () => undefined;
    await reaches('a=1');
    await until(() => states.at(-1)?.type === 'synced');
  });

  test.each([
    ['forbids everything', 403],
    ['has no kinds', 404],
  ])('a server that starts and %s for a moment is no failure; for longer, it is', async (_, status) => {
    follow();
    await watched();
    let refused = 0;
    server.fault = () => (refused++ < 4 ? { status } : undefined);
    server.cutWatches();
    server.put(secret('a'));
    await reaches('a=1');
    await watched();
    await pass(2);
    expect(refused).toBeGreaterThan(4);
    expect(states.map(({ type }) => type)).toEqual(['synced']);

    server.fault = () => ({ status });
    server.cutWatches();
    await until(() => states.length === 2);
    expect(states[1]).toMatchObject({ type: 'unserved', failure: { status } });
  });

  test('a kind that may be listed and not watched is said once', async () => {
    server.fault = ({ watch }) => (watch ? { status: 403 } : undefined);
    server.put(secret('a'));
    follow();
    await reaches('a=1');
    server.put(secret('a', '2'));
    await reaches('a=2');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(states.map(({ type }) => type)).toEqual(['synced', 'unserved']);
  });

  test('a rotated token is read when the old one is refused', async () => {
    follow();
    await watched();
    server.token = 'token-2';
    server.cutWatches();
    server.put(secret('a'));
    await reaches('a=1');
    expect(states).toMatchObject([{ type: 'synced' }]);
  });

  test('a wrong token fails, until there is a right one', async () => {
    server.offered = () => 'wrong';
    follow();
    await until(() => states.length === 1);
    expect(states).toMatchObject([{ type: 'failing', failure: { status: 401, reason: 'Unauthorized' } }]);
    expect(JSON.stringify(states)).not.toContain('wrong');
    server.offered = () => server.token;
    await watched();
  });
});

test('one object by its name takes a list and a watch of that name', async () => {
  server.put(secret('a'));
  server.put(secret('b'));
  follow({ kind: KINDS.Secret, namespace: 'ns', name: 'b' });
  await reaches('b=1');
  server.put(secret('a', '2'));
  server.put(secret('b', '2'));
  await reaches('b=2');
  expect(server.requests.every(({ query }) => query.get('fieldSelector') === 'metadata.name=b')).toBe(true);
  expect(server.requests.every(({ namespace, collection }) => namespace === 'ns' && collection === SECRETS)).toBe(true);
});

test('a kind that is served in another version is read in that one', async () => {
  const paths: string[] = [];
  follow({ kind: { ...KINDS.Secret, versions: ['v9', 'v1'] } });
  server.fault = ({ version }) => {
    paths.push(version);
    return version === 'v9' ? { status: 404 } : undefined;
  };
  await watched();
  expect(paths).toEqual(['v9', 'v1', 'v1']);
});

test('nothing is asked any more once it is closed, also while it waits or reads', async () => {
  server.fault = () => 'hang';
  follow();
  await until(() => requested(() => true) === 1);
  await reflector.close();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(requested(() => true)).toBe(1);
  expect(states).toEqual([]);
});
