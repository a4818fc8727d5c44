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
  /** Spans of the caller that are no parent. */
  readonly links: readonly SpanContext[];
  /** Spans of this request are exported; only then is the context sent upstream rewritten. */
  readonly exported: boolean;
  /** They are if it fails, though they were not to be. */
  readonly keptIfFailed: boolean;
}

/** A span of another process. */
export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
  readonly traceState: string | undefined;
}

/** What a caller may send of a trace: as header fields, or as members of `params._meta` (MCP, SEP-414). */
export interface TraceCarrier {
  readonly traceparent?: unknown;
  readonly tracestate?: unknown;
  readonly baggage?: unknown;
}

/** The names of a carrier's members. */
export const TRACE_FIELDS = ['traceparent', 'tracestate', 'baggage'] as const;

/** Characters of a tracestate or baggage that are taken from a message: their specifications ask for 512 and 8,192. */
const MAX_CARRIED_LENGTH = 8_192;

/** The span that a carrier names, with the vendor state that came with it (W3C Trace Context §3.3). */
export const extractSpan = ({ traceparent, tracestate }: TraceCarrier): SpanContext | undefined => {
  const parent = parseTraceparent(traceparent);
  return parent && { ...parent, traceState: carried(tracestate) };
};

/** A list that may have come in several fields; what no header field could hold is nothing. */
export const carried = (value: unknown): string | undefined => {
  const text = Array.isArray(value) ? value.join(',') : value;
  if (typeof text !== 'string' || text === '' || text.length > MAX_CARRIED_LENGTH) return undefined;
  return /^[\t\x20-\x7e]*$/.test(text) ? text : undefined;
};

/** Trace flag: the caller may have recorded the trace. */
export const SAMPLED = 0x01;

/** Version 00 has exactly four fields; a later one may be followed by more (W3C Trace Context §4.3). */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZERO = /^0+$/;

/** Undefined when there is none, or it does not follow the format: then a new trace begins. */
const parseTraceparent = (header: unknown): Omit<SpanContext, 'traceState'> | undefined => {
  if (typeof header !== 'string') return undefined;
  const match = TRACEPARENT.exec(header.trim());
  if (match === null) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = match;
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (ZERO.test(traceId) || ZERO.test(spanId)) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
};

export const formatTraceparent = ({ traceId, flags }: TraceContext, spanId: string): string =>
  `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;

const FIELD_NAMES: ReadonlySet<string> = new Set(TRACE_FIELDS);

/**
 * Name and value of what an upstream is told whose CLIENT span is `spanId`. Undefined: a context that is not exported stays as the client
 * sent it, since a span that nobody will ever find must not become a parent.
 */
export const traceFields = (
  trace: TraceContext | undefined,
  spanId: string,
): ReadonlyMap<string, string> | undefined => {
  if (trace?.exported !== true) return undefined;
  const fields = new Map([['traceparent', formatTraceparent(trace, spanId)]]);
  if (trace.traceState !== undefined) fields.set('tracestate', trace.traceState);
  if (trace.baggage !== undefined) fields.set('baggage', trace.baggage);
  return fields;
};

/** Header fields (name, value, name, value …) of that request. */
export const injectTraceContext = (headers: string[], trace: TraceContext | undefined, spanId: string): string[] => {
  const fields = traceFields(trace, spanId);
  if (fields === undefined) return headers;
  return [
    ...headers.filter((_, at) => !FIELD_NAMES.has((headers[at - (at % 2)] as string).toLowerCase())),
    ...[...fields].flat(),
  ];
};
