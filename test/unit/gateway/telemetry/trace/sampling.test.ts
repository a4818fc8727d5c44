import { describe, expect, test } from '@jest/globals';
import type { Sampling } from '../../../../../gateway/telemetry/policy.ts';
import { Sampler } from '../../../../../gateway/telemetry/trace/sampling.ts';
import { compileCel } from '../../../../../lib/cel/compile.ts';
import { aCollector, aTracingPolicy } from '../../../../support/otlp/spans.ts';
import { aRequest, countingRandom } from '../../../../support/telemetry/record.ts';

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

/** xorshift32: the same bytes in every run. */
const seededRandom = (seed = 42) => {
  let state = seed;
  return (size: number): Uint8Array =>
    Uint8Array.from({ length: size }, () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state >>> 8;
    });
};

const policy = (randomSampling: Sampling, clientSampling: Sampling = false) =>
  aTracingPolicy(aCollector({ port: 4317 }), { randomSampling, clientSampling });

const sample = (sampling: Sampling, request = aRequest()) =>
  new Sampler(countingRandom(), {}).sample(policy(sampling), request);

describe('decision', () => {
  test('a request with a trace context asks clientSampling, one without asks randomSampling', () => {
    const sampler = new Sampler(countingRandom(), {});
    const traced = aRequest({ headers: { traceparent: PARENT } });
    expect(sampler.sample(policy(false, true), traced)).toBeDefined();
    expect(sampler.sample(policy(false, true), aRequest())).toBeUndefined();
    expect(sampler.sample(policy(true, false), traced)).toBeUndefined();
    expect(sampler.sample(policy(true, false), aRequest())).toBeDefined();
  });

  test('a malformed context counts as none', () => {
    const request = aRequest({ headers: { traceparent: 'ff-00-00-00', tracestate: 'vendor=1' } });
    const trace = new Sampler(countingRandom(), {}).sample(policy(true), request);
    expect(trace).toMatchObject({ parentSpanId: undefined, flags: 1, traceState: undefined });
  });

  test.each([
    ['true', true],
    ['false', false],
    ['1', true],
    ['2.5', true],
    ['0', false],
    ['-1', false],
    ['0.0 / 0.0', false],
    ['"true"', false],
    ['null', false],
    ['jwt.sub == "alice"', false],
    ['response.code == 200', false],
    ['1 / 0', false],
    ['request.path.startsWith("/mcp") ? 1.0 : 0.0', true],
    ['request.headers["X-Debug"] == "1"', true],
    ['source.address == "10.224.0.62"', true],
  ])('%s is %s', (source, sampled) => {
    const request = aRequest({ headers: { 'x-debug': '1' } });
    expect(sample(compileCel(source), request) !== undefined).toBe(sampled);
  });

  test.each([0.01, 0.1, 0.5, 0.99])('a probability of %d is kept to within four standard deviations', (probability) => {
    const sampler = new Sampler(seededRandom(), {});
    const rounds = 20_000;
    let sampled = 0;
    for (let round = 0; round < rounds; round++) {
      if (sampler.sample(policy(probability), aRequest()) !== undefined) sampled++;
    }
    const deviation = Math.sqrt(rounds * probability * (1 - probability));
    expect(Math.abs(sampled - rounds * probability)).toBeLessThan(4 * deviation);
  });
});

