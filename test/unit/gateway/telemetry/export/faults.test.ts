import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  type OtlpReceiver,
  type ReceiverBehaviour,
  startOtlpReceiver,
} from '../../../../../gateway/demo/otlp-receiver.ts';
import { MAX_QUEUE_BYTES, MAX_QUEUE_SPANS } from '../../../../../gateway/telemetry/export/queue.ts';
import { Exporters, type PolicyCounts } from '../../../../../gateway/telemetry/export/registry.ts';
import { TRACES } from '../../../../../gateway/telemetry/export/signal.ts';
import type { SpanData } from '../../../../../gateway/telemetry/trace/span.ts';
import { aCollector, aSpan, aTracingPolicy, countingClock, spansNamed, until } from '../../../../support/otlp/spans.ts';

/** Real collectors that misbehave: every span is received, or counted as dropped; the sums match exactly. */
const BATCH = { delay: 5, retry: { attempts: 3, delay: 5, maxDelay: 20, totalTime: 10_000, timeout: 500 } };
const MISBEHAVIOURS: readonly ReceiverBehaviour[] = [
  'ok',
  'unavailable',
  'ok',
  'hang',
  'ok',
  'reject',
  { rejectedSpans: 1 },
];

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const startReceiver = async (protocol: 'grpc' | 'http'): Promise<OtlpReceiver> => {
  const receiver = await startOtlpReceiver({ protocol });
  cleanups.push(() => receiver.close());
  return receiver;
};

const start = async (protocol: 'grpc' | 'http') => {
  const clock = countingClock();
  const receiver = await startReceiver(protocol);
  const exporters = new Exporters({ signal: TRACES, clock, log: () => {}, batch: BATCH });
  cleanups.push(() => exporters.shutdown(10));
  const policy = aTracingPolicy(aCollector({ port: receiver.port, protocol: protocol === 'grpc' ? 'GRPC' : 'HTTP' }));
  return { receiver, exporters, policy, sink: exporters.sink(policy) };
};

const countsOf = (exporters: Exporters<SpanData>): PolicyCounts => exporters.stats()[0]!;

const sumsMatch = (counts: PolicyCounts, offered: number): void => {
  const { exported, dropped, queued } = counts;
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  expect(counts.offered).toBe(offered);
  expect(exported + lost + queued).toBe(offered);
};

/** Received spans by name: none twice. */
const received = (receiver: OtlpReceiver): number => {
  const names = receiver.spans().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  return names.length;
};

describe.each(['grpc', 'http'] as const)('over %s', (protocol) => {
  test('a collector that flaps', async () => {
    const { receiver, exporters, sink } = await start(protocol);
    let offered = 0;
    let partly = 0;
    for (let turn = 0; turn < 60; turn++) {
      const behaviour = MISBEHAVIOURS[turn % MISBEHAVIOURS.length]!;
      receiver.behaviour = behaviour;
      if (typeof behaviour === 'object') partly++;
      sink.export(spansNamed(offered, offered + 100));
      offered += 100;
      await sleep(20);
    }
    receiver.behaviour = 'ok';
    await until(() => countsOf(exporters).queued === 0, 20_000);
    sumsMatch(countsOf(exporters), offered);
    // Of a batch that was taken in part, the receiver keeps all that came and says how many it refused.
    const { exported, dropped } = countsOf(exporters);
    expect(received(receiver) - exported).toBeLessThanOrEqual(dropped.rejected);
    expect(exported).toBeGreaterThan(0);
    expect(partly).toBeGreaterThan(0);
  });

  test('a collector that is down and comes up again', async () => {
    const { receiver, exporters, sink } = await start(protocol);
    receiver.behaviour = 'unavailable';
    sink.export(spansNamed(0, 300));
    await until(() => countsOf(exporters).queued === 0, 20_000);
    receiver.behaviour = 'ok';
    sink.export(spansNamed(300, 500));
    await until(() => countsOf(exporters).exported === 200, 20_000);
    sumsMatch(countsOf(exporters), 500);
    expect(countsOf(exporters).dropped.unreachable).toBe(300);
    expect(received(receiver)).toBe(200);
  });

  test('ten times as much as a slow collector takes', async () => {
    const { receiver, exporters, sink } = await start(protocol);
    receiver.behaviour = 'hang';
    let offered = 0;
    let most = 0;
    for (let turn = 0; turn < 100; turn++) {
      sink.export(spansNamed(offered, offered + 10 * (MAX_QUEUE_SPANS / 100)));
      offered += Math.ceil(10 * (MAX_QUEUE_SPANS / 100));
      most = Math.max(most, countsOf(exporters).queued);
      await sleep(1);
    }
    receiver.behaviour = 'ok';
    await until(() => countsOf(exporters).queued === 0, 20_000);
    sumsMatch(countsOf(exporters), countsOf(exporters).offered);
    expect(countsOf(exporters).dropped.queue_full).toBeGreaterThan(offered / 2);
    expect(received(receiver)).toBe(countsOf(exporters).exported);
    // What waits, and the batch that is under way.
    expect(most).toBeLessThanOrEqual(MAX_QUEUE_SPANS + 512);
  });
});

test('large spans are bounded in bytes', async () => {
  const { receiver, exporters, sink } = await start('http');
  receiver.behaviour = 'hang';
  const attributes = Array.from({ length: 16 }, (_, index) => [`a${index}`, 'x'.repeat(16_000)] as const);
  const before = process.memoryUsage().arrayBuffers;
  for (let index = 0; index < 1_000; index++) sink.export([aSpan({ name: String(index), attributes })]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(3 * MAX_QUEUE_BYTES);
  expect(countsOf(exporters).dropped.queue_full).toBeGreaterThan(500);
  await exporters.shutdown(10);
  sumsMatch(countsOf(exporters), 1_000);
});

test('a collector that hangs does not hold up another one', async () => {
  const hanging = await startReceiver('grpc');
  hanging.behaviour = 'hang';
  const working = await startReceiver('http');
  const exporters = new Exporters({
    signal: TRACES,
    clock: countingClock(),
    log: () => {},
    batch: { ...BATCH, retry: { timeout: 60_000 } },
  });
  cleanups.push(() => exporters.shutdown(10));
  const sinkOf = (policy: string, port: number, protocol: 'GRPC' | 'HTTP') =>
    exporters.sink(aTracingPolicy(aCollector({ port, protocol }), { policy }));
  const first = sinkOf('a/hangs', hanging.port, 'GRPC');
  const second = sinkOf('a/works', working.port, 'HTTP');
  for (let index = 0; index < 50; index++) {
    first.export(spansNamed(index * 100, index * 100 + 100));
    second.export(spansNamed(index * 10, index * 10 + 10));
    await sleep(1);
  }
  await until(() => exporters.stats().find(({ policy }) => policy === 'a/works')?.exported === 500);
  expect(received(working)).toBe(500);
});
