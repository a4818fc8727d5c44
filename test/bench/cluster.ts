import fs from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubernetesClient } from '../../gateway/kubernetes/client.ts';
import { kubeconfig } from '../../gateway/kubernetes/config/kubeconfig.ts';
import {
  apiVersion,
  CONTROLLER_NAME,
  GATEWAY_CLASS,
  isClusterScoped,
  KINDS,
  type KindName,
} from '../../lib/api/kinds.ts';
import { definitions } from '../components/definitions.ts';
import { Unavailable } from '../components/go.ts';
import { locate } from '../components/locate.ts';
import { spawnTooltrail } from '../support/cli/process.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane/control-plane.ts';
import { applyDefinitions } from '../support/control-plane/definitions.ts';
import { freePort } from '../support/free-port.ts';
import { NAMESPACE, times } from './objects.ts';
import { type Usage, usageOf } from './usage.ts';

/** A proxy and a controller on a real API server with many routes: `make bench`. */

const ROUTES = 1_000;
const BACKENDS = 200;
const SERVICES = 200;
const ENDPOINTS = 3;
/** Objects that are written at a time. */
const PARALLEL = 16;
/** Milliseconds; nothing here takes so long unless it is broken. */
const PATIENCE = 60_000;
const REST = 30_000;
/** Slices of Services that no route leads to: so many, changed so often a second, for so long. */
const FOREIGN = 50;
const CHANGES = 50;
const CHURN = 10_000;
const RELOADS = 9;
const POLL = 5;

type Metadata = { readonly name: string } & Record<string, unknown>;

const object = (kind: KindName, name: string, fields: object, metadata: object = {}) => ({
  apiVersion: apiVersion(KINDS[kind]),
  kind: KINDS[kind].kind,
  metadata: { name, ...(isClusterScoped(kind) ? {} : { namespace: NAMESPACE }), ...metadata } as Metadata,
  ...fields,
});

const route = (index: number, path: string) => {
  const backend = {
    group: KINDS.AgentgatewayBackend.group,
    kind: 'AgentgatewayBackend',
    name: `backend-${index % BACKENDS}`,
  };
  // One in two leads to a Service, whose endpoints nobody answers for.
  const ref = index % 2 === 0 ? backend : { name: `service-${index % SERVICES}`, port: 80 };
  const rules = [{ matches: [{ path: { type: 'PathPrefix', value: path } }], backendRefs: [ref] }];
  return object('HTTPRoute', `route-${index}`, { spec: { parentRefs: [{ name: 'gateway' }], rules } });
};

const slice = (name: string, service: string, network: number, host: number) =>
  object(
    'EndpointSlice',
    name,
    {
      addressType: 'IPv4',
      ports: [{ port: 8080 }],
      endpoints: times(ENDPOINTS, (index) => ({ addresses: [`10.${network}.${host % 250}.${index + 1}`] })),
    },
    { labels: { 'kubernetes.io/service-name': service } },
  );

const service = (index: number) => object('Service', `service-${index}`, { spec: { ports: [{ port: 80 }] } });

class Bench {
  readonly #client: KubernetesClient;

  constructor(client: KubernetesClient) {
    this.#client = client;
  }

  async apply(kind: KindName, item: ReturnType<typeof object>): Promise<void> {
    const { name } = item.metadata;
    const ref = { kind: KINDS[kind], name, ...(isClusterScoped(kind) ? {} : { namespace: NAMESPACE }) };
    const { failure } = await this.#client.apply(ref, item, { fieldManager: 'bench', force: true });
    if (failure !== undefined) throw new Error(`${kind} ${name}: ${failure.message}`);
  }

  async applyAll(kind: KindName, items: readonly ReturnType<typeof object>[]): Promise<void> {
    const queue = items.values();
    await Promise.all(
      times(PARALLEL, async () => {
        for (const item of queue) await this.apply(kind, item);
      }),
    );
  }

  /** Routes whose status says that they are accepted. */
  async accepted(): Promise<number> {
    let next: string | undefined;
    let count = 0;
    do {
      const page = await this.#client.list({ kind: KINDS.HTTPRoute, namespace: NAMESPACE }, { next });
      if (page.failure !== undefined) throw new Error(page.failure.message);
      count += page.value.items.filter(({ status }) => JSON.stringify(status ?? '').includes('"Accepted"')).length;
      next = page.value.next;
    } while (next !== undefined);
    return count;
  }
}

