import { beforeAll, expect, test } from '@jest/globals';
import { type OtlpReceiver, startOtlpReceiver } from '../../gateway/demo/otlp-receiver.ts';
import { eventually } from '../support/acceptance/eventually.ts';
import { type GatewayProcess, startGateway } from '../support/acceptance/gateway.ts';
import { plainManifests } from '../support/acceptance/manifests.ts';
import { closingAfterAll } from '../support/closing.ts';
import { freePort } from '../support/free-port.ts';
import { openSession, post, toolCall } from '../support/mcp/client.ts';
import { ANSWER, json, type ScriptedUpstream, startUpstream } from '../support/mcp/upstream.ts';

/** Collectors that are down: requests do not notice, what waits is bounded, what is lost is counted, and the end is not held up. */

const tracing = (collectorPort: number): string => `
---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayPolicy
metadata: { name: tracing, namespace: test }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gateway }]
  frontend:
    tracing:
      backendRef: { name: collector, port: ${collectorPort} }
      protocol: GRPC
      randomSampling: "true"
    accessLog:
      filter: "false"
`;

/** Two spans each: more than the queue and a batch in flight hold. */
const CALLS = 1_300;
const CONCURRENCY = 20;
/** The queue's bound, and the batch that is in flight. */
const MAX_WAITING = 2_048 + 512;

const keep = closingAfterAll();
let upstream: ScriptedUpstream;
/** All of them at once, since each has its time to wait. */
const collectors: Record<string, OtlpReceiver> = {};
const gateways: Record<string, GatewayProcess> = {};
let latePort: number;

beforeAll(async () => {
  upstream = keep(await startUpstream((response) => json(response, ANSWER)), (server) => server.close());
  latePort = await freePort();
  collectors.hangs = keep(await startOtlpReceiver({ protocol: 'grpc' }), (collector) => collector.close());
  collectors.hangs.behaviour = 'hang';
  collectors.rejects = keep(await startOtlpReceiver({ protocol: 'grpc' }), (collector) => collector.close());
  collectors.rejects.behaviour = 'reject';
  const ports = {
    refuses: await freePort(),
    hangs: collectors.hangs.port,
    rejects: collectors.rejects.port,
    late: latePort,
  };
  await Promise.all(
    Object.entries(ports).map(async ([name, port]) => {
      gateways[name] = await start(port);
    }),
  );
});

const start = async (collectorPort: number): Promise<GatewayProcess> => {
  const port = await freePort();
  return startGateway({
    manifests: plainManifests(port, Number(new URL(upstream.url).port)) + tracing(4317),
    port,
    connectTo: { 'collector.test.svc.cluster.local:4317': collectorPort },
  });
};

/** Statuses of many calls in one session. */
const callOften = async (gateway: GatewayProcess, calls: number): Promise<ReadonlySet<number>> => {
  const session = await openSession(gateway.url);
  const statuses = new Set<number>();
  const worker = async (): Promise<void> => {
    for (let count = 0; count < calls / CONCURRENCY; count++) {
      const answer = await post(gateway.url, toolCall('echo'), session);
      await answer.arrayBuffer();
      statuses.add(answer.status);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return statuses;
};

/** Sum of a metric over the series that hold `label`. */
const sum = (metrics: string, name: string, label = ''): number =>
  metrics
    .split('\n')
    .filter((line) => line.startsWith(name) && line.includes(label))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);

const metricsWhen = (gateway: GatewayProcess, what: string, holds: (metrics: string) => boolean): Promise<string> =>
  eventually(what, async () => {
    const metrics = await gateway.metrics();
    return holds(metrics) ? metrics : undefined;
  });

test('a collector that rejects every batch has its spans counted', async () => {
  const gateway = gateways.rejects!;
  await openSession(gateway.url);
  const dropped = (metrics: string): number => sum(metrics, 'tooltrail_spans_dropped_total', 'reason="rejected"');
  const metrics = await metricsWhen(gateway, 'a drop', (text) => dropped(text) > 0);
  expect(dropped(metrics)).toBe(2);
  expect(sum(metrics, 'tooltrail_spans_dropped_total')).toBe(2);
  expect(await gateway.printed(/spans cannot be exported/)).toContain('collector');
});

test('a collector that refuses connections: calls go on; spans are bounded, and those dropped are counted', async () => {
  const gateway = gateways.refuses!;
  expect(await callOften(gateway, CALLS)).toEqual(new Set([200]));
  // With the request that opened the session; each request has two spans, and none is unaccounted for.
  const requests = CALLS + 1;
  const all = (text: string): number =>
    sum(text, 'tooltrail_spans_dropped_total') + sum(text, 'tooltrail_span_queue_size');
  const metrics = await metricsWhen(gateway, 'all spans', (text) => all(text) === 2 * requests);
  expect(sum(metrics, 'tooltrail_spans_dropped_total', 'reason="queue_full"')).toBeGreaterThan(0);
  expect(sum(metrics, 'tooltrail_span_queue_size')).toBeLessThanOrEqual(MAX_WAITING);
  expect(sum(metrics, 'tooltrail_spans_exported_total')).toBe(0);
  expect(sum(metrics, 'agentgateway_requests_total')).toBe(requests);
  expect(await gateway.printed(/spans are dropped and counted/)).toContain('collector');
  // However many spans are lost, the log is not flooded.
  expect(gateway.output().split('\n').length).toBeLessThan(20);
});

test('a collector that hangs: calls go on, their spans wait', async () => {
  const gateway = gateways.hangs!;
  // More than a batch: the first one is under way.
  expect(await callOften(gateway, 300)).toEqual(new Set([200]));
  await eventually('a batch', () => (collectors.hangs?.requests() ?? 0) > 0 || undefined);
  const waiting = (text: string): number => sum(text, 'tooltrail_span_queue_size');
  await metricsWhen(gateway, 'all spans', (text) => waiting(text) === 2 * 301);
});

test('no collector holds up the end, and one that comes late gets what waited', async () => {
  const { late, ...others } = gateways;
  await post(late!.url, toolCall('echo'), await openSession(late!.url));
  const collector = keep(await startOtlpReceiver({ protocol: 'grpc', port: latePort }), ({ close }) => close());
  const before = Date.now();
  await Promise.all([late, ...Object.values(others)].map((gateway) => gateway?.stop()));
  expect(Date.now() - before).toBeLessThan(9_000);
  expect(collector.spans().map(({ name }) => name)).toContain('tools/call echo');
});
