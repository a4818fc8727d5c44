import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type OtlpReceiver, startOtlpReceiver } from '../../../gateway/demo/otlp-receiver.ts';
import { eventually } from '../../support/acceptance/eventually.ts';
import { type GatewayProcess, startGateway } from '../../support/acceptance/gateway.ts';
import { plainManifests } from '../../support/acceptance/manifests.ts';
import { closingAfterAll } from '../../support/closing.ts';
import { freePort } from '../../support/free-port.ts';
import { openSession, post, toolCall } from '../../support/mcp/client.ts';
import { ANSWER, json, startUpstream } from '../../support/mcp/upstream.ts';
import { type CollectorProcess, startCollector, sumOf } from '../../support/stack/collector.ts';

/**
 * A Collector that ends under load and comes back: no request notices, and each span is received or counted as dropped. While it is away,
 * more spans come than the gateway keeps for it.
 */
const BEFORE = 1_000;
const AWAY = 1_800;
const AFTER = 500;
const CONCURRENCY = 20;
/** Milliseconds in which what is under way would arrive. */
const SETTLE = 200;
/** What a Collector may hold that is killed: a few requests of the gateway. */
const HELD = 2_048;

const tracing = `
---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayPolicy
metadata: { name: tracing, namespace: test }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gateway }]
  frontend:
    tracing: { backendRef: { name: collector, port: 4317 }, protocol: GRPC, randomSampling: "true" }
    accessLog: { filter: "false" }
`;

const keep = closingAfterAll();

describe.each(['SIGTERM', 'SIGKILL'] as const)('a Collector that gets %s', (signal) => {
  let gateway: GatewayProcess;
  let tempo: OtlpReceiver;
  let collector: CollectorProcess;
  const statuses = new Map<number, number>();
  let metrics: string;

  const callOften = async (calls: number): Promise<void> => {
    const session = await openSession(gateway.url);
    let left = calls - 1;
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        const answer = await post(gateway.url, toolCall('echo'), session);
        await answer.arrayBuffer();
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  };

  beforeAll(async () => {
    const upstream = keep(await startUpstream((response) => json(response, ANSWER)), (server) => server.close());
    tempo = keep(await startOtlpReceiver({ protocol: 'grpc' }), (receiver) => receiver.close());
    const location = { tempoPort: tempo.port };
    collector = keep(await startCollector({ debug: 'basic' }, location), (process) => process.stop());
    const port = await freePort();
    gateway = keep(
      await startGateway({
        manifests: plainManifests(port, Number(new URL(upstream.url).port)) + tracing,
        port,
        connectTo: { 'collector.test.svc.cluster.local:4317': collector.grpcPort },
        env: { OTEL_BSP_SCHEDULE_DELAY: '200' },
      }),
      (process) => process.stop(),
    );
    const load = callOften(BEFORE);
    await eventually('half of the calls', () => (statuses.get(200) ?? 0) > BEFORE / 2 || undefined);
    await collector.program.stop(signal);
    await load;
    await callOften(AWAY);
    await collector.program.start();
    await callOften(AFTER);
    metrics = await eventually(
      'no span waits',
      async () => {
        const text = await gateway.metrics();
        return sumOf(text, 'tooltrail_span_queue_size') === 0 && accounted(text) === spans() ? text : undefined;
      },
      60_000,
    );
  }, 120_000);

  const calls = BEFORE + AWAY + AFTER;
  /** SERVER and CLIENT. */
  const spans = (): number => 2 * calls;
  const dropped = (text: string): number => sumOf(text, 'tooltrail_spans_dropped_total');
  const accounted = (text: string): number => sumOf(text, 'tooltrail_spans_exported_total') + dropped(text);
  const received = (): number => new Set(tempo.spans().map(({ spanId }) => spanId)).size;

  test('loses no request', () => {
    // The rest opened sessions.
    expect([...statuses]).toEqual([[200, calls - 3]]);
    expect(sumOf(metrics, 'agentgateway_requests_total')).toBe(calls);
  });

  test('has each span exported or counted', () => {
    expect(accounted(metrics)).toBe(spans());
    expect(sumOf(metrics, 'tooltrail_spans_dropped_total', 'reason="queue_full"')).toBeGreaterThan(0);
  });

  test('loses what it held at most, and that only when it is killed', async () => {
    const all = spans() - dropped(metrics);
    const allowed = signal === 'SIGTERM' ? 0 : HELD;
    await eventually('what was exported has come through', () => received() >= all - allowed || undefined);
    await sleep(SETTLE);
    expect(received()).toBeLessThanOrEqual(all);
    expect(all - received()).toBeLessThanOrEqual(allowed);
  });
});
