import { describe, expect, test } from '@jest/globals';
import definitions from '@opentelemetry/otlp-transformer/build/src/generated/root.js';
import * as fc from 'fast-check';
import { type DecodedAttribute, type DecodedSpan, decodeRequest } from '../../../../../gateway/demo/otlp-decode.ts';
import {
  MAX_ATTRIBUTES,
  MAX_NAME_BYTES,
  MAX_STRING_BYTES,
  OtlpEncoder,
} from '../../../../../gateway/telemetry/export/protobuf/encode.ts';
import type { LogData } from '../../../../../gateway/telemetry/log/log-record.ts';
import type { AttributeValue } from '../../../../../gateway/telemetry/policy.ts';
import type { Resource, SpanData } from '../../../../../gateway/telemetry/trace/span.ts';
import { aSpan } from '../../../../support/otlp/spans.ts';

interface LogDefinitions {
  readonly opentelemetry: {
    readonly proto: {
      readonly collector: {
        readonly logs: {
          readonly v1: {
            readonly ExportLogsServiceRequest: {
              decode(bytes: Uint8Array): object;
              toObject(message: object, options: object): unknown;
            };
          };
        };
      };
    };
  };
}

const decode = (spans: readonly SpanData[], resource: Resource = []): DecodedSpan[] => {
  const encoder = new OtlpEncoder(resource);
  return decodeRequest(encoder.request(spans.map((span) => encoder.span(span))));
};
const decodeOne = (span: Partial<SpanData>): DecodedSpan => decode([aSpan(span)])[0]!;
const decodeValue = (value: AttributeValue): DecodedAttribute =>
  decodeOne({ attributes: [['a', value]] }).attributes[0]!;

const TYPES = { string: 'stringValue', bigint: 'intValue', number: 'doubleValue', boolean: 'boolValue' } as const;
const expected = ([name, value]: readonly [string, AttributeValue]): DecodedAttribute => ({
  name: name.toWellFormed(),
  type: TYPES[typeof value as keyof typeof TYPES],
  value: typeof value === 'string' ? value.toWellFormed() : value,
});
const nanoseconds = (ms: number): bigint =>
  BigInt(Math.floor(ms)) * 1_000_000n + BigInt(Math.round((ms - Math.floor(ms)) * 1e6));

