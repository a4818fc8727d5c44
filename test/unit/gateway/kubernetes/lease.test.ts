import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { KubernetesClient } from '../../../../gateway/kubernetes/client.ts';
import { Lease } from '../../../../gateway/kubernetes/lease.ts';
import { CLUSTER_KINDS } from '../../../../lib/api/kinds.ts';
import { until } from '../../../support/eventually.ts';
import { ApiServer } from '../../../support/kubernetes/api-server.ts';
import { fastClock } from '../../../support/kubernetes/clock.ts';
import { collectionOf } from '../../../support/kubernetes/store.ts';

let server: ApiServer;
const clock = fastClock();
const ends: (() => Promise<unknown>)[] = [];

const candidate = (identity: string) => {
  const client = new KubernetesClient(server.config, clock);
  const changes: boolean[] = [];
  const onChange = (held: boolean): void => void changes.push(held);
  const lease = new Lease({ client, clock, namespace: 'ns', name: 'one', identity, onChange });
  lease.start();
  ends.push(
    () => lease.release(),
    () => client.close(),
  );
  return { lease, changes, kill: () => client.close() };
};

const spec = () => server.store.get(collectionOf(CLUSTER_KINDS.Lease), 'ns', 'one')?.spec as Record<string, unknown>;

beforeEach(async () => {
  server = await new ApiServer().start();
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await server.stop();
});

test('one holds it, and renews it', async () => {
  const a = candidate('a');
  await until(() => a.lease.held);
  const b = candidate('b');
  const { renewTime } = spec();
  await until(() => spec().renewTime !== renewTime);
  expect(b.lease.held).toBe(false);
  expect(spec()).toMatchObject({ holderIdentity: 'a', leaseTransitions: 0 });
  expect(a.changes).toEqual([true]);
});

test('who waits follows it by one watch, and asks for nothing more', async () => {
  const a = candidate('a');
  await until(() => a.lease.held);
  const b = candidate('b');
  await until(() => server.watches() === 1);
  const before = server.requests.length;
  const { renewTime } = spec();
  await until(() => Date.parse(String(spec().renewTime)) - Date.parse(String(renewTime)) > 12_000);
  expect(new Set(server.requests.slice(before).map(({ method }) => method))).toEqual(new Set(['PUT']));
  expect(server.requests.length - before).toBeLessThanOrEqual(8);
  expect(b.lease.held).toBe(false);
});

test('of many that begin at once, one gets it', async () => {
  const all = ['a', 'b', 'c', 'd'].map(candidate);
  await until(() => all.some(({ lease }) => lease.held));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(all.filter(({ lease }) => lease.held)).toHaveLength(1);
});

test('it is given up at the end, and another has it long before it would have run out', async () => {
  const a = candidate('a');
  await until(() => a.lease.held);
  const b = candidate('b');
  await a.lease.release();
  const released = clock.now();
  expect(a.changes).toEqual([true, false]);
  await until(() => b.lease.held);
  expect(clock.now() - released).toBeLessThan(3_000);
  expect(spec()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
});

test('when its holder is killed another takes it, once it has run out', async () => {
  const a = candidate('a');
  await until(() => a.lease.held);
  const b = candidate('b');
  await until(() => server.watches() === 1);
  await a.kill();
  const killed = clock.now();
  await until(() => b.lease.held);
  expect(clock.now() - killed).toBeGreaterThan(1_500);
  expect(clock.now() - killed).toBeLessThan(6_000);
});

test('its holder stops to trust it before others may have it, when the API is away', async () => {
  const a = candidate('a');
  await until(() => a.lease.held);
  const renewed = clock.now();
  await server.stop();
  await until(() => a.changes.length === 2);
  expect(a.changes).toEqual([true, false]);
  expect(clock.now() - renewed).toBeLessThan(4_000);
  await server.start();
  await until(() => a.lease.held);
});

test('an API that takes requests and never answers counts as away', async () => {
  const a = candidate('a');
  await until(() => a.lease.held);
  server.fault = () => 'hang';
  await until(() => !a.lease.held);
  server.fault = () => undefined;
  await until(() => a.lease.held);
});

test('what another process wrote meanwhile is respected', async () => {
  const a = candidate('a');
  await until(() => a.lease.held);
  server.put({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'one', namespace: 'ns' },
    spec: { holderIdentity: 'intruder', leaseDurationSeconds: 4 },
  });
  await until(() => a.changes.length === 2);
  expect(a.changes).toEqual([true, false]);
  await until(() => a.lease.held);
  expect(spec()).toMatchObject({ holderIdentity: 'a', leaseTransitions: 1 });
});
