import type { BatchOptions } from './exporter.ts';
import { MAX_BATCH_SPANS, MAX_QUEUE_SPANS } from './queue.ts';
import { DEFAULT_RETRY } from './retry.ts';

/** Most of each variable: what waits is bounded whatever is asked for. Times in milliseconds. */
const MAXIMA = {
  MAX_QUEUE_SIZE: 65_536,
  MAX_EXPORT_BATCH_SIZE: 8_192,
  SCHEDULE_DELAY: 600_000,
  EXPORT_TIMEOUT: 600_000,
} as const;

/**
 * How entries are batched, by the variables of the OpenTelemetry specification ("Batch Span Processor", "Batch LogRecord Processor"): those
 * of spans begin with `OTEL_BSP_`, those of log records with `OTEL_BLRP_`. A string: what is wrong with one of them.
 */
export const batchOptions = (
  prefix: 'OTEL_BSP_' | 'OTEL_BLRP_',
  env: Readonly<Record<string, string | undefined>>,
): BatchOptions | string => {
  const values: Partial<Record<keyof typeof MAXIMA, number>> = {};
  for (const [name, maximum] of Object.entries(MAXIMA) as [keyof typeof MAXIMA, number][]) {
    // "An empty value is the same as an unset variable."
    const text = env[prefix + name]?.trim() ?? '';
    if (text === '') continue;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (value < 1 || value > maximum) return `${prefix}${name} is no number from 1 to ${maximum}`;
    values[name] = value;
  }
  const { MAX_QUEUE_SIZE: maxQueue, MAX_EXPORT_BATCH_SIZE: maxBatch, SCHEDULE_DELAY: delay } = values;
  const totalTime = values.EXPORT_TIMEOUT;
  if ((maxBatch ?? 0) > (maxQueue ?? MAX_QUEUE_SPANS)) {
    return `${prefix}MAX_EXPORT_BATCH_SIZE is more than ${prefix}MAX_QUEUE_SIZE`;
  }
  return {
    ...(maxQueue === undefined ? {} : { maxQueue, maxBatch: maxBatch ?? Math.min(MAX_BATCH_SPANS, maxQueue) }),
    ...(maxBatch === undefined ? {} : { maxBatch }),
    ...(delay === undefined ? {} : { delay }),
    ...(totalTime === undefined ? {} : { retry: { totalTime, timeout: Math.min(DEFAULT_RETRY.timeout, totalTime) } }),
  };
};
