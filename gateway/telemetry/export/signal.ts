import type { LogData } from '../log/log-record.ts';
import { SCOPE_NAME, type SpanData } from '../trace/span.ts';
import type { OtlpEncoder } from './protobuf/encode.ts';

/** One kind of telemetry that OTLP carries: all of them travel alike. */
export interface Signal<T> {
  /** What log lines call its entries. */
  readonly entries: string;
  /** Full name of the gRPC method. */
  readonly method: string;
  /** `InstrumentationScope` of all entries. */
  readonly scope: string;
  encode(encoder: OtlpEncoder, entry: T): Buffer;
}

export const TRACES: Signal<SpanData> = {
  entries: 'spans',
  method: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  scope: SCOPE_NAME,
  encode: (encoder, span) => encoder.span(span),
};

export const LOGS: Signal<LogData> = {
  entries: 'log records',
  method: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  scope: 'agentgateway.access',
  encode: (encoder, record) => encoder.logRecord(record),
};

/** Takes finished entries and never blocks, throws or grows without bound: what it cannot keep it drops and counts. */
export interface Sink<T> {
  export(entries: readonly T[]): void;
}
