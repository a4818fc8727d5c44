import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Controller, type DeployedGateway } from '../../../../gateway/controller/controller.ts';
import { KubernetesClient } from '../../../../gateway/kubernetes/client.ts';
import { CONTROLLER_NAME, KINDS } from '../../../../lib/api/kinds.ts';
import { controllersOwn } from '../../../../lib/workload/controller-name.ts';
import { DEPLOYED_KINDS, type DeployedKind } from '../../../../lib/workload/kinds.ts';
import { until } from '../../../support/eventually.ts';
import { ApiServer } from '../../../support/kubernetes/api-server.ts';
import { fastClock } from '../../../support/kubernetes/clock.ts';
import { collectionOf, type Stored } from '../../../support/kubernetes/store.ts';

const OTHER = 'example.com/other';
const clock = fastClock();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const V1 = 'gateway.networking.k8s.io/v1';

let server: ApiServer;
let ends: (() => Promise<void>)[];

const start = (controllerName = CONTROLLER_NAME, isLeader = () => true): Controller => {
  const client = new KubernetesClient(server.config, clock);
  const controller = new Controller({
    ...{ client, clock, controllerName, sha256, isLeader, log: () => {} },
    ...{ image: 'tooltrail:1', version: '1', proxyRole: 'proxy', randomBytes: (size: number) => new Uint8Array(size) },
  });
  ends.push(async () => {
    const closed = controller.close();
    await client.close();
    await closed;
  });
  return controller;
};

/** A Gateway as it is stored, and as the controller is told of it. */
const aGateway = (name: string, className = 'agentgateway', address?: string): DeployedGateway => {
  const addresses = address === undefined ? {} : { addresses: [{ type: 'IPAddress', value: address }] };
  const gateway = server.put({
    ...{ apiVersion: V1, kind: 'Gateway', metadata: { name, namespace: 'a' } },
    spec: { gatewayClassName: className, listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }], ...addresses },
  }) as unknown as DeployedGateway['gateway'];
  return { gateway, parameters: [], references: { secrets: new Set(), configMaps: new Set() } };
};

const aClass = (name: string, controllerName: string): Stored =>
  server.put({ apiVersion: V1, kind: 'GatewayClass', metadata: { name }, spec: { controllerName } });

const stored = (kind: DeployedKind, name: string, namespace: string | undefined = 'a'): Stored | undefined =>
  server.store.get(collectionOf(DEPLOYED_KINDS[kind]), namespace, name);
const role = (gateway: string, controller = 'tooltrail-controller'): Stored | undefined =>
  server.store.get(collectionOf(DEPLOYED_KINDS.ClusterRoleBinding), undefined, `${controller}.${gateway}.a`);
const written = (): readonly string[] => server.writes().map(({ method, collection }) => `${method} ${collection}`);
const deployed = (name: string) => until(() => stored('PodDisruptionBudget', name) !== undefined);
const isWatched = () => until(() => server.watches() === Object.keys(DEPLOYED_KINDS).length);
/** Long enough, on the clock of these tests, for whatever would be written. */
const quiet = async (): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, 200));
  return server.writes().length;
};

beforeEach(async () => {
  server = await new ApiServer().start();
  ends = [];
});
afterEach(async () => {
  for (const end of ends) await end();
  await server.stop();
});

