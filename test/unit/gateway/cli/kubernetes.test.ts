import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseCommand } from '../../../../gateway/cli/command.ts';
import { GATEWAY_COMMAND } from '../../../../gateway/cli/commands.ts';
import { gatewayOptions } from '../../../../gateway/cli/options.ts';
import { type Runtime, startRuntime } from '../../../../gateway/cli/runtime.ts';
import { CLUSTER_KINDS, CONTROLLER_NAME, GATEWAY_CLASS, KINDS } from '../../../../lib/api/kinds.ts';
import { aHost, type TestHost } from '../../../support/cli/host.ts';
import { until } from '../../../support/eventually.ts';
import { freePort } from '../../../support/free-port.ts';
import { ApiServer } from '../../../support/kubernetes/api-server.ts';
import { collectionOf, type Stored } from '../../../support/kubernetes/store.ts';
import { ANSWER, json, type ScriptedUpstream, startUpstream } from '../../../support/mcp/upstream.ts';

const V1 = 'gateway.networking.k8s.io/v1';
const AGENTGATEWAY = 'agentgateway.dev/v1alpha1';

let server: ApiServer;
let upstream: ScriptedUpstream;
let runtimes: Runtime[];
let logs: string[];
let ports: { a: number; b: number };

const gateway = (name: string, port: number): Stored => ({
  apiVersion: V1,
  kind: 'Gateway',
  metadata: { name, namespace: 'ns' },
  spec: { gatewayClassName: GATEWAY_CLASS, listeners: [{ name: 'l', port, protocol: 'HTTP' }] },
});

const secret = (name: string, token: string): Stored => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'ns' },
  data: { Authorization: Buffer.from(token).toString('base64') },
});

const backend = (secretName: string): Stored => ({
  apiVersion: AGENTGATEWAY,
  kind: 'AgentgatewayBackend',
  metadata: { name: 'mcp', namespace: 'ns' },
  spec: {
    mcp: {
      targets: [
        {
          name: 't',
          static: {
            host: '127.0.0.1',
            port: Number(new URL(upstream.url).port),
            policies: { auth: { secretRef: { name: secretName } } },
          },
        },
      ],
    },
  },
});

beforeEach(async () => {
  server = await new ApiServer().start();
  upstream = await startUpstream((response) => json(response, ANSWER));
  ports = { a: await freePort(), b: await freePort() };
  runtimes = [];
  logs = [];
  server.put({
    apiVersion: V1,
    kind: 'GatewayClass',
    metadata: { name: GATEWAY_CLASS },
    spec: { controllerName: CONTROLLER_NAME },
  });
  server.put(gateway('a', ports.a));
  server.put(gateway('b', ports.b));
  server.put(backend('first'));
  server.put(secret('first', 'one'));
  server.put(secret('unrelated', 'hunter2'));
  const backendRefs = [{ group: 'agentgateway.dev', kind: 'AgentgatewayBackend', name: 'mcp' }];
  server.put({
    apiVersion: V1,
    kind: 'HTTPRoute',
    metadata: { name: 'r', namespace: 'ns' },
    spec: { parentRefs: [{ name: 'a' }, { name: 'b' }], rules: [{ backendRefs }] },
  });
});

afterEach(async () => {
  for (const runtime of runtimes) await runtime.stop();
  await upstream.close();
  await server.stop();
});

const start = async (...args: readonly string[]): Promise<Runtime> => {
  const kubeconfig = JSON.stringify({
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'own' } }],
    clusters: [{ name: 'c', cluster: { server: server.config.server.href } }],
    users: [{ name: 'u', user: { token: server.token } }],
  });
  const host: TestHost = aHost({ '/k': kubeconfig });
  const local = ['admin', 'stats', 'readiness'].flatMap((name) => [`--${name}`, '127.0.0.1:0']);
  const argv = ['--kubernetes', '--kubeconfig', '/k', '--bind', '127.0.0.1', ...local, ...args];
  const options = gatewayOptions(parseCommand(GATEWAY_COMMAND, argv), {});
  const runtime = await startRuntime(options, host, (level, message) => void logs.push(`${level}: ${message}`));
  runtimes.push(runtime);
  return runtime;
};

const ready = async ({ addresses }: Runtime): Promise<boolean> => {
  const { host, port } = addresses.readiness;
  return (await fetch(`http://${host}:${port}/healthz/ready`)).status === 200;
};
/** Status of a call, and the token that the upstream saw. */
const call = async (port: number): Promise<string> => {
  const seen = upstream.requests.length;
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {} });
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const { status } = await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', headers, body });
  return `${status} ${upstream.requests[seen]?.request.headers.authorization ?? 'not called'}`;
};