const until = async (what: string, holds: () => Promise<boolean>, poll = POLL): Promise<number> => {
  const start = performance.now();
  while (!(await holds())) {
    if (performance.now() - start > PATIENCE) throw new Error(`${what}: not within ${PATIENCE} ms`);
    await sleep(poll);
  }
  return performance.now() - start;
};

const statusOf = (url: string): Promise<number> =>
  fetch(url).then(
    async (response) => {
      await response.arrayBuffer();
      return response.status;
    },
    () => 0,
  );

/** Requests that the API server has answered, by what was asked for. */
const requests = async ({ kubectl }: ControlPlane): Promise<ReadonlyMap<string, number>> => {
  const totals = new Map<string, number>();
  for (const [, labels = '', value] of (await kubectl.must(['get', '--raw', '/metrics'])).matchAll(
    /^apiserver_request_total\{(.*)\} (\S+)$/gm,
  )) {
    const label = (name: string): string => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    const key = `${label('verb')} ${label('resource')}`;
    totals.set(key, (totals.get(key) ?? 0) + Number(value));
  }
  return totals;
};

/** A minute's, of what was asked for at all. */
const rates = async (plane: ControlPlane): Promise<ReadonlyMap<string, number>> => {
  const before = await requests(plane);
  await sleep(REST);
  const after = await requests(plane);
  return new Map([...after].map(([key, count]) => [key, ((count - (before.get(key) ?? 0)) * 60_000) / REST]));
};