describe('trace context', () => {
  test('a new trace has ids of its own and is sampled', () => {
    expect(sample(true)).toEqual({
      traceId: '0102030405060708090a0b0c0d0e0f10',
      spanId: '1112131415161718',
      parentSpanId: undefined,
      flags: 1,
      traceState: undefined,
      baggage: undefined,
      links: [],
      exported: true,
      keptIfFailed: false,
    });
  });

  test("the caller's trace is continued, with what came along", () => {
    const headers = { traceparent: PARENT, tracestate: 'vendor=1', baggage: ['a=1', 'b=2'] };
    expect(new Sampler(countingRandom(), {}).sample(policy(false, true), aRequest({ headers }))).toEqual({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      spanId: '0102030405060708',
      parentSpanId: '00f067aa0ba902b7',
      flags: 1,
      traceState: 'vendor=1',
      baggage: 'a=1,b=2',
      links: [],
      exported: true,
      keptIfFailed: false,
    });
  });

  test('a caller that does not record has ids, and nothing is exported', () => {
    const headers = { traceparent: PARENT.replace(/01$/, '00') };
    const trace = new Sampler(countingRandom(), {}).sample(policy(false, true), aRequest({ headers }));
    expect(trace).toMatchObject({ flags: 0, exported: false });
  });

  describe('from header fields and from the message', () => {
    const HEADER = { traceId: 'a'.repeat(32), spanId: 'a'.repeat(16), flags: 1, traceState: 'from=header' };
    const MESSAGE = { traceId: 'b'.repeat(32), spanId: 'b'.repeat(16), flags: 1, traceState: 'from=message' };
    const carrier = ({ traceId, spanId, traceState }: typeof HEADER) => ({
      traceparent: `00-${traceId}-${spanId}-01`,
      tracestate: traceState,
    });
    const NEW = '0102030405060708090a0b0c0d0e0f10';

    test.each([
      ['parent', 'neither', NEW, undefined, []],
      ['parent', 'header', HEADER.traceId, HEADER.spanId, []],
      ['parent', 'message', MESSAGE.traceId, MESSAGE.spanId, []],
      ['parent', 'both', MESSAGE.traceId, MESSAGE.spanId, [HEADER]],
      ['link', 'neither', NEW, undefined, []],
      ['link', 'header', NEW, undefined, [HEADER]],
      ['link', 'message', NEW, undefined, [MESSAGE]],
      ['link', 'both', NEW, undefined, [MESSAGE, HEADER]],
      ['ignore', 'neither', NEW, undefined, []],
      ['ignore', 'header', NEW, undefined, []],
      ['ignore', 'message', NEW, undefined, []],
      ['ignore', 'both', NEW, undefined, []],
    ] as const)('%s, %s sent', (mode, sent, traceId, parentSpanId, links) => {
      const headers = sent === 'header' || sent === 'both' ? carrier(HEADER) : {};
      const message = sent === 'message' || sent === 'both' ? carrier(MESSAGE) : {};
      const sampler = new Sampler(countingRandom(), {}, { traceContext: mode });
      const trace = sampler.sample(policy(true, true), aRequest({ headers }), message);
      const parent = [HEADER, MESSAGE].find(({ spanId }) => spanId === parentSpanId);
      expect(trace).toMatchObject({ traceId, parentSpanId, links, flags: 1, traceState: parent?.traceState });
    });

    test('the policy’s mode wins over the gateway’s', () => {
      const sampler = new Sampler(countingRandom(), {}, { traceContext: 'ignore' });
      const trace = sampler.sample(
        { ...policy(false, true), traceContext: 'link' },
        aRequest({ headers: carrier(HEADER) }),
      );
      expect(trace?.links).toEqual([HEADER]);
    });

    test('a caller that is ignored does not decide about sampling; one that is linked cannot switch it off', () => {
      const unsampled = aRequest({ headers: { traceparent: PARENT.replace(/01$/, '00') } });
      const sampled = (mode: 'link' | 'ignore', random: boolean, client: boolean) =>
        new Sampler(countingRandom(), {}, { traceContext: mode }).sample(policy(random, client), unsampled)?.exported;
      expect(sampled('ignore', true, false)).toBe(true);
      expect(sampled('ignore', false, true)).toBeUndefined();
      expect(sampled('link', false, true)).toBe(true);
    });

    test('the same span in both is one', () => {
      const trace = new Sampler(countingRandom(), {}).sample(
        policy(false, true),
        aRequest({ headers: carrier(HEADER) }),
        carrier(HEADER),
      );
      expect(trace).toMatchObject({ parentSpanId: HEADER.spanId, links: [] });
    });

    test('what no header field could hold is not passed on', () => {
      const message = { ...carrier(MESSAGE), tracestate: 'a=1\r\nx: y', baggage: 'é'.repeat(9_000) };
      const trace = new Sampler(countingRandom(), {}).sample(policy(false, true), aRequest(), message);
      expect(trace).toMatchObject({ parentSpanId: MESSAGE.spanId, traceState: undefined, baggage: undefined });
    });
  });

  test('what is not sampled has ids where failures are kept, and is not told upstream', () => {
    const sampler = new Sampler(countingRandom(), {}, { keepErrors: true });
    expect(sampler.sample(policy(false), aRequest())).toMatchObject({ flags: 0, exported: false, keptIfFailed: true });
    expect(sampler.sample(policy(true), aRequest())).toMatchObject({ flags: 1, exported: true, keptIfFailed: true });
    const unsampled = aRequest({ headers: { traceparent: PARENT.replace(/01$/, '00') } });
    expect(sampler.sample(policy(false, true), unsampled)).toMatchObject({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      exported: false,
      keptIfFailed: true,
    });
    expect(sampler.sample({ ...policy(false), keepErrors: false }, aRequest())).toBeUndefined();
  });

  test('ids are never all zero', () => {
    expect(new Sampler((size) => new Uint8Array(size), {}).newSpanId()).toBe('0000000000000001');
  });
});
