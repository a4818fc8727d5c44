import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/acceptance/eventually.ts';
import { driver } from './driver.ts';
import { EVERYTHING } from './everything.ts';
import { manifests } from './manifests.ts';

/**
 * The post's walk through a cluster: its objects as dist/ has them, but for the MCP server, which is the reference server inside the
 * cluster, and the official client outside of it.
 */
const NAMESPACE = 'agentgateway-system';
const GATEWAY = 'mcp-gateway';
const METRICS_PORT = 15020;
const COLLECTOR = { namespace: 'telemetry', labels: 'app.kubernetes.io/instance=opentelemetry-collector-traces' };
const WAIT = 60_000;

const { kubectl } = driver;
const TRACE = randomBytes(16).toString('hex');
const TRACEPARENT = `00-${TRACE}-${randomBytes(8).toString('hex')}-01`;

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly observedGeneration?: number;
}

interface Served {
  readonly metadata: { readonly generation: number };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly addresses?: readonly { readonly value: string }[];
    readonly listeners?: readonly { readonly conditions: readonly Condition[] }[];
    readonly parents?: readonly { readonly conditions: readonly Condition[] }[];
    readonly ancestors?: readonly { readonly conditions: readonly Condition[] }[];
  };
}

const get = async (kind: string, name: string): Promise<Served> =>
  (await kubectl.get(kind, name, NAMESPACE)) as unknown as Served;

const patch = (kind: string, name: string, change: object): Promise<string> =>
  kubectl.must(['patch', kind, name, '-n', NAMESPACE, '--type=merge', '-p', JSON.stringify(change)]);

const conditionsOf = ({ status = {} }: Served): readonly Condition[] => [
  ...(status.conditions ?? []),
  ...[...(status.listeners ?? []), ...(status.parents ?? []), ...(status.ancestors ?? [])].flatMap(
    ({ conditions }) => conditions,
  ),
];

let address: string;

beforeAll(async () => {
  const { host, port, path } = EVERYTHING;
  const target = {
    name: 'github-copilot',
    static: { host, port, path, protocol: 'StreamableHTTP', policies: { auth: { secretRef: { name: 'github-pat' } } } },
  };
  await patch('agentgatewaybackend', 'github-mcp-server', { spec: { mcp: { targets: [target] } } });
});

describe('the post in a cluster', () => {
  test('gives the Gateway an address', async () => {
    address = await eventually(
      'an address in the status',
      async () => (await get('gateway', GATEWAY)).status?.addresses?.[0]?.value,
      WAIT,
    );
  });

  test.each([
    ['gateway', GATEWAY, ['Accepted', 'Programmed', 'Accepted', 'Programmed', 'ResolvedRefs']],
    ['httproute', 'mcp-route', ['Accepted', 'ResolvedRefs']],
    ['agentgatewaybackend', 'github-mcp-server', ['Accepted']],
    ['agentgatewaypolicy', 'mcp-tracing', ['Accepted', 'Attached']],
  ])('%s %s, as it is now, is %j', async (kind, name, wanted) => {
    await eventually(
      'these conditions, of this generation',
      async () => {
        const object = await get(kind, name);
        const own = conditionsOf(object).filter(({ status }) => status === 'True');
        const current = own.every(({ observedGeneration }) => observedGeneration === object.metadata.generation);
        const types = own.map(({ type }) => type).sort();
        return current && types.join() === wanted.toSorted().join() ? true : undefined;
      },
      WAIT,
    );
  });

  test('lets the official client call a tool through the load balancer', async () => {
    const url = `http://${address}:3000/mcp`;
    const script = [resolve('test/e2e/call.ts'), url, TRACEPARENT, 'echo', '{"message":"in a cluster"}'];
    const { code, out, err } = await driver.in(process.execPath, script);
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({ content: [{ type: 'text', text: 'Echo: in a cluster' }] });
  });

  test('counts the call, with the labels of the post', async () => {
    const pod = await kubectl.must([
      ...['get', 'pods', '-n', NAMESPACE, '-l', `gateway.networking.k8s.io/gateway-name=${GATEWAY}`],
      ...['-o', 'jsonpath={.items[0].metadata.name}'],
    ]);
    const page = `/api/v1/namespaces/${NAMESPACE}/pods/${pod}:${METRICS_PORT}/proxy/metrics`;
    const metrics = await kubectl.must(['get', '--raw', page]);
    const [line] = metrics.split('\n').filter((text) => /_mcp_requests_total\{method="tools\/call"/.test(text));
    expect(line).toBe(
      'agentgateway_mcp_requests_total{method="tools/call",resource_type="tool",server="github-copilot",resource="echo",' +
        `bind="3000/${NAMESPACE}/${GATEWAY}",gateway="${NAMESPACE}/${GATEWAY}",listener="mcp",route="${NAMESPACE}/mcp-route",` +
        'route_rule="unknown"} 1',
    );
  });

  test('traces the call: the agent’s trace is in the log of the Collector', async () => {
    const log = await eventually(
      'the span',
      async () => {
        const text = await kubectl.must(['logs', '-n', COLLECTOR.namespace, '-l', COLLECTOR.labels, '--tail=1000']);
        return text.includes(TRACE) && text.includes('Str(tools/call)') ? text : undefined;
      },
      WAIT,
    );
    expect(log).toMatch(/mcp\.tool_name: Str\(echo\)/);
  });

  test('takes everything away with the Gateway', async () => {
    await kubectl.must(['delete', 'gateway', GATEWAY, '-n', NAMESPACE, '--wait=true']);
    const kinds =
      'deployment,service,serviceaccount,poddisruptionbudget,horizontalpodautoscaler,role,rolebinding,secret';
    const left = await eventually(
      'nothing',
      async () => {
        const names = await kubectl.must(['get', kinds, '-n', NAMESPACE, '-o', 'name']);
        const own = names.split('\n').filter((name) => name.split('/')[1]?.startsWith(GATEWAY));
        return own.length === 0 ? 'nothing' : undefined;
      },
      WAIT,
    );
    expect(left).toBe('nothing');
  });

  test('deploys it again when it is applied again', async () => {
    const gateway = manifests.find(({ kind, metadata }) => kind === 'Gateway' && metadata.name === GATEWAY);
    await kubectl.must(['apply', '--server-side', '-f', '-'], JSON.stringify(gateway));
    await kubectl.must(['wait', '--for=condition=Programmed', `gateway/${GATEWAY}`, '-n', NAMESPACE, '--timeout=60s']);
  });
});