const say = (what: string, value: string): void => console.log(`${what.padEnd(64)}${value.padStart(16)}`);
const seconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(2)} s`;
const mebibytes = (usage: Usage | undefined): string =>
  usage === undefined ? 'not known' : `${usage.memory.toFixed(0)} MiB`;
const share = (before: Usage | undefined, after: Usage | undefined, milliseconds: number): string =>
  before === undefined || after === undefined
    ? 'not known'
    : `${(((after.cpu - before.cpu) / milliseconds) * 100).toFixed(1)} %`;

const measure = async (plane: ControlPlane, bench: Bench, echo: number): Promise<void> => {
  await applyDefinitions(plane.kubectl);
  await plane.kubectl.must(['create', 'namespace', NAMESPACE]);
  const port = await freePort();
  await bench.apply(
    'GatewayClass',
    object('GatewayClass', GATEWAY_CLASS, { spec: { controllerName: CONTROLLER_NAME } }),
  );
  const listeners = [{ name: 'http', port, protocol: 'HTTP' }];
  await bench.apply('Gateway', object('Gateway', 'gateway', { spec: { gatewayClassName: GATEWAY_CLASS, listeners } }));
  await bench.applyAll('Service', times(SERVICES, service));
  await bench.applyAll(
    'EndpointSlice',
    times(SERVICES, (index) => slice(`service-${index}`, `service-${index}`, 1, index)),
  );
  await bench.applyAll(
    'AgentgatewayBackend',
    times(BACKENDS, (index) =>
      object('AgentgatewayBackend', `backend-${index}`, { spec: { static: { host: '127.0.0.1', port: echo } } }),
    ),
  );
  await bench.applyAll(
    'EndpointSlice',
    times(FOREIGN, (index) => slice(`foreign-${index}`, `foreign-${index}`, 2, 0)),
  );
  const idle = await rates(plane);

  const url = (path: string): string => `http://127.0.0.1:${port}${path}`;
  const own = ['admin', 'stats', 'readiness'].flatMap((name) => [`--${name}`, '127.0.0.1:0']);
  const startProxy = () =>
    spawnTooltrail([
      'gateway',
      '--kubernetes',
      '--kubeconfig',
      plane.kubeconfig,
      '--gateway',
      `${NAMESPACE}/gateway`,
      '--bind',
      '127.0.0.1',
      ...own,
    ]);
  let proxy = startProxy();
  const controller = spawnTooltrail(['controller', '--kubeconfig', plane.kubeconfig, '--readiness', '127.0.0.1:0']);
  const usages = () => [usageOf(proxy.child.pid ?? 0), usageOf(controller.child.pid ?? 0)] as const;
  try {
    await until('the Gateway is served', async () => (await statusOf(url('/'))) === 404);
    const start = performance.now();
    await bench.applyAll(
      'HTTPRoute',
      times(ROUTES, (index) => route(index, `/route/${index}`)),
    );
    const applied = performance.now();
    say(`${ROUTES} HTTPRoutes applied, ${PARALLEL} at a time`, seconds(applied - start));
    const [served, accepted] = await Promise.all([
      until('the last route is served', async () => {
        const last = ROUTES - 2;
        const found = await Promise.all([last, last - 2, 0].map((index) => statusOf(url(`/route/${index}`))));
        return found.every((status) => status === 200);
      }),
      until('all statuses are written', async () => (await bench.accepted()) === ROUTES, 200),
    ]);
    say('From then until the last is served', seconds(served));
    say('From then until all statuses are written', seconds(accepted));

    const before = usages();
    const busy = await rates(plane);
    const after = usages();
    const added = [...busy]
      .map(([key, rate]) => ({ key, rate: rate - (idle.get(key) ?? 0) }))
      .filter(({ key, rate }) => rate > 0 && !key.endsWith(' '));
    say(
      'API requests a minute at rest, beyond the API server’s own',
      added.reduce((sum, { rate }) => sum + rate, 0).toFixed(0),
    );
    for (const { key, rate } of added.toSorted((a, b) => b.rate - a.rate).slice(0, 5)) say(`  ${key}`, rate.toFixed(0));
    say('CPU at rest: proxy', share(before[0], after[0], REST));
    say('CPU at rest: controller', share(before[1], after[1], REST));
    say('Memory at rest: proxy', mebibytes(after[0]));
    say('Memory at rest: controller', mebibytes(after[1]));

    const reloads: number[] = [];
    for (let round = 0; round < RELOADS; round++) {
      const changed = performance.now();
      await bench.apply('HTTPRoute', route(0, `/changed/${round}`));
      await until('a changed route is served', async () => (await statusOf(url(`/changed/${round}`))) === 200);
      reloads.push(performance.now() - changed);
    }
    say(
      'A route changed, until it is served so (median)',
      `${(reloads.sort((a, b) => a - b)[RELOADS >> 1] ?? 0).toFixed(0)} ms`,
    );

    const calm = usages();
    const began = performance.now();
    for (let change = 0; performance.now() - began < CHURN; change++) {
      const name = `foreign-${change % FOREIGN}`;
      await bench.apply('EndpointSlice', slice(name, name, 2, change));
      await sleep(Math.max(0, began + ((change + 1) * 1_000) / CHANGES - performance.now()));
    }
    const lasted = performance.now() - began;
    const churned = usages();
    say(`CPU while ${CHANGES} foreign EndpointSlices change a second: proxy`, share(calm[0], churned[0], lasted));
    say(`CPU while ${CHANGES} foreign EndpointSlices change a second: controller`, share(calm[1], churned[1], lasted));

    await proxy.kill();
    const restarted = performance.now();
    proxy = startProxy();
    await until('a new proxy serves', async () => (await statusOf(url('/route/2'))) === 200);
    say('A new proxy started, until it serves', seconds(performance.now() - restarted));
  } finally {
    await Promise.all([proxy.kill(), controller.kill()]);
  }
};

const main = async (): Promise<void> => {
  console.log(`\nOn a real API server: ${ROUTES} HTTPRoutes, ${BACKENDS} backends, ${SERVICES} Services`);
  try {
    for (const name of ['etcd', 'kube-apiserver', 'kubectl'] as const) await locate(name, process.env, console.error);
    for (const name of ['gateway-api', 'prometheus-operator'] as const) await definitions(name, process.env);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    console.log(`Not measured: ${error.message}`);
    return;
  }
  const echo = createServer((_request, response) => response.end('echo'));
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  const clock = {
    now: Date.now,
    random: Math.random,
    setTimeout,
    clearTimeout: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
  };
  const plane = await startControlPlane();
  try {
    const client = new KubernetesClient(await kubeconfig([plane.kubeconfig], fs), clock);
    await measure(plane, new Bench(client), (echo.address() as AddressInfo).port);
    await client.close();
  } finally {
    await plane.stop();
    echo.close();
    echo.closeAllConnections();
  }
};

await main();
