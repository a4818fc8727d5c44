import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/acceptance/eventually.ts';
import { driver } from './driver.ts';
import { manifests } from './manifests.ts';
import { callTool, GATEWAY, gatewayAddress, NAMESPACE, TELEMETRY, useEverything, WAIT } from './post.ts';

/** The post's walk through a cluster. */
const METRICS_PORT = 15020;
const COLLECTOR = { namespace: TELEMETRY, labels: 'app.kubernetes.io/instance=opentelemetry-collector-traces' };

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

const conditionsOf = ({ status = {} }: Served): readonly Condition[] => [
  ...(status.conditions ?? []),
  ...[...(status.listeners ?? []), ...(status.parents ?? []), ...(status.ancestors ?? [])].flatMap(
    ({ conditions }) => conditions,
  ),
];

const SERIES =
  'agentgateway_mcp_requests_total{method="tools/call",resource_type="tool",server="github-copilot",resource="echo",' +
  `bind="3000/${NAMESPACE}/${GATEWAY}",gateway="${NAMESPACE}/${GATEWAY}",listener="mcp",route="${NAMESPACE}/mcp-route",` +
  'route_rule="unknown"} ';

/** Calls of the tool that the gateway's page has. */
const counted = async (): Promise<number> => {
  const pod = await kubectl.must([
    ...['get', 'pods', '-n', NAMESPACE, '-l', `gateway.networking.k8s.io/gateway-name=${GATEWAY}`],
    ...['-o', 'jsonpath={.items[0].metadata.name}'],
  ]);
  const page = `/api/v1/namespaces/${NAMESPACE}/pods/${pod}:${METRICS_PORT}/proxy/metrics`;
  const line = (await kubectl.must(['get', '--raw', page])).split('\n').find((text) => text.startsWith(SERIES));
  return Number(line?.slice(SERIES.length) ?? 0);
};

beforeAll(useEverything);

describe('the post in a cluster', () => {
  test('gives the Gateway an address', async () => {
    expect(await gatewayAddress()).not.toBe('');
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

  test('lets the official client call a tool through the load balancer, and counts the call with the labels of the post', async () => {
    const before = await counted();
    const answer = await callTool(TRACEPARENT, 'echo', { message: 'in a cluster' });
    expect(answer).toMatchObject({ content: [{ type: 'text', text: 'Echo: in a cluster' }] });
    expect(await counted()).toBe(before + 1);
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
