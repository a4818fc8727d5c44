import type { LogData } from '../../log/log-record.ts';
import type { AttributeValue } from '../../policy.ts';
import { type Resource, SCOPE_NAME, type SpanAttribute, type SpanData, type SpanEvent } from '../../trace/span.ts';
import type { SpanContext } from '../../trace/trace-context.ts';
import { AttributeCache } from './attribute-cache.ts';
import { BackwardWriter } from './writer.ts';

/** Longest string value, span name or status message, in UTF-8 bytes; the rest is cut. */
export const MAX_STRING_BYTES = 16 * 1024;
/** Longest attribute name, in UTF-8 bytes; the rest is cut. */
export const MAX_NAME_BYTES = 1024;
/** Most attributes of one span: OpenTelemetry's default span limit. The others are counted in `dropped_attributes_count`. */
export const MAX_ATTRIBUTES = 128;

/**
 * OTLP 1.x protobuf of spans (opentelemetry-proto: collector/trace/v1, trace/v1, resource/v1, common/v1), straight from SpanData.
 * Resource and scope are encoded once. Not reentrant, never throws on a SpanData.
 */
export class OtlpEncoder {
  readonly #writer = new BackwardWriter();
  readonly #cache = new AttributeCache();
  /** `ResourceSpans.resource` as a field. */
  readonly #resource: Buffer;
  /** `ScopeSpans.scope` as a field. */
  readonly #scope: Buffer;

