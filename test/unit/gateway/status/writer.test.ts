import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KubernetesClient } from '../../../../gateway/kubernetes/client.ts';
import type { ObjectStatus } from '../../../../gateway/resolve/status.ts';
import { KubernetesSource } from '../../../../gateway/source/kubernetes/source.ts';
import { PARALLEL } from '../../../../gateway/status/lane.ts';
import { StatusWriter } from '../../../../gateway/status/writer.ts';
import { condition } from '../../../../lib/api/conditions.ts';
import { KINDS } from '../../../../lib/api/kinds.ts';
import { until } from '../../../support/eventually.ts';
import { ApiServer } from '../../../support/kubernetes/api-server.ts';
import { fastClock } from '../../../support/kubernetes/clock.ts';
import { collectionOf, type Stored } from '../../../support/kubernetes/store.ts';

const ROUTES = collectionOf(KINDS.HTTPRoute);
const OURS = 'agentgateway.dev/agentgateway';

const route = (name: string, fields: object = {}): Stored => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name, namespace: 'ns' },
  spec: {},
  ...fields,
});

const policy = (name: string, fields: object = {}): Stored => ({
  ...route(name, fields),
  kind: 'BackendTLSPolicy',
});

const accepted = (name: string, generation = 1): ObjectStatus => ({
  kind: 'HTTPRoute',
  namespace: 'ns',
  name,
  parents: [{ parentRef: { name: 'gw' }, controllerName: OURS, conditions: [condition('RouteAccepted', generation)] }],
});

let server: ApiServer;
let client: KubernetesClient;
let source: KubernetesSource;
let writer: StatusWriter;
let leader: boolean;
let logs: string[];

beforeEach(async () => {
  server = await new ApiServer().start();
  leader = true;
  logs = [];
});

afterEach(async () => {
  writer.close();
  source.close();
  await client.close();
  await server.stop();
});

/** Starts to write, and to see what is written. */
const start = async (factor?: number): Promise<void> => {
  const clock = fastClock(factor);
  client = new KubernetesClient(server.config, clock);
  source = new KubernetesSource(
    { client, clock, onStatus: (...object) => writer.onStored(...object) },
    { onChange: () => {} },
  );
  writer = new StatusWriter({
    client,
    clock,
    log: (level, message) => void logs.push(`${level} ${message}`),
    controllerName: OURS,
    stored: (...object) => source.stored(...object),
    isLeader: () => leader,
  });
  await source.load();
  source.watch();
};

const status = (name: string) => server.store.get(ROUTES, 'ns', name)?.status as { parents: unknown[] } | undefined;
const writes = (): number => server.writes().length;
/** Long enough for whatever would be written to be written. */
const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 150));

describe('a report', () => {
  test('leaves what other controllers say of a policy', async () => {
    const name = 'tls';
    const theirs = { ancestorRef: { name: 'theirs' }, controllerName: 'example.com/theirs', conditions: [] };
    server.put(policy(name, { status: { ancestors: [theirs] } }));
    await start();
    const ancestorRef = { group: KINDS.Gateway.group, kind: KINDS.Gateway.kind, namespace: 'ns', name: 'gw' };
    const conditions = [condition('BackendTlsConflicted', 3), condition('BackendTlsResolvedRefs', 3)];
    const ours = { ancestorRef, controllerName: OURS, conditions };
    writer.report([{ kind: 'BackendTLSPolicy', namespace: 'ns', name, ancestors: [ours] }]);
    const written = () => server.store.get(collectionOf(KINDS.BackendTLSPolicy), 'ns', name)?.status;
    await until(() => JSON.stringify(written()).includes('Conflicted'));
    expect(written()).toMatchObject({
      ancestors: [
        theirs,
        {
          ancestorRef,
          controllerName: OURS,
          conditions: [
            { type: 'Accepted', status: 'False', reason: 'Conflicted', observedGeneration: 3 },
            { type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', observedGeneration: 3 },
          ],
        },
      ],
    });
    // No Gateway of ours leads there any more.
    writer.report([{ kind: 'BackendTLSPolicy', namespace: 'ns', name, ancestors: [] }]);
    await until(() => !JSON.stringify(written()).includes(OURS));
    expect(written()).toEqual({ ancestors: [theirs] });
  });

  test('is written once, and the same again not at all', async () => {
    for (const name of ['a', 'b', 'c']) server.put(route(name));
    await start();
    writer.report(['a', 'b', 'c'].map((name) => accepted(name)));
    await until(() => writes() === 3);
    expect(status('b')).toMatchObject({ parents: [{ controllerName: OURS, conditions: [{ status: 'True' }] }] });
    for (let again = 0; again < 3; again++) {
      writer.report(['a', 'b', 'c'].map((name) => accepted(name)));
      await quiet();
    }
    expect(writes()).toBe(3);
    expect(server.writes().every(({ subresource }) => subresource === 'status')).toBe(true);
  });

  test('writes nothing at all when it finds everything as it should be, after a restart', async () => {
    server.put(route('a'));
    await start();
    writer.report([accepted('a')]);
    await until(() => writes() === 1);
    writer.close();
    source.close();
    await client.close();
    await start();
    writer.report([accepted('a')]);
    await quiet();
    expect(writes()).toBe(1);
  });

  test('writes what has changed, and only that', async () => {
    for (const name of ['a', 'b']) server.put(route(name));
    await start();
    writer.report([accepted('a'), accepted('b')]);
    await until(() => writes() === 2);
    server.put({ ...(server.store.get(ROUTES, 'ns', 'a') as Stored), spec: { hostnames: ['x.example'] } });
    // Who reports has seen the change; a write to the state before would be refused, and made again.
    const { resourceVersion } = (server.store.get(ROUTES, 'ns', 'a') as Stored).metadata;
    await until(() => source.stored('HTTPRoute', 'ns', 'a')?.resourceVersion === resourceVersion);
    writer.report([accepted('a', 2), accepted('b')]);
    await until(() => writes() === 3);
    await quiet();
    expect(server.writes().map(({ name }) => name)).toEqual(['a', 'b', 'a']);
    expect(status('a')).toMatchObject({ parents: [{ conditions: [{ observedGeneration: 2 }] }] });
  });

  test('of many objects is written a few at a time', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `r${index}`);
    for (const name of names) server.put(route(name));
    await start();
    let most = 0;
    let now = 0;
    server.fault = ({ method }) => {
      if (method !== 'PATCH') return undefined;
      most = Math.max(most, ++now);
      setImmediate(() => now--);
      return undefined;
    };
    writer.report(names.map((name) => accepted(name)));
    await until(() => names.every((name) => status(name) !== undefined));
    expect(writes()).toBe(60);
    expect(most).toBeLessThanOrEqual(PARALLEL);
  });

  test('is kept until this process is the leader', async () => {
    server.put(route('a'));
    leader = false;
    await start();
    writer.report([accepted('a')]);
    await quiet();
    expect(writes()).toBe(0);
    leader = true;
    writer.check();
    await until(() => status('a') !== undefined);
  });
});

