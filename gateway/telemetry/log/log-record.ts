import type { CelContext } from '../../../lib/cel/expression.ts';
import { evaluate } from '../attributes.ts';
import type { AccessLogPolicy, LogExportPolicy } from '../policy.ts';
import type { RequestRecord } from '../record.ts';
import type { SpanAttribute } from '../trace/span.ts';
import { accessLogFields } from './access-log.ts';

/** An access-log line on its way to a collector. */
export interface LogData {
  /** Milliseconds of the Unix epoch, with fractions. */
  readonly time: number;
  readonly body: string;
  readonly attributes: readonly SpanAttribute[];
  /** Of the SERVER span, if there is one. */
  readonly trace: { readonly traceId: string; readonly spanId: string; readonly flags: number } | undefined;
}

/** What the record says: its attributes tell the rest. */
const BODY = 'request';

/** The record of a finished request; undefined when the filter is not true. */
export const accessLogRecord = (
  record: RequestRecord,
  { filter, attributes }: LogExportPolicy,
  capture: AccessLogPolicy['capture'],
  context: CelContext,
): LogData | undefined => {
  if (filter !== undefined && evaluate(filter, context) !== true) return undefined;
  const { trace } = record;
  return {
    time: record.endTime,
    body: BODY,
    attributes: [...accessLogFields(record, attributes, capture, context)],
    trace: trace && { traceId: trace.traceId, spanId: trace.spanId, flags: trace.flags },
  };
};