  constructor(resource: Resource, scope: string = SCOPE_NAME) {
    for (let index = resource.length - 1; index >= 0; index--) {
      const attribute = resource[index];
      if (attribute !== undefined) keyValue(this.#writer, FIELD.resourceAttributes, attribute.name, attribute.value);
    }
    prefix(this.#writer, FIELD.resource, 0);
    this.#resource = this.#writer.take();
    text(this.#writer, FIELD.scopeName, scope, MAX_NAME_BYTES);
    prefix(this.#writer, FIELD.scope, 0);
    this.#scope = this.#writer.take();
  }

  /** One span as an entry of `ScopeSpans.spans`, to be kept until `request` joins entries. */
  span(span: SpanData): Buffer {
    const writer = this.#writer;
    writer.reset();
    writer.fixed32((span.traceFlags & 0xff) | FLAG_HAS_IS_REMOTE | (span.parentIsRemote ? FLAG_IS_REMOTE : 0));
    writer.varint(FIELD.flags);
    if (span.status.code === 'ERROR') {
      const before = writer.length();
      writer.byte(STATUS_ERROR);
      writer.byte(FIELD.statusCode);
      if (span.status.message !== '') text(writer, FIELD.statusMessage, span.status.message, MAX_STRING_BYTES);
      prefix(writer, FIELD.status, before);
    }
    for (let index = span.links.length - 1; index >= 0; index--) {
      const link = span.links[index];
      if (link !== undefined) spanLink(writer, link);
    }
    if (span.droppedEvents > 0) {
      writer.varint(span.droppedEvents);
      writer.byte(FIELD.droppedEvents);
    }
    for (let index = span.events.length - 1; index >= 0; index--) {
      const event = span.events[index];
      if (event !== undefined) spanEvent(writer, event);
    }
    attributes(writer, span.attributes, FIELD.attributes, FIELD.droppedAttributes, this.#cache);
    writer.unixNano(span.endTime);
    writer.byte(FIELD.endTime);
    writer.unixNano(span.startTime);
    writer.byte(FIELD.startTime);
    writer.byte(SPAN_KIND[span.kind]);
    writer.byte(FIELD.kind);
    text(writer, FIELD.name, span.name, MAX_STRING_BYTES);
    if (span.parentSpanId !== undefined) id(writer, FIELD.parentSpanId, span.parentSpanId, 8);
    // Cutting a list of vendor entries would corrupt the last one: too long a state is left out whole.
    if (span.traceState !== undefined && span.traceState.length <= MAX_NAME_BYTES) {
      text(writer, FIELD.traceState, span.traceState, MAX_STRING_BYTES);
    }
    id(writer, FIELD.spanId, span.spanId, 8);
    id(writer, FIELD.traceId, span.traceId, 16);
    prefix(writer, FIELD.spans, 0);
    return writer.take();
  }

  /** One record as an entry of `ScopeLogs.log_records`. */
  logRecord({ time, body, attributes: all, trace }: LogData): Buffer {
    const writer = this.#writer;
    writer.reset();
    writer.unixNano(time);
    writer.byte(FIELD.logObservedTime);
    if (trace !== undefined) {
      id(writer, FIELD.logSpanId, trace.spanId, 8);
      id(writer, FIELD.logTraceId, trace.traceId, 16);
      writer.fixed32(trace.flags & 0xff);
      writer.byte(FIELD.logFlags);
    }
    attributes(writer, all, FIELD.logAttributes, FIELD.logDroppedAttributes);
    const before = writer.length();
    anyValue(writer, body);
    prefix(writer, FIELD.logBody, before);
    text(writer, FIELD.logSeverityText, SEVERITY_TEXT, MAX_NAME_BYTES);
    writer.byte(SEVERITY_INFO);
    writer.byte(FIELD.logSeverity);
    writer.unixNano(time);
    writer.byte(FIELD.logTime);
    prefix(writer, FIELD.logRecords, 0);
    return writer.take();
  }

  /** An `ExportTraceServiceRequest`, or `ExportLogsServiceRequest`, whose fields have the same numbers: of the entries, in order. */
  request(entries: readonly Uint8Array[]): Buffer {
    let size = this.#scope.length;
    for (const entry of entries) size += entry.length;
    const writer = this.#writer;
    writer.reset();
    writer.bytes(this.#scope);
    writer.varint(size);
    writer.byte(FIELD.scopeSpans);
    writer.bytes(this.#resource);
    const head = writer.length() - this.#scope.length;
    writer.varint(head + size);
    writer.byte(FIELD.resourceSpans);
    return Buffer.concat([writer.take(), ...entries]);
  }
}

function attributes(
  writer: BackwardWriter,
  all: readonly SpanAttribute[],
  field: number,
  dropped: number,
  cache?: AttributeCache,
): void {
  const kept = Math.min(all.length, MAX_ATTRIBUTES);
  if (kept < all.length) {
    writer.varint(all.length - kept);
    writer.byte(dropped);
  }
  for (let index = kept - 1; index >= 0; index--) {
    const attribute = all[index];
    if (attribute === undefined) continue;
    const [name, value] = attribute;
    if (cache === undefined || typeof value !== 'string') keyValue(writer, field, name, value);
    else cachedKeyValue(writer, field, name, value, cache);
  }
}

/** @param field always the same for one cache */
function cachedKeyValue(
  writer: BackwardWriter,
  field: number,
  name: string,
  value: string,
  cache: AttributeCache,
): void {
  const known = cache.get(name, value);
  if (known !== undefined) {
    writer.bytes(known);
    return;
  }
  const before = writer.length();
  keyValue(writer, field, name, value);
  if (cache.takes(name, value)) cache.put(name, value, writer.since(before));
}

function spanEvent(writer: BackwardWriter, event: SpanEvent): void {
  const before = writer.length();
  attributes(writer, event.attributes, FIELD.eventAttributes, FIELD.eventDroppedAttributes);
  text(writer, FIELD.eventName, event.name, MAX_NAME_BYTES);
  writer.unixNano(event.time);
  writer.byte(FIELD.eventTime);
  prefix(writer, FIELD.events, before);
}

function spanLink(writer: BackwardWriter, { traceId, spanId, flags, traceState }: SpanContext): void {
  const before = writer.length();
  // A link is to a span of another process.
  writer.fixed32((flags & 0xff) | FLAG_HAS_IS_REMOTE | FLAG_IS_REMOTE);
  writer.byte(FIELD.linkFlags);
  if (traceState !== undefined && traceState.length <= MAX_NAME_BYTES) {
    text(writer, FIELD.traceState, traceState, MAX_STRING_BYTES);
  }
  id(writer, FIELD.spanId, spanId, 8);
  id(writer, FIELD.traceId, traceId, 16);
  prefix(writer, FIELD.links, before);
}

function keyValue(writer: BackwardWriter, field: number, name: string, value: AttributeValue): void {
  const before = writer.length();
  anyValue(writer, value);
  prefix(writer, FIELD.value, before);
  text(writer, FIELD.key, name, MAX_NAME_BYTES);
  prefix(writer, field, before);
}

function anyValue(writer: BackwardWriter, value: AttributeValue): void {
  switch (typeof value) {
    case 'string':
      text(writer, FIELD.stringValue, value, MAX_STRING_BYTES);
      break;
    case 'bigint':
      writer.int64(value);
      writer.byte(FIELD.intValue);
      break;
    case 'boolean':
      writer.byte(value ? 1 : 0);
      writer.byte(FIELD.boolValue);
      break;
    case 'number':
      writer.double(value);
      writer.byte(FIELD.doubleValue);
      break;
  }
}

function text(writer: BackwardWriter, field: number, value: string, maxBytes: number): void {
  const before = writer.length();
  writer.string(value, maxBytes);
  prefix(writer, field, before);
}

function id(writer: BackwardWriter, field: number, digits: string, size: number): void {
  writer.hex(digits, size);
  writer.byte(size);
  writer.byte(field);
}

/** Length and tag in front of all that was written since `before`. */
function prefix(writer: BackwardWriter, field: number, before: number): void {
  writer.varint(writer.length() - before);
  writer.byte(field);
}

/** Tags: field number << 3 | wire type (0 varint, 1 64 bit, 2 length-delimited, 5 32 bit). */
const FIELD = {
  resourceSpans: (1 << 3) | 2,
  resource: (1 << 3) | 2,
  resourceAttributes: (1 << 3) | 2,
  scopeSpans: (2 << 3) | 2,
  scope: (1 << 3) | 2,
  scopeName: (1 << 3) | 2,
  spans: (2 << 3) | 2,
  traceId: (1 << 3) | 2,
  spanId: (2 << 3) | 2,
  traceState: (3 << 3) | 2,
  parentSpanId: (4 << 3) | 2,
  name: (5 << 3) | 2,
  kind: 6 << 3,
  startTime: (7 << 3) | 1,
  endTime: (8 << 3) | 1,
  attributes: (9 << 3) | 2,
  droppedAttributes: 10 << 3,
  events: (11 << 3) | 2,
  droppedEvents: 12 << 3,
  links: (13 << 3) | 2,
  logRecords: (2 << 3) | 2,
  logTime: (1 << 3) | 1,
  logSeverity: 2 << 3,
  logSeverityText: (3 << 3) | 2,
  logBody: (5 << 3) | 2,
  logAttributes: (6 << 3) | 2,
  logDroppedAttributes: 7 << 3,
  logFlags: (8 << 3) | 5,
  logTraceId: (9 << 3) | 2,
  logSpanId: (10 << 3) | 2,
  logObservedTime: (11 << 3) | 1,
  eventTime: (1 << 3) | 1,
  eventName: (2 << 3) | 2,
  eventAttributes: (3 << 3) | 2,
  eventDroppedAttributes: 4 << 3,
  linkFlags: (6 << 3) | 5,
  status: (15 << 3) | 2,
  flags: (16 << 3) | 5,
  statusMessage: (2 << 3) | 2,
  statusCode: 3 << 3,
  key: (1 << 3) | 2,
  value: (2 << 3) | 2,
  stringValue: (1 << 3) | 2,
  boolValue: 2 << 3,
  intValue: 3 << 3,
  doubleValue: (4 << 3) | 1,
} as const;

/** `SeverityNumber`. */
const SEVERITY_INFO = 9;
const SEVERITY_TEXT = 'INFO';
/** `Span.SpanKind`. */
const SPAN_KIND = { SERVER: 2, CLIENT: 3 } as const;
/** `Status.StatusCode`; UNSET is 0 and therefore absent. */
const STATUS_ERROR = 2;
/** `SpanFlags`: the parent's origin is known, and it is another process. */
const FLAG_HAS_IS_REMOTE = 0x100;
const FLAG_IS_REMOTE = 0x200;