const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\ud83d', '\ude00', 'é', 'a') }),
);
const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  text,
  fc.boolean(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const attribute = fc.tuple(text, value);
const time = fc.double({ min: 0, max: 4_102_444_800_000, noNaN: true });
const span: fc.Arbitrary<SpanData> = fc.record({
  traceId: hex(32),
  spanId: hex(16),
  parentSpanId: fc.option(hex(16), { nil: undefined }),
  parentIsRemote: fc.boolean(),
  traceState: fc.option(fc.constant('vendor=value,other=1'), { nil: undefined }),
  traceFlags: fc.integer({ min: 0, max: 255 }),
  name: text,
  kind: fc.constantFrom('SERVER' as const, 'CLIENT' as const),
  startTime: time,
  endTime: time,
  attributes: fc.array(attribute, { maxLength: 40 }),
  events: fc.array(fc.record({ name: text, time, attributes: fc.array(attribute, { maxLength: 4 }) }), {
    maxLength: 4,
  }),
  droppedEvents: fc.nat(),
  links: fc.array(
    fc.record({
      traceId: hex(32),
      spanId: hex(16),
      flags: fc.integer({ min: 0, max: 255 }),
      traceState: fc.option(fc.constant('vendor=value'), { nil: undefined }),
    }),
    { maxLength: 3 },
  ),
  status: fc.oneof(
    fc.constant({ code: 'UNSET' as const }),
    fc.record({ code: fc.constant('ERROR' as const), message: text }),
  ),
});

describe('OTLP bytes, read with the OpenTelemetry definitions', () => {
  test('say what the spans said', () => {
    const resources = fc.array(fc.record({ name: text, value }), { maxLength: 5 });
    fc.assert(
      fc.property(fc.array(span, { maxLength: 5 }), resources, (spans, resource) => {
        expect(decode(spans, resource)).toEqual(
          spans.map((each) => ({
            resource: resource.map((entry) => expected([entry.name, entry.value])),
            scope: { name: 'agentgateway', version: '' },
            traceId: each.traceId,
            spanId: each.spanId,
            parentSpanId: each.parentSpanId ?? '',
            traceState: each.traceState ?? '',
            flags: each.traceFlags | 0x100 | (each.parentIsRemote ? 0x200 : 0),
            name: each.name.toWellFormed(),
            kind: each.kind,
            startTimeUnixNano: nanoseconds(each.startTime),
            endTimeUnixNano: nanoseconds(each.endTime),
            attributes: each.attributes.map(expected),
            droppedAttributesCount: 0,
            events: each.events.map((event) => ({
              name: event.name.toWellFormed(),
              timeUnixNano: nanoseconds(event.time),
              attributes: event.attributes.map(expected),
            })),
            droppedEventsCount: each.droppedEvents,
            links: each.links.map(({ traceId, spanId, flags, traceState }) => ({
              traceId,
              spanId,
              traceState: traceState ?? '',
              flags: flags | 0x300,
            })),
            status: {
              code: each.status.code,
              message: each.status.code === 'ERROR' ? each.status.message.toWellFormed() : '',
            },
          })),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('keep times exact: whole milliseconds to the nanosecond, fractions to what a double holds', () => {
    const decoded = decodeOne({ startTime: 1_732_364_512_345, endTime: 1_732_364_512_561.5 });
    expect(decoded.startTimeUnixNano).toBe(1_732_364_512_345_000_000n);
    expect(decoded.endTimeUnixNano).toBe(1_732_364_512_561_500_000n);
  });

  test.each([Number.NaN, -1, Number.NEGATIVE_INFINITY])('write a time that is none (%p) as 0', (startTime) => {
    expect(decodeOne({ startTime }).startTimeUnixNano).toBe(0n);
  });

  test('stay within 64 bits at the end of time', () => {
    expect(decodeOne({ endTime: Number.POSITIVE_INFINITY }).endTimeUnixNano).toBe(18_446_744_073_708_000_000n);
  });

  test.each([0n, -1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)])('carry the int64 %s', (integer) => {
    expect(decodeValue(integer)).toEqual({ name: 'a', type: 'intValue', value: integer });
  });

  test('clamp integers beyond int64', () => {
    expect(decodeValue(2n ** 64n).value).toBe(2n ** 63n - 1n);
    expect(decodeValue(-(2n ** 64n)).value).toBe(-(2n ** 63n));
  });

  test('tell false, 0 and the empty string from nothing', () => {
    expect([false, 0, 0n, ''].map((each) => decodeValue(each))).toEqual([
      { name: 'a', type: 'boolValue', value: false },
      { name: 'a', type: 'doubleValue', value: 0 },
      { name: 'a', type: 'intValue', value: 0n },
      { name: 'a', type: 'stringValue', value: '' },
    ]);
  });
});

describe('log records', () => {
  // The OpenTelemetry project's definitions of logs.
  const { ExportLogsServiceRequest } = (definitions as unknown as LogDefinitions).opentelemetry.proto.collector.logs.v1;
  const decodeLogs = (records: readonly LogData[], resource: Resource = []) => {
    const encoder = new OtlpEncoder(resource, 'agentgateway.access');
    const bytes = encoder.request(records.map((record) => encoder.logRecord(record)));
    const options = { longs: String, bytes: String, enums: String };
    return ExportLogsServiceRequest.toObject(ExportLogsServiceRequest.decode(bytes), options);
  };
  const record: LogData = {
    time: 1_732_364_512_345.25,
    body: 'request',
    attributes: [
      ['http.method', 'POST'],
      ['http.status', 200n],
    ],
    trace: { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', flags: 1 },
  };
  const base64 = (hexDigits: string): string => Buffer.from(hexDigits, 'hex').toString('base64');

  test('say what happened, when, and in which span', () => {
    expect(decodeLogs([record], [{ name: 'service.name', value: 'gateway' }])).toEqual({
      resourceLogs: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'gateway' } }] },
          scopeLogs: [
            {
              scope: { name: 'agentgateway.access' },
              logRecords: [
                {
                  timeUnixNano: '1732364512345250000',
                  observedTimeUnixNano: '1732364512345250000',
                  severityNumber: 'SEVERITY_NUMBER_INFO',
                  severityText: 'INFO',
                  body: { stringValue: 'request' },
                  attributes: [
                    { key: 'http.method', value: { stringValue: 'POST' } },
                    { key: 'http.status', value: { intValue: '200' } },
                  ],
                  flags: 1,
                  traceId: base64('4bf92f3577b34da6a3ce929d0e0e4736'),
                  spanId: base64('00f067aa0ba902b7'),
                },
              ],
            },
          ],
        },
      ],
    });
  });

  test('have no ids outside of a trace', () => {
    const text = JSON.stringify(decodeLogs([{ ...record, trace: undefined }]));
    expect(text).not.toMatch(/traceId|spanId|flags/);
  });
});

describe('bounds', () => {
  test.each([
    ['ASCII', 'x', MAX_STRING_BYTES],
    ['two bytes', 'é', MAX_STRING_BYTES / 2],
    ['three bytes', '語', Math.floor(MAX_STRING_BYTES / 3)],
    ['surrogate pairs', '😀', MAX_STRING_BYTES / 4],
  ])('a value of %s characters is cut between characters', (_, character, kept) => {
    const long = character.repeat(MAX_STRING_BYTES + 1);
    expect(decodeValue(long).value).toBe(character.repeat(kept));
    expect(decodeValue(`x${long}`).value).toMatch(/^x[^\ufffd]*$/u);
  });

  test('a value of exactly the limit is kept', () => {
    const exact = 'x'.repeat(MAX_STRING_BYTES);
    expect(decodeValue(exact).value).toBe(exact);
  });

  test('names, status messages and attribute names are cut too, a long trace state is left out', () => {
    const long = 'n'.repeat(MAX_STRING_BYTES * 4);
    const decoded = decodeOne({
      name: long,
      traceState: long,
      attributes: [[long, true]],
      status: { code: 'ERROR', message: long },
    });
    expect(decoded.name).toHaveLength(MAX_STRING_BYTES);
    expect(decoded.status.message).toHaveLength(MAX_STRING_BYTES);
    expect(decoded.attributes[0]?.name).toHaveLength(MAX_NAME_BYTES);
    expect(decoded.traceState).toBe('');
  });

  test('the first 128 attributes are kept, the others counted', () => {
    const attributes = Array.from({ length: 300 }, (_, index): [string, bigint] => [`a${index}`, BigInt(index)]);
    const decoded = decodeOne({ attributes });
    expect(decoded.attributes.map(({ name }) => name)).toEqual(
      attributes.slice(0, MAX_ATTRIBUTES).map(([name]) => name),
    );
    expect(decoded.droppedAttributesCount).toBe(172);
  });

  test('an id that is no hex is zero, never bytes of another span', () => {
    expect(decode([aSpan({}), aSpan({ traceId: 'zz', spanId: '' })])[1]).toMatchObject({
      traceId: '0'.repeat(32),
      spanId: '0'.repeat(16),
    });
  });
});
