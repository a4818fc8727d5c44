import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/acceptance/eventually.ts';
import { driver } from './driver.ts';
import { EVERYTHING } from './everything.ts';

/** What goes away under load: no client notices. */
const NAMESPACE = 'availability';
const GATEWAY = 'busy';
const PORT = 8080;
const REPLICAS = 3;
const CLIENTS = 15;
const WAIT = 90_000;

const { kubectl } = driver;

const parameters = (environment: string) => ({
  apiVersion: 'agentgateway.dev/v1alpha1',
  kind: 'AgentgatewayParameters',
  metadata: { name: 'replicated', namespace: NAMESPACE },
  spec: { deployment: { spec: { replicas: REPLICAS } }, env: [{ name: 'ROLLED', value: environment }] },
});

const OBJECTS = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: GATEWAY, namespace: NAMESPACE },
    spec: {
      gatewayClassName: 'agentgateway',
      infrastructure: {
        parametersRef: { group: 'agentgateway.dev', kind: 'AgentgatewayParameters', name: 'replicated' },
      },
      listeners: [{ name: 'http', port: PORT, protocol: 'HTTP' }],
    },
  },
  {
    apiVersion: 'agentgateway.dev/v1alpha1',
    kind: 'AgentgatewayBackend',
    metadata: { name: 'everything', namespace: NAMESPACE },
    spec: { mcp: { targets: [{ name: 'everything', static: { ...EVERYTHING, protocol: 'StreamableHTTP' } }] } },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'mcp', namespace: NAMESPACE },
    spec: {
      parentRefs: [{ name: GATEWAY }],
      rules: [{ backendRefs: [{ group: 'agentgateway.dev', kind: 'AgentgatewayBackend', name: 'everything' }] }],
    },
  },
];

const apply = (...objects: readonly object[]): Promise<string> =>
  kubectl.must(['apply', '--server-side', '-f', '-'], objects.map((object) => JSON.stringify(object)).join('\n---\n'));

const rolledOut = (): Promise<string> =>
  kubectl.must(['rollout', 'status', `deployment/${GATEWAY}`, '-n', NAMESPACE, '--timeout=120s']);

const pods = async (): Promise<readonly string[]> => {
  const selector = `gateway.networking.k8s.io/gateway-name=${GATEWAY}`;
  return (await kubectl.must(['get', 'pods', '-n', NAMESPACE, '-l', selector, '-o', 'name'])).trim().split('\n');
};

interface Sums {
  readonly served: number;
  readonly failed: number;
  readonly failures: readonly string[];
}

/** All clients call while `work` runs. */
const underLoad = async (url: string, work: () => Promise<void>): Promise<Sums> => {
  const args = ['in', process.execPath, resolve('test/e2e/load.ts'), url, String(CLIENTS)];
  const child: ChildProcess = spawn(driver.path, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [begun] = await once(child.stdout!, 'data');
    expect(String(begun)).toBe('open\n');
    const rest = text(child.stdout!);
    await work();
    child.stdin!.end();
    return JSON.parse(await rest) as Sums;
  } finally {
    child.stdin!.end();
  }
};

let url: string;

beforeAll(async () => {
  await apply(...OBJECTS, parameters('before'));
  const wait = ['wait', '--for=condition=Programmed', `gateway/${GATEWAY}`, '-n', NAMESPACE, '--timeout=90s'];
  await eventually(
    'the namespace’s Gateway',
    async () => ((await kubectl.run(wait)).code === 0 ? true : undefined),
    WAIT,
  );
  await rolledOut();
  const path = 'jsonpath={.status.addresses[0].value}';
  const address = await kubectl.must(['get', 'gateway', GATEWAY, '-n', NAMESPACE, '-o', path]);
  url = `http://${address}:${PORT}/mcp`;
}, 300_000);

describe(`${CLIENTS} clients in front of ${REPLICAS} proxies`, () => {
  test('do not notice that one is deleted', async () => {
    expect(await pods()).toHaveLength(REPLICAS);
    const sums = await underLoad(url, async () => {
      await sleep(2_000);
      const [first = ''] = await pods();
      await kubectl.must(['delete', first, '-n', NAMESPACE, '--wait=true']);
      await rolledOut();
    });
    expect(sums).toMatchObject({ failed: 0, failures: [] });
    expect(sums.served).toBeGreaterThan(CLIENTS);
  });

  test('do not notice that all are replaced, one after the other', async () => {
    const before = await pods();
    const sums = await underLoad(url, async () => {
      await apply(parameters('after'));
      await eventually(
        'other pods alone',
        async () => ((await pods()).every((pod) => !before.includes(pod)) ? true : undefined),
        WAIT * 2,
      );
      await rolledOut();
    });
    expect(sums).toMatchObject({ failed: 0, failures: [] });
    expect(sums.served).toBeGreaterThan(CLIENTS);
  });
});
