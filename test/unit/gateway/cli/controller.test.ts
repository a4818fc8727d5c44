import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { run } from '../../../../gateway/cli/run.ts';
import { CLUSTER_KINDS, CONTROLLER_NAME, KINDS } from '../../../../lib/api/kinds.ts';
import { DEPLOYED_KINDS } from '../../../../lib/workload/kinds.ts';
import { aHost } from '../../../support/cli/host.ts';
import { until } from '../../../support/eventually.ts';
import { ApiServer } from '../../../support/kubernetes/api-server.ts';
import { collectionOf } from '../../../support/kubernetes/store.ts';

const OTHER = 'example.com/other';
const V1 = 'gateway.networking.k8s.io/v1';

let server: ApiServer;
beforeEach(async () => {
  server = await new ApiServer().start();
});
afterEach(() => server.stop());

const start = (...args: readonly string[]) => {
  const kubeconfig = JSON.stringify({
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'own' } }],
    clusters: [{ name: 'c', cluster: { server: server.config.server.href } }],
    users: [{ name: 'u', user: { token: server.token } }],
  });
  let signal: (name: 'SIGTERM') => void = () => {};
  const onSignal = (listener: typeof signal): void => {
    signal = listener;
  };
  const host = { ...aHost({ '/k': kubeconfig }), onSignal } as ReturnType<typeof aHost>;
  const ended = run(['controller', '--kubeconfig', '/k', '--readiness', '127.0.0.1:0', ...args], host);
  return { host, ended, stop: () => signal('SIGTERM') };
};

const readiness = async (written: readonly string[]): Promise<number> => {
  const [url] = /http:\/\/\S+\/healthz\/ready/.exec(written.join('')) ?? [];
  return url === undefined ? 0 : (await fetch(url)).status;
};

const put = (name: string, controllerName: string): void => {
  server.put({ apiVersion: V1, kind: 'GatewayClass', metadata: { name }, spec: { controllerName } });
  const listeners = [{ name: 'http', port: 80, protocol: 'HTTP' }];
  const spec = { gatewayClassName: name, listeners };
  server.put({ apiVersion: V1, kind: 'Gateway', metadata: { name, namespace: 'a' }, spec });
  server.put({
    apiVersion: V1,
    kind: 'HTTPRoute',
    metadata: { name, namespace: 'a' },
    spec: { parentRefs: [{ name: 'ours' }, { name: 'theirs' }], rules: [{}] },
  });
};

const deployed = (name: string) => server.store.get(collectionOf(DEPLOYED_KINDS.PodDisruptionBudget), 'a', name);
const statusOf = (kind: 'Gateway' | 'HTTPRoute', name: string) =>
  server.store.get(collectionOf(KINDS[kind]), 'a', name)?.status;

test.each(['x', 'Example.com/x', 'example.com/', 'example.com/a b', `example.com/${'x'.repeat(253)}`])(
  '--controller-name %s is a wrong command line',
  async (name) => {
    const { host, ended } = start('--controller-name', name);
    expect(await ended).toBe(2);
    expect(host.err.join('')).toContain('is no domain and path of at most 253 characters');
  },
);

test('an unknown option, or no cluster, is one error', async () => {
  const { host, ended } = start('--kubeconfig-none');
  expect(await ended).toBe(2);
  const none = aHost();
  expect(await run(['controller', '--kubeconfig', '/none', '--readiness', '127.0.0.1:0'], none)).toBe(1);
  expect(none.err.join('')).toContain('/none cannot be read: ENOENT');
  expect(host.err).toHaveLength(1);
});

test('it serves the classes of its name alone, is ready once all was read, and hands over at SIGTERM', async () => {
  put('ours', OTHER);
  put('theirs', CONTROLLER_NAME);
  const { host, ended, stop } = start('--controller-name', OTHER);
  await until(() => deployed('ours') !== undefined && statusOf('HTTPRoute', 'ours') !== undefined);
  await until(async () => (await readiness([...host.out, ...host.err])) === 200);
  expect(statusOf('HTTPRoute', 'ours')).toMatchObject({ parents: [{ controllerName: OTHER }] });
  expect([deployed('theirs'), statusOf('Gateway', 'theirs')]).toEqual([undefined, undefined]);
  const leases = server.store.list(collectionOf(CLUSTER_KINDS.Lease));
  expect(leases.map(({ metadata }) => metadata.name)).toEqual([
    expect.stringMatching(/^tooltrail-status-[0-9a-f]{12}$/),
  ]);
  stop();
  expect(await ended).toBe(0);
  expect(server.store.list(collectionOf(CLUSTER_KINDS.Lease))[0]?.spec).not.toHaveProperty('holderIdentity');
});
