import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KubernetesClient } from '../../../../../gateway/kubernetes/client.ts';
import {
  KubernetesSource,
  type KubernetesSourceOptions,
  MAX_NAMES,
} from '../../../../../gateway/source/kubernetes/source.ts';
import { KINDS } from '../../../../../lib/api/kinds.ts';
import { until } from '../../../../support/eventually.ts';
import { Follower } from '../../../../support/follower.ts';
import { ApiServer } from '../../../../support/kubernetes/api-server.ts';
import { fastClock } from '../../../../support/kubernetes/clock.ts';
import { collectionOf, type Stored } from '../../../../support/kubernetes/store.ts';

const SECRETS = collectionOf(KINDS.Secret);
const ALL_KINDS = Object.keys(KINDS).length;
const clock = fastClock();

let server: ApiServer;
let client: KubernetesClient;
let source: KubernetesSource;
let follower: Follower;

const secret = (name: string, value = '1'): Stored => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'ns' },
  data: { key: Buffer.from(value).toString('base64') },
});

const open = (options: Partial<KubernetesSourceOptions> = {}): void => {
  client = new KubernetesClient(server.config, options.clock ?? clock);
  follower = new Follower();
  source = new KubernetesSource({ client, clock, ...options }, follower);
};

const load = async (options: Partial<KubernetesSourceOptions> = {}): Promise<void> => {
  open(options);
  await source.load();
  source.watch();
};

/** Long enough for whatever would come to come. */
const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));

beforeEach(async () => {
  server = await new ApiServer().start();
});
afterEach(async () => {
  source.close();
  await client.close();
  await server.stop();
});

describe('objects', () => {
  const route = (fields: object): Stored => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'r', namespace: 'ns', labels: { a: 'b' }, finalizers: ['x'] },
    ...fields,
  });
  const resources = () => follower.events.flatMap((event) => (event.type === 'put' ? [event.resource.object] : []));

  test('are kept without what is not read, and without fields of another version of the CRD', async () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', kept: 'yes' };
    const { metadata } = route({});
    server.put({
      ...route({
        spec: { hostnames: ['a.example'], invented: { by: 'v9' }, rules: [{ invented: 1 }] },
        status: { x: 1 },
      }),
      metadata: { ...metadata, annotations },
    });
    await load();
    expect(resources()).toMatchObject([{ spec: { hostnames: ['a.example'] } }]);
    expect(Object.keys(resources()[0] ?? {})).toEqual(['apiVersion', 'kind', 'metadata', 'spec']);
    expect(resources()[0]?.metadata).toEqual({
      name: 'r',
      namespace: 'ns',
      labels: { a: 'b' },
      annotations: { kept: 'yes' },
      creationTimestamp: '2026-01-01T00:00:00Z',
      generation: 1,
      uid: 'uid-1',
    });
    expect(JSON.stringify(resources())).not.toContain('invented');
  });

  test('whose status alone has changed are no news', async () => {
    server.put(route({ spec: {} }));
    await load();
    const { calls } = follower;
    server.put(route({ spec: {}, status: { parents: [] } }));
    await quiet();
    expect(follower.calls).toBe(calls);
  });

  test('Secrets are decoded, and keys with other bytes than text left out', async () => {
    server.put({ ...secret('a', 'été'), data: { key: 'w6l0w6k=', binary: '/////w==' } });
    await load();
    expect(resources()).toMatchObject([{ data: { key: 'été' } }]);
    expect(Object.keys((resources()[0] as unknown as { data: object }).data)).toEqual(['key']);
    expect(follower.problems).toEqual([]);
  });

  test('that cannot be read are named with their field, and without their content', async () => {
    server.put(route({ spec: { rules: 'not a list, but hunter2' } }));
    await load();
    expect(follower.problems).toMatchObject([
      { severity: 'error', object: 'HTTPRoute ns/r', field: 'spec.rules', rule: 'wrong-type' },
    ]);
    expect(JSON.stringify(follower.problems)).not.toContain('hunter2');
  });

  test('many that change at once are one change', async () => {
    await load();
    const { calls } = follower;
    for (let index = 0; index < 200; index++) server.put(secret(`s${index}`));
    await until(() => follower.objects.size === 200);
    expect(follower.calls - calls).toBeLessThanOrEqual(2);
  });

  test('that never stop to change are handed on all the same', async () => {
    await load();
    let value = 0;
    const busy = setInterval(() => server.put(secret('a', String(value++))), 1);
    const { calls } = follower;
    await until(() => follower.calls > calls + 2);
    clearInterval(busy);
  });
});

describe('kinds', () => {
  test('of which one is missing and one forbidden are two problems, and the rest works', async () => {
    server.put(secret('a'));
    server.fault = ({ collection }) => {
      if (collection === collectionOf(KINDS.AgentgatewayPolicy)) return { status: 404 };
      return collection === collectionOf(KINDS.ConfigMap) ? { status: 403 } : undefined;
    };
    await load();
    expect(follower.state).toEqual(['a=1']);
    expect(follower.problems.map(({ rule, message }) => [rule, message])).toEqual([
      [
        'not-served',
        'the Kubernetes API has no agentgatewaypolicies.agentgateway.dev: is its CustomResourceDefinition installed?',
      ],
      ['forbidden', 'the Kubernetes API forbids to read configmaps'],
    ]);
    const { calls } = follower;
    await quiet();
    expect(follower.calls).toBe(calls);
    server.fault = () => undefined;
    await until(() => follower.problems.length === 0);
  });

  test('are all watched once', async () => {
    await load();
    await until(() => server.watches() === ALL_KINDS);
    for (const kind of Object.values(KINDS)) expect(server.watches(collectionOf(kind))).toBe(1);
  });
});

