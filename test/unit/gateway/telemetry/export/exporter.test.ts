import { afterEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { SpanAccount, type SpanCounts } from '../../../../../gateway/telemetry/export/account.ts';
import { BatchExporter, type BatchOptions } from '../../../../../gateway/telemetry/export/exporter.ts';
import { MAX_STRING_BYTES } from '../../../../../gateway/telemetry/export/protobuf/encode.ts';
import { MAX_BATCH_BYTES, MAX_QUEUE_BYTES } from '../../../../../gateway/telemetry/export/queue.ts';
import { TRACES } from '../../../../../gateway/telemetry/export/signal.ts';
import type { SpanData } from '../../../../../gateway/telemetry/trace/span.ts';
import { aSpan, countingClock, spansNamed, until } from '../../../../support/otlp/spans.ts';
import { type FakeTransport, fakeTransport, REJECTED, TAKEN, UNREACHABLE } from '../../../../support/otlp/transport.ts';

const clock = countingClock();
const RETRY = { attempts: 3, delay: 1, maxDelay: 4, totalTime: 1000, timeout: 500 };
const NONE = { queue_full: 0, rejected: 0, unreachable: 0, shutdown: 0 };
const names = (from: number, to: number): string[] => spansNamed(from, to).map(({ name }) => name);
const sum = ({ exported, dropped, queued }: SpanCounts): number =>
  exported + queued + Object.values(dropped).reduce((total, count) => total + count, 0);

let exporters: BatchExporter<SpanData>[] = [];
function start(options: BatchOptions = {}): {
  exporter: BatchExporter<SpanData>;
  transport: FakeTransport;
  log: string[];
} {
  const transport = fakeTransport();
  const log: string[] = [];
  const write = (level: string, message: string, fields: Readonly<Record<string, string>>): void => {
    log.push(`${level} ${message} (${Object.values(fields).join(', ')})`);
  };
  const exporter = new BatchExporter(TRACES, 'tempo:4317', [], transport, clock, write, {
    delay: 5,
    retry: RETRY,
    ...options,
  });
  exporters.push(exporter);
  return { exporter, transport, log };
}

afterEach(async () => {
  await Promise.all(exporters.map((exporter) => exporter.shutdown(0)));
  exporters = [];
  expect(clock.open()).toBe(0);
});

describe('batches', () => {
  test('go out together after the delay, in order', async () => {
    const { exporter, transport } = start();
    exporter.export(spansNamed(0, 2));
    exporter.export(spansNamed(2, 3));
    expect(transport.attempts).toEqual([]);
    await until(() => exporter.stats().exported === 3);
    expect(transport.attempts).toEqual([['0', '1', '2']]);
  });

  test('go out at once when full, one request at a time', async () => {
    const { exporter, transport } = start({ delay: 60_000, maxBatch: 4 });
    exporter.export(spansNamed(0, 10));
    await until(() => exporter.stats().exported === 8);
    expect(transport.attempts).toEqual([names(0, 4), names(4, 8)]);
    expect(transport.concurrency).toBe(1);
    expect(exporter.stats().queued).toBe(2);
  });

  test('start again after a pause', async () => {
    const { exporter, transport } = start();
    for (const round of [0, 1, 2]) {
      exporter.export(spansNamed(round, round + 1));
      await until(() => exporter.stats().exported === round + 1);
    }
    expect(transport.attempts).toEqual([['0'], ['1'], ['2']]);
  });

  test('stay below the size that collectors take, and so does what waits', async () => {
    const big = aSpan({
      attributes: Array.from({ length: 128 }, (_, index) => [`a${index}`, 'x'.repeat(MAX_STRING_BYTES)] as const),
    });
    const size = 128 * MAX_STRING_BYTES;
    const { exporter, transport } = start({ delay: 60_000 });
    exporter.export(Array.from({ length: 20 }, () => big));
    expect(exporter.stats()).toMatchObject({ offered: 20, queued: Math.ceil(MAX_QUEUE_BYTES / size) });
    await exporter.shutdown(5000);
    for (const attempt of transport.attempts) expect(attempt.length).toBe(Math.floor(MAX_BATCH_BYTES / size));
    expect(sum(exporter.stats())).toBe(20);
  });
});

describe('every span is accounted for', () => {
  test('overload: what the queue does not hold is dropped as queue_full, exactly', async () => {
    const { exporter, transport, log } = start({ maxQueue: 100, maxBatch: 10 });
    transport.answer = () => 'hang';
    exporter.export(spansNamed(0, 50));
    await until(() => transport.attempts.length === 1);
    exporter.export(spansNamed(50, 1050));
    // 10 in flight, 100 waiting.
    expect(exporter.stats()).toEqual({
      offered: 1050,
      exported: 0,
      queued: 110,
      dropped: { ...NONE, queue_full: 940 },
    });
    expect(log).toEqual(['warn spans are dropped and counted: the queue to the collector is full (tempo:4317)']);
  });

  test('what a collector rejects is not repeated', async () => {
    const { exporter, transport } = start();
    transport.answer = () => REJECTED;
    exporter.export(spansNamed(0, 3));
    await until(() => exporter.stats().queued === 0);
    expect(transport.attempts).toHaveLength(1);
    expect(exporter.stats().dropped).toEqual({ ...NONE, rejected: 3 });
  });

  test('partial success: the refused ones are rejected, the others exported', async () => {
    const { exporter, transport } = start();
    transport.answer = () => ({ ...TAKEN, rejectedSpans: 2 });
    exporter.export(spansNamed(0, 5));
    await until(() => exporter.stats().queued === 0);
    expect(exporter.stats()).toMatchObject({ exported: 3, dropped: { ...NONE, rejected: 2 } });
  });

  test.each([-5, 1000])('a collector cannot refuse %d of three spans', async (rejectedSpans) => {
    const { exporter, transport } = start();
    transport.answer = () => ({ ...TAKEN, rejectedSpans });
    exporter.export(spansNamed(0, 3));
    await until(() => exporter.stats().queued === 0);
    expect(exporter.stats()).toMatchObject({ exported: rejectedSpans < 0 ? 3 : 0 });
    expect(sum(exporter.stats())).toBe(3);
  });

  test('each account is charged for its own', async () => {
    const { exporter, transport } = start();
    const [mine, yours] = [new SpanAccount(), new SpanAccount()];
    transport.answer = () => ({ ...TAKEN, rejectedSpans: 1 });
    exporter.export(spansNamed(0, 2), mine);
    exporter.export(spansNamed(2, 5), yours);
    await until(() => exporter.stats().queued === 0);
    expect(mine).toMatchObject({ offered: 2, exported: 2, queued: 0, dropped: NONE });
    expect(yours).toMatchObject({ offered: 3, exported: 2, queued: 0, dropped: { ...NONE, rejected: 1 } });
  });

  test('a span that breaks its type is dropped, never thrown', () => {
    const { exporter } = start();
    exporter.export([{ ...aSpan(), attributes: undefined } as unknown as SpanData]);
    expect(exporter.stats()).toMatchObject({ offered: 1, queued: 0, dropped: { rejected: 1 } });
  });

  test('whatever the collector does', async () => {
    const outcome = fc.constantFrom(TAKEN, UNREACHABLE, REJECTED, { ...TAKEN, rejectedSpans: 2 });
    const step = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant('pause' as const));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.infiniteStream(outcome), async (steps, outcomes) => {
        const { exporter, transport } = start({ delay: 0, maxQueue: 10, maxBatch: 4 });
        transport.answer = () => outcomes.next().value;
        let offered = 0;
        for (const each of steps) {
          if (each === 'pause') await new Promise((resolve) => setImmediate(resolve));
          else exporter.export(spansNamed(0, each));
          offered += each === 'pause' ? 0 : each;
          expect(exporter.stats().offered).toBe(offered);
          expect(sum(exporter.stats())).toBe(offered);
        }
        await exporter.shutdown(1000);
        exporter.export(spansNamed(0, 1));
        expect(exporter.stats().queued).toBe(0);
        expect(sum(exporter.stats())).toBe(offered + 1);
      }),
      { numRuns: 60 },
    );
  });
});
