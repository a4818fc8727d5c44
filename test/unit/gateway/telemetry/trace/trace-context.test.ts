import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  extractSpan,
  formatTraceparent,
  injectTraceContext,
  type TraceContext,
} from '../../../../../gateway/telemetry/trace/trace-context.ts';
import { aTrace as anyTrace } from '../../../../support/telemetry/record.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

const aTrace = (overrides: Partial<TraceContext> = {}): TraceContext =>
  anyTrace({
    traceId: TRACE,
    spanId: 'b7ad6b7169203331',
    parentSpanId: SPAN,
    traceState: 'vendor=1',
    baggage: 'user=alice',
    ...overrides,
  });

describe('traceparent', () => {
  test.each([
    ['sampled', `00-${TRACE}-${SPAN}-01`, 1],
    ['not sampled', `00-${TRACE}-${SPAN}-00`, 0],
    ['flags of later levels', `00-${TRACE}-${SPAN}-03`, 3],
    ['optional white space (RFC 9110 §5.5)', ` 00-${TRACE}-${SPAN}-01 `, 1],
    ['a later version with more fields', `cc-${TRACE}-${SPAN}-01-what-the-future-brings`, 1],
  ])('is read: %s', (_, header, flags) => {
    expect(extractSpan({ traceparent: header })).toEqual({
      traceId: TRACE,
      spanId: SPAN,
      flags,
      traceState: undefined,
    });
  });

  test.each([
    ['absent', undefined],
    ['sent twice', [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`]],
    ['empty', ''],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['version 00 with more fields', `00-${TRACE}-${SPAN}-01-extra`],
    ['trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['long span id', `00-${TRACE}-${SPAN}0-01`],
    ['no flags', `00-${TRACE}-${SPAN}`],
    ['not hexadecimal', `00-${TRACE.replace('4', 'g')}-${SPAN}-01`],
    ['a second line', `00-${TRACE}-${SPAN}-01\n00-${TRACE}-${SPAN}-01`],
  ])('is ignored: %s', (_, header) => {
    expect(extractSpan({ traceparent: header })).toBeUndefined();
  });

  const hex = (length: number) =>
    fc
      .uint8Array({ minLength: length, maxLength: length })
      .filter((bytes) => bytes.some((byte) => byte > 0))
      .map((bytes) => Buffer.from(bytes).toString('hex'));

  test('what is written is read', () => {
    fc.assert(
      fc.property(hex(16), hex(8), fc.nat(255), (traceId, spanId, flags) => {
        const traceparent = formatTraceparent(aTrace({ traceId, flags }), spanId);
        expect(extractSpan({ traceparent })).toEqual({ traceId, spanId, flags, traceState: undefined });
      }),
    );
  });

  test('any text is either ignored or gives ids of the right form', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}.?$/)),
        (traceparent) => {
          const parsed = extractSpan({ traceparent });
          if (parsed === undefined) return;
          expect(parsed.traceId).toMatch(/^[0-9a-f]{32}$/);
          expect(parsed.spanId).toMatch(/^[0-9a-f]{16}$/);
        },
      ),
    );
  });
});

describe('upstream headers', () => {
  const old = ['Traceparent', `00-${TRACE}-${SPAN}-01`, 'tracestate', 'old=1', 'baggage', 'old=1'];
  const headers = ['Accept', '*/*', ...old, 'baggage', 'old=2'];

  test('carry the CLIENT span and what came with the trace', () => {
    expect(injectTraceContext(headers, aTrace(), 'c0ffee0000000001')).toEqual([
      ...['Accept', '*/*'],
      ...['traceparent', `00-${TRACE}-c0ffee0000000001-01`],
      ...['tracestate', 'vendor=1'],
      ...['baggage', 'user=alice'],
    ]);
  });

  test.each([
    ['not traced', undefined],
    ['not exported', aTrace({ exported: false })],
  ])('stay as the client sent them: %s', (_, trace) => {
    expect(injectTraceContext(headers, trace, 'c0ffee0000000001')).toBe(headers);
  });
});
