import type { AttributeValue, ResourceAttribute } from '../policy.ts';
import type { SpanContext } from './trace-context.ts';

/** A finished span, ready to be encoded. Times are milliseconds of the Unix epoch, with fractions. */
export interface SpanData {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  /** The parent came from another process (OTLP flags bits 8 and 9). */
  readonly parentIsRemote: boolean;
  readonly traceState: string | undefined;
  readonly traceFlags: number;
  readonly name: string;
  readonly kind: 'SERVER' | 'CLIENT';
  readonly startTime: number;
  readonly endTime: number;
  /** In order; int64 as bigint, string, boolean, double as number. */
  readonly attributes: readonly SpanAttribute[];
  /** In order of time. */
  readonly events: readonly SpanEvent[];
  readonly droppedEvents: number;
  readonly links: readonly SpanContext[];
  readonly status: SpanStatus;
}

/** Something that happened while the span was open. */
export interface SpanEvent {
  readonly name: string;
  readonly time: number;
  readonly attributes: readonly SpanAttribute[];
}

export type SpanAttribute = readonly [name: string, value: AttributeValue];

/** OpenTelemetry: Unset or Error; a gateway never sets Ok. */
export type SpanStatus = { readonly code: 'UNSET' } | { readonly code: 'ERROR'; readonly message: string };

/** `InstrumentationScope` of every span, as in the post. */
export const SCOPE_NAME = 'agentgateway';

export type Resource = readonly ResourceAttribute[];