describe('an outage', () => {
  test('at the start is waited for, and said; nothing is handed on before all is read', async () => {
    server.put(secret('a'));
    await server.stop();
    open();
    let loaded = false;
    const loading = source.load().then(() => {
      loaded = true;
    });
    await until(() => follower.problems.length === 1);
    expect(follower.problems).toMatchObject([{ rule: 'unreachable', severity: 'error' }]);
    server.fault = ({ collection, watch }) =>
      collection === collectionOf(KINDS.Gateway) && !watch ? { status: 500 } : undefined;
    await server.start();
    await until(() => server.watches() === ALL_KINDS - 1);
    await quiet();
    expect(loaded).toBe(false);
    expect(follower.events).toEqual([]);
    server.fault = () => undefined;
    await loading;
    expect(follower.state).toEqual(['a=1']);
  });

  test('is one problem however it shows, and over for all kinds soon after it is for one', async () => {
    server.put(secret('a'));
    await load();
    await until(() => server.watches() === ALL_KINDS);
    await server.stop();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(follower.problems).toHaveLength(1);
    await server.start();
    const back = clock.now();
    await until(() => follower.problems.length === 0);
    expect(clock.now() - back).toBeLessThan(3_500);
    expect(follower.state).toEqual(['a=1']);
  });

  test('at the start does not keep the process: close ends the wait', async () => {
    await server.stop();
    open();
    const loading = source.load();
    await until(() => follower.problems.length === 1);
    source.close();
    await loading;
    expect(follower.events).toEqual([]);
  });
});

describe('kinds that are read by name', () => {
  const byName = { byName: ['Secret'] } as const;
  const asked = (): readonly string[] =>
    server.requests
      .filter(({ collection }) => collection === SECRETS)
      .map(({ namespace, query }) => `${namespace}/${query.get('fieldSelector')}`);

  test('are read as far as they are asked for, and no further', async () => {
    for (const name of ['a', 'b', 'c']) server.put(secret(name));
    await load(byName);
    expect(follower.state).toEqual([]);
    await source.read('Secret', ['ns/a', 'ns/missing']);
    expect(follower.state).toEqual(['a=1']);
    await source.read('Secret', ['ns/b', 'ns/a']);
    expect(follower.state).toEqual(['a=1', 'b=1']);
    await source.read('Secret', ['ns/b']);
    await follower.reaches('b=1');
    server.put(secret('b', '2'));
    server.put(secret('a', '2'));
    await follower.reaches('b=2');
    expect(new Set(asked())).toEqual(new Set(['ns/metadata.name=a', 'ns/metadata.name=missing', 'ns/metadata.name=b']));
    await until(() => server.watches(SECRETS) === 1);
  });

  test('are there when loading has ended, if they are asked for meanwhile', async () => {
    server.put(secret('a'));
    open(byName);
    const { onChange } = follower;
    follower.onChange = (events, problems) => {
      onChange.call(follower, events, problems);
      void source.read('Secret', ['ns/a']);
    };
    await source.load();
    expect(follower.state).toEqual(['a=1']);
  });

  test('are waited for while they are forbidden, but not for long', async () => {
    server.put(secret('a'));
    await load(byName);
    server.fault = ({ collection }) => (collection === SECRETS ? { status: 403 } : undefined);
    const begun = clock.now();
    const read = source.read('Secret', ['ns/a']);
    await until(() => asked().length > 1);
    server.fault = () => undefined;
    await read;
    expect(follower.state).toEqual(['a=1']);
    server.fault = ({ collection }) => (collection === SECRETS ? { status: 403 } : undefined);
    await source.read('Secret', ['ns/a', 'ns/b']);
    expect(clock.now() - begun).toBeLessThan(15_000);
    // The watch of the first may have ended meanwhile, which is told as well.
    expect(follower.problems.map(({ message }) => message)).toContain('the Kubernetes API forbids to read Secret ns/b');
  });

  test('are so many at most', async () => {
    await load({ ...byName, clock: fastClock(1) });
    await source.read(
      'Secret',
      Array.from({ length: MAX_NAMES + 5 }, (_, index) => `ns/s${index}`),
    );
    await until(() => follower.problems.length === 1);
    expect(follower.problems).toMatchObject([{ rule: 'too-large' }]);
    await until(() => new Set(asked()).size === MAX_NAMES);
    await quiet();
    expect(new Set(asked()).size).toBe(MAX_NAMES);
    await source.read('Secret', []);
    await until(() => follower.problems.length === 0);
    await until(() => server.watches(SECRETS) === 0);
  });
});

test('statuses are kept when they are asked for, with the version to change them from', async () => {
  const changed: string[] = [];
  const gateway: Stored = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'g', namespace: 'ns' },
    spec: { gatewayClassName: 'c', listeners: [{ name: 'l', port: 80, protocol: 'HTTP' }] },
  };
  server.put(gateway);
  await load({ onStatus: (kind, namespace, name) => void changed.push(`${kind} ${namespace}/${name}`) });
  const stored = server.put({ ...gateway, status: { conditions: [] } });
  await until(() => source.stored('Gateway', 'ns', 'g')?.status !== undefined);
  expect(source.stored('Gateway', 'ns', 'g')).toEqual({
    resourceVersion: stored.metadata.resourceVersion,
    status: { conditions: [] },
  });
  expect(changed).toEqual(['Gateway ns/g', 'Gateway ns/g']);
  expect(source.stored('Gateway', 'ns', 'other')).toBeUndefined();
});
