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

/** What a caller sent. */
export interface TraceParent {
  readonly traceId: string;
  readonly parentId: string;
  readonly flags: number;
}

/** Trace flag: the caller may have recorded the trace. */
export const SAMPLED = 0x01;

/** Version 00 has exactly four fields; a later one may be followed by more (W3C Trace Context §4.3). */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZERO = /^0+$/;

/** Undefined when there is none, or it does not follow the format: then a new trace begins. */
export const parseTraceparent = (header: string | string[] | undefined): TraceParent | undefined => {
  if (typeof header !== 'string') return undefined;
  const match = TRACEPARENT.exec(header.trim());
  if (match === null) return undefined;
  const [, version, traceId = '', parentId = '', flags = '', more] = match;
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (ZERO.test(traceId) || ZERO.test(parentId)) return undefined;
  return { traceId, parentId, flags: Number.parseInt(flags, 16) };
};

export const formatTraceparent = ({ traceId, flags }: TraceContext, spanId: string): string =>
  `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;

const TRACE_FIELDS: ReadonlySet<string> = new Set(['traceparent', 'tracestate', 'baggage']);

/**
 * Header fields (name, value, name, value …) of an upstream request whose CLIENT span is `spanId`. A context that is not exported stays as
 * the client sent it: a span that nobody will ever find must not become a parent.
 */
export const injectTraceContext = (headers: string[], trace: TraceContext | undefined, spanId: string): string[] => {
  if (trace?.exported !== true) return headers;
  const injected = headers.filter((_, at) => !TRACE_FIELDS.has((headers[at - (at % 2)] as string).toLowerCase()));
  injected.push('traceparent', formatTraceparent(trace, spanId));
  if (trace.traceState !== undefined) injected.push('tracestate', trace.traceState);
  if (trace.baggage !== undefined) injected.push('baggage', trace.baggage);
  return injected;
};
