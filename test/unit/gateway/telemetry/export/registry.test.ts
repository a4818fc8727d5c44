import { afterEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import {
  type OtlpReceiver,
  type ReceiverOptions,
  startOtlpReceiver,
} from '../../../../../gateway/demo/otlp-receiver.ts';
import { registerExporterMetrics } from '../../../../../gateway/telemetry/export/metrics.ts';
import { Exporters, type ExportersOptions } from '../../../../../gateway/telemetry/export/registry.ts';
import { TRACES } from '../../../../../gateway/telemetry/export/signal.ts';
import type { TracingPolicy } from '../../../../../gateway/telemetry/policy.ts';
import type { SpanData } from '../../../../../gateway/telemetry/trace/span.ts';
import { aCollector, aTracingPolicy, countingClock, spansNamed, until } from '../../../../support/otlp/spans.ts';

const clock = countingClock();
const RETRY = { attempts: 100, delay: 20, maxDelay: 50, totalTime: 10_000, timeout: 300 };
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  expect(clock.open()).toBe(0);
});

function start(options: Partial<ExportersOptions<SpanData>> = {}): { exporters: Exporters<SpanData>; log: string[] } {
  const log: string[] = [];
  const exporters = new Exporters({
    signal: TRACES,
    clock,
    log: (level, message) => log.push(`${level}: ${message}`),
    batch: { delay: 5, retry: RETRY },
    ...options,
  });
  cleanups.push(() => exporters.shutdown(0));
  return { exporters, log };
}
async function receiver(options: ReceiverOptions): Promise<OtlpReceiver> {
  const started = await startOtlpReceiver(options);
  cleanups.push(() => started.close());
  return started;
}
const exported = (exporters: Exporters<SpanData>): number =>
  exporters.stats().reduce((sum, counts) => sum + counts.exported, 0);

describe.each([
  ['GRPC', 'grpc'],
  ['HTTP', 'http'],
] as const)('spans over %s', (protocol, receiverProtocol) => {
  const policyFor = (port: number): TracingPolicy => aTracingPolicy(aCollector({ protocol, port }));

  test('arrive with the resource of the policy, in order', async () => {
    const collector = await receiver({ protocol: receiverProtocol });
    const { exporters } = start();
    exporters.sink(policyFor(collector.port)).export(spansNamed(0, 3));
    const spans = await collector.waitFor((received) => received.length === 3, 5000);
    expect(spans.map(({ name }) => name)).toEqual(['0', '1', '2']);
    expect(spans[0]?.scope).toEqual({ name: 'agentgateway', version: '' });
    expect(spans[0]?.resource).toEqual([
      { name: 'service.name', type: 'stringValue', value: 'agentgateway-mcp' },
      { name: 'deployment.environment.name', type: 'stringValue', value: 'development' },
    ]);
  });

  test('wait for a collector that is down, and arrive when it is up', async () => {
    const first = await startOtlpReceiver({ protocol: receiverProtocol });
    await first.close();
    const { exporters, log } = start();
    exporters.sink(policyFor(first.port)).export(spansNamed(0, 3));
    await until(() => log.length === 1);
    const collector = await receiver({ protocol: receiverProtocol, port: first.port });
    await collector.waitFor((received) => received.length === 3, 10_000);
    await until(() => exported(exporters) === 3);
    expect(log).toEqual([
      'warn: spans cannot be exported: batches are retried, then dropped and counted',
      'info: spans are exported again',
    ]);
  });

  test.each(['unavailable', 'hang'] as const)('survive a collector that was %s for a while', async (behaviour) => {
    const collector = await receiver({ protocol: receiverProtocol });
    collector.behaviour = behaviour;
    const { exporters } = start();
    exporters.sink(policyFor(collector.port)).export(spansNamed(0, 2));
    await until(() => collector.requests() >= 2);
    collector.behaviour = 'ok';
    await collector.waitFor((received) => received.length === 2, 5000);
  });

  test('cost whoever offers them nothing while the collector hangs', async () => {
    const collector = await receiver({ protocol: receiverProtocol });
    collector.behaviour = 'hang';
    const { exporters } = start();
    const sink = exporters.sink(policyFor(collector.port));
    const begin = Date.now();
    for (let round = 0; round < 50; round++) sink.export(spansNamed(0, 100));
    expect(Date.now() - begin).toBeLessThan(1000);
    expect(exporters.stats()).toMatchObject([{ offered: 5000, queued: 2048, dropped: { queue_full: 2952 } }]);
    await exporters.shutdown(50);
    expect(exporters.stats()).toMatchObject([
      { offered: 5000, queued: 0, dropped: { queue_full: 2952, shutdown: 2048 } },
    ]);
  });
});

