import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  type OtlpReceiver,
  type ReceiverBehaviour,
  startOtlpReceiver,
} from '../../../../../gateway/demo/otlp-receiver.ts';
import type { BatchOptions } from '../../../../../gateway/telemetry/export/exporter.ts';
import { MAX_QUEUE_BYTES, MAX_QUEUE_SPANS } from '../../../../../gateway/telemetry/export/queue.ts';
import { Exporters, type PolicyCounts } from '../../../../../gateway/telemetry/export/registry.ts';
import { TRACES } from '../../../../../gateway/telemetry/export/signal.ts';
import type { SpanData } from '../../../../../gateway/telemetry/trace/span.ts';
import { aCollector, aSpan, aTracingPolicy, countingClock, spansNamed, until } from '../../../../support/otlp/spans.ts';

/**
 * Real collectors that misbehave: every span is received, or counted as dropped; the sums match exactly. What they received is decoded with
 * the OpenTelemetry project's own definitions.
 */
const BATCH = { delay: 5, retry: { attempts: 3, delay: 5, maxDelay: 20, totalTime: 10_000, timeout: 1_000 } };
const MISBEHAVIOURS: readonly ReceiverBehaviour[] = [
  'ok',
  'unavailable',
  { delay: 30 },
  'throttle',
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

const start = async (protocol: 'grpc' | 'http', batch: BatchOptions = BATCH) => {
  const receiver = await startReceiver(protocol);
  const exporters = new Exporters({ signal: TRACES, clock: countingClock(), log: () => {}, batch });
  cleanups.push(() => exporters.shutdown(10));
  const policy = aTracingPolicy(aCollector({ port: receiver.port, protocol: protocol === 'grpc' ? 'GRPC' : 'HTTP' }));
  return { receiver, exporters, sink: exporters.sink(policy) };
};

const countsOf = (exporters: Exporters<SpanData>): PolicyCounts => exporters.stats()[0]!;
const lost = ({ dropped }: PolicyCounts): number => Object.values(dropped).reduce((sum, count) => sum + count, 0);
const NONE = { queue_full: 0, rejected: 0, unreachable: 0, shutdown: 0 };

/** Waits until nothing is under way: each span was received, once, or else dropped and counted. */
const settled = async (exporters: Exporters<SpanData>, receiver: OtlpReceiver, offered: number) => {
  await until(() => countsOf(exporters).queued === 0, 20_000);
  const counts = countsOf(exporters);
  const names = receiver.spans().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(counts).toMatchObject({ offered, exported: names.length });
  expect(names.length + lost(counts)).toBe(offered);
  return counts;
};

describe.each(['grpc', 'http'] as const)('over %s', (protocol) => {
  test('a collector that flaps', async () => {
    const { receiver, exporters, sink } = await start(protocol);
    let offered = 0;
    for (let turn = 0; turn < 60; turn++) {
      receiver.behaviour = MISBEHAVIOURS[turn % MISBEHAVIOURS.length]!;
      sink.export(spansNamed(offered, offered + 100));
      offered += 100;
      await sleep(20);
    }
    receiver.behaviour = 'ok';
    expect((await settled(exporters, receiver, offered)).exported).toBeGreaterThan(0);
  });

  test('one that is not there, and comes', async () => {
    const { receiver, exporters, sink } = await start(protocol);
    await receiver.close();
    sink.export(spansNamed(0, 300));
    await until(() => countsOf(exporters).queued === 0, 20_000);
    expect(countsOf(exporters)).toMatchObject({ offered: 300, exported: 0, dropped: { ...NONE, unreachable: 300 } });
    const late = await startOtlpReceiver({ protocol, port: receiver.port });
    cleanups.push(() => late.close());
    // gRPC waits a while before it dials again what refused it.
    for (let offered = 301; countsOf(exporters).exported === 0; offered++) {
      sink.export(spansNamed(offered, offered + 1));
      await settled(exporters, late, offered);
    }
  });

  test('one that cannot take them now: they are offered so many times, then dropped', async () => {
    const { receiver, exporters, sink } = await start(protocol);
    receiver.behaviour = 'unavailable';
    sink.export(spansNamed(0, 300));
    expect((await settled(exporters, receiver, 300)).dropped).toEqual({ ...NONE, unreachable: 300 });
    expect(receiver.requests()).toBe(3);
  });

  test('one that throttles gets them later', async () => {
    const { receiver, exporters, sink } = await start(protocol);
    receiver.behaviour = 'throttle';
    sink.export(spansNamed(0, 300));
    await until(() => receiver.requests() === 2);
    receiver.behaviour = 'ok';
    expect(lost(await settled(exporters, receiver, 300))).toBe(0);
    expect(receiver.requests()).toBe(3);
  });

  test('one that refuses them for good is not asked again', async () => {
    const { receiver, exporters, sink } = await start(protocol);
    receiver.behaviour = 'reject';
    sink.export(spansNamed(0, 300));
    expect((await settled(exporters, receiver, 300)).dropped).toEqual({ ...NONE, rejected: 300 });
    expect(receiver.requests()).toBe(1);
  });

  test('ten times as much as a slow one takes', async () => {
    const [maxBatch, delay] = [32, 25];
    const { receiver, exporters, sink } = await start(protocol, { ...BATCH, maxBatch });
    receiver.behaviour = { delay };
    const began = performance.now();
    let offered = 0;
    let most = 0;
    for (let time = 0; time < 1_000; time = performance.now() - began) {
      const due = Math.floor((10 * maxBatch * time) / delay);
      sink.export(spansNamed(offered, due));
      offered = due;
      most = Math.max(most, countsOf(exporters).queued);
      await sleep(5);
    }
    receiver.behaviour = 'ok';
    const { exported, dropped } = await settled(exporters, receiver, offered);
    expect(dropped).toEqual({ ...NONE, queue_full: offered - exported });
    expect(dropped.queue_full).toBeGreaterThan(offered / 2);
    // What waits, and the batch that is under way.
    expect(most).toBeLessThanOrEqual(MAX_QUEUE_SPANS + maxBatch);
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
  await settled(exporters, receiver, 1_000);
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
  expect(working.spans()).toHaveLength(500);
});