describe('proxies of a Gateway', () => {
  test('are applied once, the session key before what needs it, and then nothing is written', async () => {
    const controller = start();
    const gateways = [aGateway('g')];
    controller.report(gateways);
    await deployed('g');
    await isWatched();
    expect(written()).toEqual([
      'POST /secrets',
      'PATCH /serviceaccounts',
      'PATCH rbac.authorization.k8s.io/clusterrolebindings',
      'PATCH apps/deployments',
      'PATCH /services',
      'PATCH policy/poddisruptionbudgets',
    ]);
    controller.report(gateways);
    controller.check();
    server.put({ ...(stored('Deployment', 'g') as Stored), status: { readyReplicas: 1 } });
    expect(await quiet()).toBe(6);
  });

  test('an object that is refused is tried again, without those that were taken', async () => {
    let times = 0;
    server.fault = ({ collection, method }) =>
      method === 'PATCH' && collection === '/services' && times++ < 2 ? { status: 422, reason: 'Invalid' } : undefined;
    start().report([aGateway('g')]);
    await deployed('g');
    expect(times).toBe(3);
    expect(written().filter((write) => write === 'PATCH apps/deployments')).toHaveLength(1);
  });

  test.each(['Deployment', 'Service', 'ServiceAccount', 'PodDisruptionBudget'] as const)(
    'a %s that is deleted or changed by hand is mended',
    async (kind) => {
      start().report([aGateway('g')]);
      await deployed('g');
      await isWatched();
      server.remove(DEPLOYED_KINDS[kind], 'a', 'g');
      await until(() => stored(kind, 'g') !== undefined);
      const changed = stored(kind, 'g') as Stored;
      const labels = { ...(changed.metadata.labels as object), 'app.kubernetes.io/version': 'mine' };
      server.put({ ...changed, metadata: { ...changed.metadata, labels } });
      await until(() => JSON.stringify(stored(kind, 'g')?.metadata.labels).includes('"app.kubernetes.io/version":"1"'));
    },
  );

  test('a session key is made once; it may be rotated, and comes back when it is deleted', async () => {
    start().report([aGateway('g')]);
    await deployed('g');
    await isWatched();
    server.put({ ...(stored('Secret', 'g-session-key') as Stored), stringData: { key: 'rotated' } });
    await quiet();
    expect(stored('Secret', 'g-session-key')?.stringData).toEqual({ key: 'rotated' });
    server.remove(DEPLOYED_KINDS.Secret, 'a', 'g-session-key');
    await until(() => stored('Secret', 'g-session-key') !== undefined);
    start().report([aGateway('g')]);
    await quiet();
    expect(written().filter((write) => write === 'POST /secrets')).toHaveLength(2);
  });

  test('what Kubernetes deletes with its Gateway is not made again', async () => {
    start().report([aGateway('g')]);
    await deployed('g');
    await isWatched();
    server.remove(KINDS.Gateway, 'a', 'g');
    server.remove(DEPLOYED_KINDS.Deployment, 'a', 'g');
    await quiet();
    expect(stored('Deployment', 'g')).toBeUndefined();
  });

  test('a Service with another address is made anew', async () => {
    const controller = start();
    controller.report([aGateway('g')]);
    await deployed('g');
    const { uid } = stored('Service', 'g')?.metadata ?? {};
    controller.report([aGateway('g', 'agentgateway', '10.0.0.7')]);
    await until(() => stored('Service', 'g') !== undefined && stored('Service', 'g')?.metadata.uid !== uid);
    expect(stored('Service', 'g')?.spec).toMatchObject({ loadBalancerIP: '10.0.0.7' });
  });

  test('of a Gateway that is gone, what Kubernetes does not collect is deleted', async () => {
    const controller = start();
    controller.report([aGateway('g'), aGateway('h')]);
    await Promise.all([deployed('g'), deployed('h')]);
    controller.report([aGateway('h')]);
    await until(() => role('g') === undefined);
    expect(role('h')).toBeDefined();
  });

  test('who no longer leads writes nothing more', async () => {
    let leads = true;
    server.fault = ({ collection, method }) => {
      if (method === 'PATCH' && collection === 'apps/deployments') leads = false;
      return undefined;
    };
    const controller = start(CONTROLLER_NAME, () => leads);
    controller.report([aGateway('g')]);
    await until(() => !leads);
    await quiet();
    expect(stored('Service', 'g')).toBeUndefined();
    server.fault = () => undefined;
    leads = true;
    controller.check();
    await deployed('g');
  });
});

describe('after a restart', () => {
  test('what belongs to nobody is swept, what was refused or cannot be read is kept', async () => {
    const first = start();
    aClass('agentgateway', CONTROLLER_NAME);
    first.report(['gone', 'refused', 'unread'].map((name) => aGateway(name)));
    await Promise.all(['gone', 'refused', 'unread'].map(deployed));
    await ends.pop()?.();
    server.remove(KINDS.Gateway, 'a', 'gone');
    start().report([], new Set(['a/refused']));
    await until(() => role('gone') === undefined);
    await quiet();
    expect([role('refused'), role('unread')]).not.toContain(undefined);
  });
});

test('controllers of different names leave each other’s objects alone', async () => {
  aClass('agentgateway', CONTROLLER_NAME);
  aClass('other', OTHER);
  const own = controllersOwn('tooltrail-controller', OTHER, sha256);
  const [ours, theirs] = [start(), start(OTHER)];
  ours.report([aGateway('g')]);
  theirs.report([aGateway('h', 'other')]);
  await Promise.all([deployed('g'), deployed('h')]);
  await quiet();
  expect([role('g'), role('h', own)]).not.toContain(undefined);
  expect(JSON.stringify(stored('Deployment', 'h')?.spec)).toContain(`"--controller-name","${OTHER}"`);
  expect(JSON.stringify(stored('Deployment', 'g')?.spec)).not.toContain('--controller-name');
  expect(own).toMatch(/^[a-z][-a-z0-9]{0,62}$/);
});
