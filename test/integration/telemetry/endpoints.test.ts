import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../../support/acceptance/eventually.ts';
import { synth, type Written } from '../../support/charts.ts';
import { type ControlPlane, startControlPlane } from '../../support/control-plane/control-plane.ts';
import { NAMESPACE, tempoApp } from '../../support/stack/configs.ts';

/**
 * One Service of the distributed Tempo leads to distributors for OTLP and to query frontends for queries: what Kubernetes makes of its pods,
 * which nobody runs here.
 */
const START_TIMEOUT = 120_000;
const NODE = 'node';

interface Template {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly { readonly ports: readonly object[] }[] };
}

interface Slice {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly ports: readonly { readonly name: string; readonly port: number }[] | null;
  readonly endpoints: readonly { readonly addresses: readonly string[] }[];
}

let plane: ControlPlane;
const addresses = new Map<string, string>();

const roleOf = ({ metadata }: Written): string => metadata.name.replace('tempo-', '');

const apply = (object: object): Promise<string> => plane.kubectl.must(['apply', '-f', '-'], JSON.stringify(object));

beforeAll(async () => {
  plane = await startControlPlane({ controllerManager: true });
  await plane.kubectl.must(['create', 'namespace', NAMESPACE]);
  // Pods of nodes that are not there are left out.
  await apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: NODE } });
  const objects = synth(tempoApp({ distributed: {}, storage: { kind: 'gcs', bucket: 'traces' } }));
  for (const object of objects.filter(({ kind }) => kind === 'Service')) await apply(object);
  await eventually('the account', async () => {
    const { code } = await plane.kubectl.run(['get', 'serviceaccount', 'default', '-n', NAMESPACE]);
    return code === 0 || undefined;
  });
  const workloads = objects.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');
  for (const [index, object] of workloads.entries()) {
    const { metadata, spec } = (object.spec as { readonly template: Template }).template;
    const [container] = spec.containers;
    const name = `${object.metadata.name}-0`;
    const containers = [{ name: 'tempo', image: 'tempo', ports: container?.ports ?? [] }];
    await apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: NAMESPACE, labels: metadata.labels },
      spec: { nodeName: NODE, containers },
    });
    const podIP = `10.0.0.${index + 1}`;
    const conditions = [{ type: 'Ready', status: 'True' }];
    const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions };
    await plane.kubectl.must([
      ...['patch', 'pod', name, '-n', NAMESPACE, '--subresource=status', '--type=merge'],
      ...['-p', JSON.stringify({ status })],
    ]);
    addresses.set(podIP, roleOf(object));
  }
}, START_TIMEOUT);

afterAll(() => plane?.stop());

/** `port name → roles` of a Service's endpoints. */
const endpointsOf = async (service: string): Promise<Readonly<Record<string, readonly string[]>>> => {
  const text = await plane.kubectl.must([
    ...['get', 'endpointslices', '-n', NAMESPACE, '-l', `kubernetes.io/service-name=${service}`, '-o', 'json'],
  ]);
  const { items } = JSON.parse(text) as { readonly items: readonly Slice[] };
  const found = new Map<string, Set<string>>();
  for (const { ports, endpoints } of items) {
    for (const { name, port } of ports ?? []) {
      const roles = endpoints.flatMap((endpoint) => endpoint.addresses.map((address) => addresses.get(address) ?? ''));
      found.set(`${name} ${port}`, new Set([...(found.get(`${name} ${port}`) ?? []), ...roles]));
    }
  }
  return Object.fromEntries([...found].map(([port, roles]) => [port, [...roles].sort()]).sort());
};

const eventualEndpoints = async (service: string, expected: Readonly<Record<string, readonly string[]>>) => {
  const same = async (): Promise<true | undefined> =>
    JSON.stringify(await endpointsOf(service)) === JSON.stringify(expected) || undefined;
  await eventually(`endpoints of ${service}`, same, 20_000).catch(async (error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(await endpointsOf(service))}`);
  });
};

test('the Service of Tempo leads to each port’s own pods', async () => {
  await eventualEndpoints('tempo', { 'http 3100': ['query-frontend'], 'otlp-grpc 4317': ['distributor'] });
});

test('components find one another', async () => {
  const all = ['compactor', 'distributor', 'ingester', 'querier', 'query-frontend'];
  await eventualEndpoints('tempo-gossip', { 'gossip 7946': all });
  await eventualEndpoints('tempo-query-frontend', { 'grpc 9095': ['query-frontend'] });
  expect([...addresses.values()].sort()).toEqual(all);
});
