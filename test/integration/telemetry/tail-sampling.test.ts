import { beforeAll, describe, expect, test } from '@jest/globals';
import type { DecodedSpan } from '../../../gateway/demo/otlp-decode.ts';
import { startOtlpReceiver } from '../../../gateway/demo/otlp-receiver.ts';
import { Exporters } from '../../../gateway/telemetry/export/registry.ts';
import { TRACES } from '../../../gateway/telemetry/export/signal.ts';
import type { RequestRecord } from '../../../gateway/telemetry/record.ts';
import { buildSpans } from '../../../gateway/telemetry/trace/spans.ts';
import { eventually } from '../../support/acceptance/eventually.ts';
import { closingAfterAll } from '../../support/closing.ts';
import { aCollector, aTracingPolicy, countingClock, until } from '../../support/otlp/spans.ts';
import { startCollector, sumOf } from '../../support/stack/collector.ts';
import { aCall, aRecord, aTrace, someMcp } from '../../support/telemetry/record.ts';

/** Ten thousand calls, as the gateway tells of them, through the tail sampler that the construct configures. */
const CALLS = 10_000;
const CHUNK = 500;
const PERCENTAGE = 10;
/** Of a normal distribution, one run in two million is further off. */
const SIGMAS = 5;
const START = 1_772_000_000_000;

const error = (type: string) => ({ error: { type, message: 'refused' } });

/** How one call in a hundred ends, each. */
const KEPT: Readonly<Record<string, Partial<RequestRecord>>> = {
  'a tool that reports an error': { mcp: someMcp({ toolError: true }) },
  'a JSON-RPC error': { mcp: someMcp({ errorCode: -32603 }) },
  'a tool that does not exist': { mcp: someMcp({ errorCode: -32602 }) },
  'an upstream that cannot be reached': {
    ...error('upstream_unreachable'),
    upstreamCalls: [aCall({ status: 0, ...error('upstream_unreachable') })],
  },
  'a call that is forbidden': { ...error('forbidden'), upstreamCalls: [], reason: 'Authorization' },
  'a call too many': { ...error('rate_limited'), upstreamCalls: [], reason: 'RateLimit' },
  'a slow call': { endTime: START + 2_001, upstreamCalls: [aCall({ endTime: START + 2_000 })] },
};
const SAMPLED: Readonly<Record<string, Partial<RequestRecord>>> = {
  'a call that is almost slow': { endTime: START + 1_999, upstreamCalls: [aCall({ endTime: START + 1_998 })] },
  'an event stream that was open for a minute': {
    endTime: START + 60_000,
    mcp: someMcp({ method: undefined, resourceType: undefined, name: undefined }),
    upstreamCalls: [aCall({ operation: 'GET', endTime: START + 60_000 })],
  },
};
const kinds = Object.entries({ ...KEPT, ...SAMPLED });

const traceIdOf = (call: number): string =>
  // Spread as random ones are, and the same in each run.
  [...Array(4).keys()]
    .map((part) => (Math.imul(call * 4 + part + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0'))
    .join('');
const spanIdOf = (call: number, side: number): string => (call * 2 + side + 1).toString(16).padStart(16, '0');

const kindOf = (call: number): readonly [string, Partial<RequestRecord>] => kinds[call % 100] ?? ['a call', {}];

const policy = (port: number) => aTracingPolicy(aCollector({ port }));

const spansOf = (call: number, port: number) => {
  const [, kind] = kindOf(call);
  const record = aRecord({ startTime: START, endTime: START + 216, ...kind });
  const trace = aTrace({ traceId: traceIdOf(call), spanId: spanIdOf(call, 0) });
  const upstreamCalls = record.upstreamCalls.map((each) => ({ ...each, startTime: START, spanId: spanIdOf(call, 1) }));
  return buildSpans({ ...record, trace, upstreamCalls }, trace, policy(port), {});
};

const keep = closingAfterAll();
let kept: ReadonlyMap<string, readonly DecodedSpan[]>;
let metrics: string;

beforeAll(async () => {
  const tempo = keep(await startOtlpReceiver({ protocol: 'grpc' }), (receiver) => receiver.close());
  const tailSampling = { percentage: PERCENTAGE, decisionWait: '3s' };
  const location = { tempoPort: tempo.port };
  const collector = keep(await startCollector({ tailSampling, debug: 'basic' }, location), (each) => each.stop());
  const exporters = new Exporters({ signal: TRACES, clock: countingClock(), log: () => {}, batch: { delay: 5 } });
  keep(exporters, (each) => each.shutdown(1_000));
  const target = policy(collector.grpcPort);
  for (let call = 0; call < CALLS; call += CHUNK) {
    for (let each = call; each < call + CHUNK; each++) {
      exporters.sink(target).export(spansOf(each, collector.grpcPort));
    }
    await until(() => exporters.stats()[0]?.queued === 0, 20_000);
  }
  expect(exporters.stats()[0]).toMatchObject({ dropped: { queue_full: 0, rejected: 0, unreachable: 0 } });
  const decided = 'otelcol_processor_tail_sampling_global_count_traces_sampled';
  metrics = await eventually(
    'all decisions',
    async () => {
      const text = await collector.metrics();
      return sumOf(text, decided) === CALLS ? text : undefined;
    },
    30_000,
  );
  const sampled = sumOf(metrics, decided, 'sampled="true"');
  await eventually('all traces', () => new Set(tempo.spans().map((span) => span.traceId)).size >= sampled || undefined);
  kept = Map.groupBy(tempo.spans(), ({ traceId }) => traceId);
}, 120_000);

const callsOf = (name: string): readonly number[] =>
  [...Array(CALLS).keys()].filter((call) => kindOf(call)[0] === name);

describe('of 10,000 calls, the tail sampler', () => {
  test.each(Object.keys(KEPT))('keeps all of: %s', (name) => {
    const calls = callsOf(name);
    expect(calls).toHaveLength(CALLS / 100);
    expect(calls.filter((call) => !kept.has(traceIdOf(call)))).toEqual([]);
  });

  test(`keeps ${PERCENTAGE} % of the others`, () => {
    const others = ['a call', ...Object.keys(SAMPLED)].flatMap(callsOf);
    const share = PERCENTAGE / 100;
    const deviation = Math.sqrt(others.length * share * (1 - share));
    const found = others.filter((call) => kept.has(traceIdOf(call))).length;
    expect(others.length).toBe(CALLS - (Object.keys(KEPT).length * CALLS) / 100);
    expect(Math.abs(found - others.length * share)).toBeLessThan(SIGMAS * deviation);
  });

  test('takes no long event stream for a slow call', () => {
    const streams = callsOf('an event stream that was open for a minute');
    expect(streams.filter((call) => kept.has(traceIdOf(call))).length).toBeLessThan(streams.length / 2);
  });

  test('keeps whole traces', () => {
    const whole = [...Array(CALLS).keys()].flatMap((call) => {
      const spans = kept.get(traceIdOf(call));
      return spans === undefined ? [] : [spans.length === spansOf(call, 0).length];
    });
    expect(whole.length).toBe(kept.size);
    expect(whole).not.toContain(false);
  });

  test('forgets no trace before its time', () => {
    expect(sumOf(metrics, 'otelcol_processor_tail_sampling_sampling_trace_dropped_too_early')).toBe(0);
  });
});
