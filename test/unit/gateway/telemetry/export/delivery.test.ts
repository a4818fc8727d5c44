import { afterEach, describe, expect, test } from '@jest/globals';
import { BatchExporter, type BatchOptions } from '../../../../../gateway/telemetry/export/exporter.ts';
import type { RetryPolicy } from '../../../../../gateway/telemetry/export/retry.ts';
import { LOGS, TRACES } from '../../../../../gateway/telemetry/export/signal.ts';
import type { SpanData } from '../../../../../gateway/telemetry/trace/span.ts';
import { countingClock, spansNamed, until } from '../../../../support/otlp/spans.ts';
import { type FakeTransport, fakeTransport, REJECTED, TAKEN, UNREACHABLE } from '../../../../support/otlp/transport.ts';

const clock = countingClock();
const RETRY: RetryPolicy = { attempts: 3, delay: 1, maxDelay: 4, totalTime: 1000, timeout: 500 };

let exporters: BatchExporter<SpanData>[] = [];
function start(options: BatchOptions = {}): {
  exporter: BatchExporter<SpanData>;
  transport: FakeTransport;
  log: string[];
} {
  const transport = fakeTransport();
  const log: string[] = [];
  const exporter = new BatchExporter(
    TRACES,
    'tempo:4317',
    [],
    transport,
    clock,
    (level, message, { cause }) => log.push(`${level}: ${message}${cause === undefined ? '' : ` [${cause}]`}`),
    { delay: 1, retry: RETRY, ...options },
  );
  exporters.push(exporter);
  return { exporter, transport, log };
}

afterEach(async () => {
  await Promise.all(exporters.map((exporter) => exporter.shutdown(0)));
  exporters = [];
  expect(clock.open()).toBe(0);
});

describe('retries', () => {
  test('repeat the same batch until it is taken', async () => {
    const { exporter, transport } = start();
    transport.answer = (attempt) => (attempt < 3 ? UNREACHABLE : TAKEN);
    exporter.export(spansNamed(0, 2));
    await until(() => exporter.stats().exported === 2);
    expect(transport.attempts).toEqual([
      ['0', '1'],
      ['0', '1'],
      ['0', '1'],
    ]);
  });

  test('end after the allowed number of attempts', async () => {
    const { exporter, transport } = start();
    transport.answer = () => UNREACHABLE;
    exporter.export(spansNamed(0, 2));
    await until(() => exporter.stats().dropped.unreachable === 2);
    expect(transport.attempts).toHaveLength(3);
  });

  test('end when the time for a batch is used up, also by a collector that asks for patience', async () => {
    const { exporter, transport } = start();
    transport.answer = () => ({ ...UNREACHABLE, retryAfter: 3_600_000 });
    exporter.export(spansNamed(0, 2));
    await until(() => exporter.stats().dropped.unreachable === 2);
    expect(transport.attempts).toHaveLength(1);
  });

  test('wait as long as the collector asks for', async () => {
    const { exporter, transport } = start();
    transport.answer = (attempt) => (attempt === 1 ? { ...UNREACHABLE, retryAfter: 120 } : TAKEN);
    const begin = Date.now();
    exporter.export(spansNamed(0, 1));
    await until(() => exporter.stats().exported === 1);
    expect(Date.now() - begin).toBeGreaterThanOrEqual(119);
  });

  test('end when a transport fails in a way it must not', async () => {
    const { exporter, transport } = start();
    transport.answer = () => {
      throw new Error('bug');
    };
    exporter.export(spansNamed(0, 1));
    await until(() => exporter.stats().dropped.unreachable === 1);
  });
});