describe('a reload', () => {
  test('with equal values keeps the exporter and its queue', async () => {
    const collector = await receiver({ protocol: 'http' });
    const { exporters } = start({ batch: { delay: 60_000, maxBatch: 2, retry: RETRY } });
    const policy = (): TracingPolicy => aTracingPolicy(aCollector({ protocol: 'HTTP', port: collector.port }));
    exporters.sink(policy()).export(spansNamed(0, 1));
    exporters.reconcile([policy()]);
    // The second span fills the batch that the first one began: it is the same exporter.
    exporters.sink(policy()).export(spansNamed(1, 2));
    const spans = await collector.waitFor((received) => received.length === 2, 2000);
    expect(spans.map(({ name }) => name)).toEqual(['0', '1']);
    expect(collector.requests()).toBe(1);
  });

  test('with another collector or resource ends the old exporter after what it holds is sent', async () => {
    const [before, after] = [await receiver({ protocol: 'http' }), await receiver({ protocol: 'grpc' })];
    const { exporters } = start({ batch: { delay: 60_000, retry: RETRY } });
    const old = aTracingPolicy(aCollector({ protocol: 'HTTP', port: before.port }));
    const replacement = aTracingPolicy(aCollector({ port: after.port }));
    exporters.sink(old).export(spansNamed(0, 2));
    exporters.reconcile([replacement]);
    await before.waitFor((received) => received.length === 2, 2000);
    exporters.sink(replacement).export(spansNamed(2, 3));
    await exporters.shutdown(2000);
    expect(after.spans().map(({ name }) => name)).toEqual(['2']);
    expect(exporters.stats()).toMatchObject([{ policy: 'agentgateway-system/tracing', exported: 3, queued: 0 }]);
  });

  test('with another secret shows it from then on', async () => {
    const collector = await receiver({ protocol: 'http' });
    const { exporters } = start();
    for (const value of ['old', 'new']) {
      const credentials = [{ name: 'authorization', value }];
      const policy = aTracingPolicy(aCollector({ protocol: 'HTTP', port: collector.port, credentials }));
      exporters.reconcile([policy]);
      exporters.sink(policy).export(spansNamed(0, 1));
      await until(() => collector.headers().authorization === value);
    }
  });

  test('does not lose the spans of requests that began before it', async () => {
    const collector = await receiver({ protocol: 'http' });
    const { exporters } = start();
    const old = aTracingPolicy(aCollector({ protocol: 'HTTP', port: collector.port }));
    const sink = exporters.sink(old);
    sink.export(spansNamed(0, 1));
    exporters.reconcile([]);
    sink.export(spansNamed(1, 2));
    await collector.waitFor((received) => received.length === 2, 2000);
  });

  test('forgets a policy that is gone, so that series do not pile up', async () => {
    const collector = await receiver({ protocol: 'http' });
    const { exporters } = start();
    for (let round = 0; round < 5; round++) {
      const policy = aTracingPolicy(aCollector({ protocol: 'HTTP', port: collector.port }), { policy: `ns/p${round}` });
      exporters.reconcile([policy]);
      exporters.sink(policy).export(spansNamed(round, round + 1));
      await until(() => exported(exporters) === 1);
    }
    expect(exporters.stats().map(({ policy }) => policy)).toEqual(['ns/p4']);
  });
});

describe('policies', () => {
  test('with one collector and resource share an exporter, counts stay apart', async () => {
    const collector = await receiver({ protocol: 'http' });
    const { exporters } = start({ batch: { delay: 60_000, maxBatch: 3, retry: RETRY } });
    const shared = aCollector({ protocol: 'HTTP', port: collector.port });
    exporters.sink(aTracingPolicy(shared, { policy: 'ns/b' })).export(spansNamed(0, 2));
    exporters.sink(aTracingPolicy(shared, { policy: 'ns/a' })).export(spansNamed(2, 3));
    await until(() => exported(exporters) === 3);
    expect(collector.requests()).toBe(1);
    expect(exporters.stats().map(({ policy, exported }) => [policy, exported])).toEqual([
      ['ns/a', 1],
      ['ns/b', 2],
    ]);
  });

  test('that differ only in the type of a resource attribute do not share', async () => {
    const collector = await receiver({ protocol: 'http' });
    const { exporters } = start();
    const shared = aCollector({ protocol: 'HTTP', port: collector.port });
    for (const value of ['1', 1, 1n, true]) {
      exporters.sink(aTracingPolicy(shared, { resource: [{ name: 'replica', value }] })).export(spansNamed(0, 1));
    }
    const spans = await collector.waitFor((received) => received.length === 4, 2000);
    expect(spans.map(({ resource }) => resource[0]?.type).sort()).toEqual([
      'boolValue',
      'doubleValue',
      'intValue',
      'stringValue',
    ]);
  });
});

describe('metrics', () => {
  test('say what became of each policy’s spans', async () => {
    const collector = await receiver({ protocol: 'http' });
    const { exporters } = start({ batch: { delay: 60_000, maxBatch: 2, maxQueue: 3, retry: RETRY } });
    const registry = new Registry();
    registerExporterMetrics(registry, exporters);
    const sink = exporters.sink(aTracingPolicy(aCollector({ protocol: 'HTTP', port: collector.port })));
    sink.export(spansNamed(0, 5));
    await until(() => exported(exporters) === 2);
    const lines = (): Promise<string[]> =>
      registry.metrics().then((text) => text.split('\n').filter((line) => line.startsWith('tooltrail')));
    const expected = [
      'tooltrail_spans_exported_total{policy="agentgateway-system/tracing"} 2',
      'tooltrail_spans_dropped_total{policy="agentgateway-system/tracing",reason="queue_full"} 2',
      'tooltrail_spans_dropped_total{policy="agentgateway-system/tracing",reason="rejected"} 0',
      'tooltrail_spans_dropped_total{policy="agentgateway-system/tracing",reason="unreachable"} 0',
      'tooltrail_spans_dropped_total{policy="agentgateway-system/tracing",reason="shutdown"} 0',
      'tooltrail_span_queue_size{policy="agentgateway-system/tracing"} 1',
    ];
    expect(await lines()).toEqual(expected);
    // A scrape reads, it does not add.
    expect(await lines()).toEqual(expected);
  });
});
