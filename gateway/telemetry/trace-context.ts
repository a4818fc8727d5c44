/** W3C trace context of one request (https://www.w3.org/TR/trace-context/). */
export interface TraceContext {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 hex digits: the SERVER span. */
  readonly spanId: string;
  /** The caller's span. */
  readonly parentSpanId: string | undefined;
  /** Flags to pass on: inherited, or 01 for a new trace. */
  readonly flags: number;
  readonly traceState: string | undefined;
  readonly baggage: string | undefined;
  /** Spans of this request are exported; only then is the context sent upstream rewritten. */
  readonly exported: boolean;
}
