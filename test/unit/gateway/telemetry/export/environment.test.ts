import { describe, expect, test } from '@jest/globals';
import { batchOptions } from '../../../../../gateway/telemetry/export/environment.ts';

describe('the variables of the OpenTelemetry specification', () => {
  test('leave the defaults alone when they are not set, or empty', () => {
    expect(batchOptions('OTEL_BSP_', {})).toEqual({});
    expect(batchOptions('OTEL_BSP_', { OTEL_BSP_MAX_QUEUE_SIZE: '', OTEL_BSP_SCHEDULE_DELAY: ' ' })).toEqual({});
  });

  test('are read for spans and for log records apart', () => {
    const env = {
      OTEL_BSP_MAX_QUEUE_SIZE: '4096',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '100',
      OTEL_BSP_SCHEDULE_DELAY: '250',
      OTEL_BSP_EXPORT_TIMEOUT: '30000',
      OTEL_BLRP_EXPORT_TIMEOUT: '2000',
    };
    expect(batchOptions('OTEL_BSP_', env)).toEqual({
      maxQueue: 4096,
      maxBatch: 100,
      delay: 250,
      retry: { totalTime: 30_000, timeout: 10_000 },
    });
    expect(batchOptions('OTEL_BLRP_', env)).toEqual({ retry: { totalTime: 2000, timeout: 2000 } });
  });

  test('a small queue makes batches small', () => {
    expect(batchOptions('OTEL_BSP_', { OTEL_BSP_MAX_QUEUE_SIZE: '10' })).toEqual({ maxQueue: 10, maxBatch: 10 });
  });

  test.each(['0', '-1', '1.5', '65537', '99999999999999999999', 'many', '1e3'])('%s is no size of a queue', (text) => {
    expect(batchOptions('OTEL_BSP_', { OTEL_BSP_MAX_QUEUE_SIZE: text })).toBe(
      'OTEL_BSP_MAX_QUEUE_SIZE is no number from 1 to 65536',
    );
  });

  test('a batch is no larger than the queue', () => {
    expect(batchOptions('OTEL_BSP_', { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '4096' })).toBe(
      'OTEL_BSP_MAX_EXPORT_BATCH_SIZE is more than OTEL_BSP_MAX_QUEUE_SIZE',
    );
  });
});