describe('the log', () => {
  test('has one line per change of state', async () => {
    const { exporter, transport, log } = start();
    let outcome: ReturnType<FakeTransport['answer']> = TAKEN;
    transport.answer = () => outcome;
    let offered = 0;
    for (const next of [
      TAKEN,
      TAKEN,
      UNREACHABLE,
      REJECTED,
      TAKEN,
      { ...TAKEN, rejectedSpans: 1, message: 'odd' },
      TAKEN,
    ]) {
      outcome = next;
      exporter.export(spansNamed(0, 3));
      offered += 3;
      await until(() => exporter.stats().queued === 0);
    }
    expect(exporter.stats().offered).toBe(offered);
    expect(log).toEqual([
      'warn: spans cannot be exported: batches are retried, then dropped and counted [down]',
      'info: spans are exported again',
      'warn: the collector refuses spans [odd]',
      'info: spans are exported again',
    ]);
  });

  test('calls log records by their name', async () => {
    const transport = fakeTransport();
    const lines: string[] = [];
    const exporter = new BatchExporter(LOGS, 'loki:4317', [], transport, clock, (_, message) => lines.push(message), {
      delay: 1,
      maxQueue: 1,
      retry: { ...RETRY, attempts: 1 },
    });
    transport.answer = () => UNREACHABLE;
    const record = { time: 0, body: 'request', attributes: [], trace: undefined };
    exporter.export([record, record]);
    await exporter.shutdown(1000);
    expect(lines).toEqual([
      'log records are dropped and counted: the queue to the collector is full',
      'log records cannot be exported: batches are retried, then dropped and counted',
    ]);
  });

  test('tells again of an overflow after it was over', async () => {
    const { exporter, transport, log } = start({ maxQueue: 5 });
    for (let round = 0; round < 2; round++) {
      exporter.export(spansNamed(0, 9));
      exporter.export(spansNamed(0, 9));
      await until(() => exporter.stats().queued === 0);
    }
    expect(transport.attempts).toHaveLength(2);
    expect(log).toHaveLength(2);
  });
});

describe('shutdown', () => {
  test('sends what waits, then closes the connection', async () => {
    const { exporter, transport } = start({ delay: 60_000, maxBatch: 4 });
    exporter.export(spansNamed(0, 3));
    exporter.export(spansNamed(3, 6));
    await exporter.shutdown(1000);
    expect(transport.attempts.flat()).toHaveLength(6);
    expect(exporter.stats()).toMatchObject({ exported: 6, queued: 0 });
    expect(transport.closed).toBe(true);
  });

  test('gives up on a collector that hangs when the time is over', async () => {
    const { exporter, transport } = start({ maxBatch: 4 });
    transport.answer = () => 'hang';
    exporter.export(spansNamed(0, 10));
    const begin = Date.now();
    await exporter.shutdown(50);
    expect(Date.now() - begin).toBeLessThan(1000);
    expect(exporter.stats()).toMatchObject({ exported: 0, queued: 0, dropped: { shutdown: 10 } });
    expect(transport.closed).toBe(true);
  });

  test('ends a wait between attempts too', async () => {
    const { exporter, transport } = start({
      retry: { ...RETRY, delay: 100_000, maxDelay: 100_000, totalTime: 1_000_000 },
    });
    transport.answer = () => UNREACHABLE;
    exporter.export(spansNamed(0, 1));
    await until(() => transport.attempts.length === 1);
    await exporter.shutdown(20);
    expect(exporter.stats().dropped.shutdown).toBe(1);
  });

  test('can be asked for twice, the shorter time counts', async () => {
    const { exporter, transport } = start();
    transport.answer = () => 'hang';
    exporter.export(spansNamed(0, 1));
    const first = exporter.shutdown(60_000);
    await Promise.all([exporter.shutdown(20), first]);
    expect(exporter.stats().dropped.shutdown).toBe(1);
  });

  test('drops and counts what comes later', async () => {
    const { exporter, transport } = start();
    await exporter.shutdown(10);
    exporter.export(spansNamed(0, 2));
    expect(exporter.stats()).toMatchObject({ offered: 2, dropped: { shutdown: 2 } });
    expect(transport.attempts).toEqual([]);
  });
});