describe('others write, too', () => {
  const theirs = (value: string) => ({
    parentRef: { name: 'gw' },
    controllerName: 'other.io/c',
    conditions: [{ type: 'Accepted', status: value }],
  });

  test('a controller that flips its own condition makes us write nothing', async () => {
    server.put(route('a', { status: { parents: [theirs('True')] } }));
    await start();
    writer.report([accepted('a')]);
    await until(() => writes() === 1);
    for (const value of ['False', 'True', 'False']) {
      const known = server.store.get(ROUTES, 'ns', 'a') as Stored;
      server.put({ ...known, status: { parents: [theirs(value), status('a')?.parents[1]] } });
      await quiet();
    }
    expect(writes()).toBe(1);
    expect(status('a')?.parents).toMatchObject([theirs('False'), { controllerName: OURS }]);
  });

  test('a conflict is read again and computed anew, what they wrote stays', async () => {
    server.put(route('a'));
    await start();
    let raced = false;
    server.fault = ({ method }) => {
      if (method === 'PATCH' && !raced) {
        raced = true;
        server.put(route('a', { status: { parents: [theirs('True')] } }));
      }
      return undefined;
    };
    writer.report([accepted('a')]);
    await until(() => status('a')?.parents.length === 2);
    expect(status('a')?.parents).toMatchObject([theirs('True'), { controllerName: OURS }]);
    expect(writes()).toBe(2);
  });

  test('what they undo is written again, ever more slowly: two that disagree do not write without end', async () => {
    server.put(route('a'));
    await start(100);
    writer.report([accepted('a')]);
    await until(() => writes() === 1);
    const undo = setInterval(() => {
      if (status('a')?.parents.length !== 0) server.put(route('a', { status: { parents: [] } }));
    }, 2);
    // 2 seconds here are 200 there: 1 + 2 + 4 + … of them are at most 8 writes.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    clearInterval(undo);
    expect(writes()).toBeGreaterThan(3);
    expect(writes()).toBeLessThan(11);
    await until(() => status('a')?.parents.length === 1);
  });
});

describe('the API fails', () => {
  test('and is asked again, ever more slowly; it is said once that it fails, and that it works', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) server.put(route(name));
    await start(50);
    server.fault = ({ method }) => (method === 'PATCH' ? { status: 403, reason: 'Forbidden' } : undefined);
    writer.report(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => accepted(name)));
    // 20 seconds.
    await new Promise((resolve) => setTimeout(resolve, 400));
    // All at once, then one at a time: after pauses of 0.2, 0.4, 0.8, 1.6, 3.2 seconds and then 4, of which half is left to chance.
    expect(writes()).toBeGreaterThan(6 + 4);
    expect(writes()).toBeLessThan(6 + 20);
    server.fault = () => undefined;
    await until(() => ['a', 'b', 'c', 'd', 'e', 'f'].every((name) => status(name) !== undefined));
    expect(logs).toEqual([
      'warn statuses cannot be written for now, and will be tried again',
      'info statuses can be written again',
    ]);
  });

  test('a status that is refused is not offered again, but a new one is', async () => {
    server.put(route('a'));
    await start();
    server.fault = ({ method }) => (method === 'PATCH' ? { status: 422, reason: 'Invalid' } : undefined);
    writer.report([accepted('a')]);
    await until(() => writes() === 1);
    writer.report([accepted('a')]);
    await quiet();
    expect(writes()).toBe(1);
    expect(logs).toEqual(['error the Kubernetes API refuses a status']);
    server.fault = () => undefined;
    writer.report([accepted('a', 3)]);
    await until(() => status('a') !== undefined);
  });

  test('an object that is gone is let go', async () => {
    server.put(route('a'));
    await start();
    server.fault = ({ method }) => (method === 'PATCH' ? { status: 404, reason: 'NotFound' } : undefined);
    writer.report([accepted('a'), accepted('unknown')]);
    await until(() => writes() === 1);
    await quiet();
    expect(writes()).toBe(1);
    expect(logs).toEqual([]);
  });
});
