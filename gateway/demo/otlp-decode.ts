import definitions from '@opentelemetry/otlp-transformer/build/src/generated/root.js';

/** A span as a receiver understood it: decoded with the OpenTelemetry project's own protobuf definitions, not with ours. */
export interface DecodedSpan {
  readonly resource: readonly DecodedAttribute[];
  readonly scope: { readonly name: string; readonly version: string };
  /** Lower-case hex; `parentSpanId` is empty for a root. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  /** `SERVER`, `CLIENT`, … */
  readonly kind: string;
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
  /** In the order of the bytes. */
  readonly attributes: readonly DecodedAttribute[];
  readonly droppedAttributesCount: number;
  readonly events: readonly DecodedEvent[];
  readonly droppedEventsCount: number;
  readonly links: readonly DecodedLink[];
  readonly status: { readonly code: 'UNSET' | 'OK' | 'ERROR'; readonly message: string };
}

export interface DecodedEvent {
  readonly name: string;
  readonly timeUnixNano: bigint;
  readonly attributes: readonly DecodedAttribute[];
}

export interface DecodedLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly flags: number;
}

export interface DecodedAttribute {
  readonly name: string;
  /** Which member of `AnyValue` is set; `none` for an empty one. */
  readonly type: 'stringValue' | 'intValue' | 'doubleValue' | 'boolValue' | 'none';
  readonly value: string | bigint | number | boolean | undefined;
}

/** All spans of an `ExportTraceServiceRequest`, in order. Throws on bytes that are none. */
export function decodeRequest(bytes: Uint8Array): DecodedSpan[] {
  const request = proto.collector.trace.v1.ExportTraceServiceRequest.decode(bytes);
  return request.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        resource: (resource?.attributes ?? []).map(attribute),
        scope: { name: scope?.name ?? '', version: scope?.version ?? '' },
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId),
        traceState: span.traceState ?? '',
        flags: span.flags ?? 0,
        name: span.name ?? '',
        kind: enumName(proto.trace.v1.Span.SpanKind, span.kind, 'SPAN_KIND_'),
        startTimeUnixNano: integer(span.startTimeUnixNano),
        endTimeUnixNano: integer(span.endTimeUnixNano),
        attributes: span.attributes.map(attribute),
        droppedAttributesCount: span.droppedAttributesCount ?? 0,
        events: span.events.map((event) => ({
          name: event.name ?? '',
          timeUnixNano: integer(event.timeUnixNano),
          attributes: event.attributes.map(attribute),
        })),
        droppedEventsCount: span.droppedEventsCount ?? 0,
        links: span.links.map((link) => ({
          traceId: hex(link.traceId),
          spanId: hex(link.spanId),
          traceState: link.traceState ?? '',
          flags: link.flags ?? 0,
        })),
        status: {
          code: STATUS_CODES[span.status?.code ?? 0] ?? 'UNSET',
          message: span.status?.message ?? '',
        },
      })),
    ),
  );
}

/** `ExportTraceServiceResponse`: `partial_success` only when spans were refused. */
export function encodeResponse(rejectedSpans: number, errorMessage: string): Uint8Array {
  const partialSuccess = rejectedSpans > 0 ? { partialSuccess: { rejectedSpans, errorMessage } } : {};
  return proto.collector.trace.v1.ExportTraceServiceResponse.encode(partialSuccess).finish();
}

const STATUS_CODES = ['UNSET', 'OK', 'ERROR'] as const;

/** protobufjs' integers of 64 bits: an object with the digits as its string, or a plain number. */
type Int64 = { toString(): string };

interface RawKeyValue {
  readonly key?: string | null;
  readonly value?: {
    readonly stringValue?: string | null;
    readonly intValue?: Int64 | null;
    readonly doubleValue?: number | null;
    readonly boolValue?: boolean | null;
  } | null;
}

interface RawSpan {
  readonly traceId?: Uint8Array | null;
  readonly spanId?: Uint8Array | null;
  readonly parentSpanId?: Uint8Array | null;
  readonly traceState?: string | null;
  readonly flags?: number | null;
  readonly name?: string | null;
  readonly kind?: number | null;
  readonly startTimeUnixNano?: Int64 | null;
  readonly endTimeUnixNano?: Int64 | null;
  readonly attributes: readonly RawKeyValue[];
  readonly droppedAttributesCount?: number | null;
  readonly events: readonly {
    readonly name?: string | null;
    readonly timeUnixNano?: Int64 | null;
    readonly attributes: readonly RawKeyValue[];
  }[];
  readonly droppedEventsCount?: number | null;
  readonly links: readonly {
    readonly traceId?: Uint8Array | null;
    readonly spanId?: Uint8Array | null;
    readonly traceState?: string | null;
    readonly flags?: number | null;
  }[];
  readonly status?: { readonly code?: number | null; readonly message?: string | null } | null;
}

/** The part of the compiled definitions that is used; the package types them as a bare protobufjs root. */
interface Definitions {
  readonly collector: {
    readonly trace: {
      readonly v1: {
        readonly ExportTraceServiceRequest: { decode(bytes: Uint8Array): RawRequest };
        readonly ExportTraceServiceResponse: { encode(message: object): { finish(): Uint8Array } };
      };
    };
  };
  readonly trace: { readonly v1: { readonly Span: { readonly SpanKind: Readonly<Record<string, number>> } } };
}

interface RawRequest {
  readonly resourceSpans: readonly {
    readonly resource?: { readonly attributes: readonly RawKeyValue[] } | null;
    readonly scopeSpans: readonly {
      readonly scope?: { readonly name?: string | null; readonly version?: string | null } | null;
      readonly spans: readonly RawSpan[];
    }[];
  }[];
}

const proto = (definitions as unknown as { readonly opentelemetry: { readonly proto: Definitions } }).opentelemetry
  .proto;

const hex = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('hex');

const integer = (value: Int64 | null | undefined): bigint => BigInt(value?.toString() ?? '0');

const enumName = (values: Readonly<Record<string, number>>, value: number | null | undefined, prefix: string): string =>
  (Object.entries(values).find(([, number]) => number === (value ?? 0))?.[0] ?? 'UNKNOWN').replace(prefix, '');

function attribute({ key, value }: RawKeyValue): DecodedAttribute {
  const name = key ?? '';
  // protobufjs keeps defaults on the prototype: only what was in the bytes is the message's own.
  const has = (type: DecodedAttribute['type']): boolean => value != null && Object.hasOwn(value, type);
  if (has('stringValue')) return { name, type: 'stringValue', value: value?.stringValue ?? '' };
  if (has('intValue')) return { name, type: 'intValue', value: integer(value?.intValue) };
  if (has('doubleValue')) return { name, type: 'doubleValue', value: value?.doubleValue ?? 0 };
  if (has('boolValue')) return { name, type: 'boolValue', value: value?.boolValue ?? false };
  return { name, type: 'none', value: undefined };
}