const refused = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/`).then(
    () => false,
    () => true,
  );
const statusOf = (kind: keyof typeof KINDS, name: string) =>
  server.store.get(collectionOf(KINDS[kind]), kind === 'GatewayClass' ? undefined : 'ns', name)?.status;
const secretsRead = (): readonly string[] =>
  server.requests
    .filter(({ collection }) => collection === collectionOf(KINDS.Secret))
    .map(({ query }) => query.get('fieldSelector') ?? 'all');

describe('tooltrail gateway --kubernetes', () => {
  test('serves what the API server has, and follows it', async () => {
    const runtime = await start();
    await until(() => ready(runtime));
    expect(await call(ports.a)).toBe('200 Bearer one');
    expect(await call(ports.b)).toBe('200 Bearer one');
    server.put(secret('first', 'two'));
    await until(async () => (await call(ports.a)) === '200 Bearer two');
    server.remove(KINDS.Gateway, 'ns', 'b');
    await until(() => refused(ports.b));
    expect(server.writes()).toEqual([]);
  });

  test('goes on while the API is away, and catches up', async () => {
    const runtime = await start();
    await until(() => ready(runtime));
    await server.stop();
    await until(() => logs.some((line) => line.includes('the Kubernetes API cannot be read')));
    expect(await call(ports.a)).toBe('200 Bearer one');
    expect(await ready(runtime)).toBe(true);
    await server.start();
    server.put(secret('first', 'two'));
    await until(async () => (await call(ports.a)) === '200 Bearer two');
  });

  test('is started and can be stopped while the API is away', async () => {
    await server.stop();
    const runtime = await start();
    await until(() => logs.some((line) => line.includes('the Kubernetes API cannot be read')));
    expect(await ready(runtime)).toBe(false);
  });
});

describe('--gateway', () => {
  test('serves that Gateway alone, and reads no Secret that it does not lead to', async () => {
    const runtime = await start('--gateway', 'ns/a');
    await until(() => ready(runtime));
    expect(await call(ports.a)).toBe('200 Bearer one');
    expect(await refused(ports.b)).toBe(true);
    expect(new Set(secretsRead())).toEqual(new Set(['metadata.name=first']));
  });

  test('is not ready before it has read what the Gateway leads to', async () => {
    server.fault = ({ collection, watch }) =>
      collection === collectionOf(KINDS.Secret) && !watch ? 'hang' : undefined;
    const runtime = await start('--gateway', 'ns/a');
    await until(() => secretsRead().length === 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await ready(runtime)).toBe(false);
  });

  test('changes to another Secret without a request that fails, also when the right to read it comes later', async () => {
    const runtime = await start('--gateway', 'ns/a');
    await until(() => ready(runtime));
    server.put(secret('second', 'two'));
    server.fault = ({ query }) =>
      query.get('fieldSelector') === 'metadata.name=second' ? { status: 403, reason: 'Forbidden' } : undefined;
    server.put(backend('second'));
    const answers = new Set<string>();
    await until(() => secretsRead().includes('metadata.name=second'));
    setTimeout(() => {
      server.fault = () => undefined;
    }, 500);
    await until(async () => {
      const answer = await call(ports.a);
      answers.add(answer);
      return answer === '200 Bearer two';
    });
    expect(answers).toEqual(new Set(['200 Bearer one', '200 Bearer two']));
  });
});

describe('--write-status', () => {
  test('writes the statuses of all objects, by one of two processes, and then no more', async () => {
    const [first] = await Promise.all([start('--write-status'), start('--write-status', '--listen', `${ports.a}=1`)]);
    await until(() => ['a', 'b'].every((name) => statusOf('Gateway', name) !== undefined));
    await until(() => statusOf('HTTPRoute', 'r') !== undefined && statusOf('AgentgatewayBackend', 'mcp') !== undefined);
    expect(statusOf('GatewayClass', GATEWAY_CLASS)).toMatchObject({
      conditions: [{ status: 'True' }, { status: 'True' }],
    });
    expect(statusOf('HTTPRoute', 'r')).toMatchObject({
      parents: [{ controllerName: CONTROLLER_NAME }, { controllerName: CONTROLLER_NAME }],
    });
    await until(() => ready(first as Runtime));
    const statuses = () => server.writes().filter(({ subresource }) => subresource === 'status').length;
    // Ports are bound after the first report.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const written = statuses();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(statuses()).toBe(written);
    const lease = server.store.get(collectionOf(CLUSTER_KINDS.Lease), 'own', 'tooltrail-status');
    expect(lease?.spec).toMatchObject({ holderIdentity: expect.stringMatching(/^tooltrail_/) });
    expect(logs.filter((line) => line === 'info: this process writes statuses')).toHaveLength(1);
  });

  test('refuses the version of CRDs that are not supported', async () => {
    const name = `${KINDS.GatewayClass.plural}.${KINDS.GatewayClass.group}`;
    const crd = (version: string): Stored => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name, annotations: { 'gateway.networking.k8s.io/bundle-version': version } },
    });
    server.put(crd('v2.0.0'));
    await start('--write-status');
    const supported = (): string | undefined =>
      (statusOf('GatewayClass', GATEWAY_CLASS) as { conditions: { status: string }[] } | undefined)?.conditions[1]
        ?.status;
    await until(() => supported() === 'False');
    server.put(crd('v1.6.3'));
    await until(() => supported() === 'True');
  });
});

test('a kubeconfig that cannot be used is one error', async () => {
  const options = gatewayOptions(parseCommand(GATEWAY_COMMAND, ['--kubernetes', '--kubeconfig', '/none']), {});
  await expect(startRuntime(options, aHost(), () => {})).rejects.toThrow('/none cannot be read: ENOENT');
});
