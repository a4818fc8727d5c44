import { beforeAll, describe, expect, test } from '@jest/globals';
import { type OtlpReceiver, startOtlpReceiver } from '../../../gateway/demo/otlp-receiver.ts';
import { eventually } from '../../support/acceptance/eventually.ts';
import { closingAfterAll } from '../../support/closing.ts';
import { type CollectorProcess, startCollector, sumOf } from '../../support/stack/collector.ts';
import { COLLECTOR } from '../../support/stack/configs.ts';

/** Both tiers as they are written, but for how the first chooses among samplers: there is one here. */
const OPTIONS = {
  replicas: 2,
  debug: 'detailed',
  redaction: {},
  tailSampling: { percentage: 0, decisionWait: '1s' },
} as const;
const CANARY = 'github_pat_Zm9vYmFyYmF6cXV4Zm9vYmFy';
const FAILED = '5b8efff798038103d269b633813fc60c';
const FINE = '6b8efff798038103d269b633813fc60d';
const ERROR = 2;

const attributes = [{ key: 'note', value: { stringValue: `the token is ${CANARY}` } }];
const span = (traceId: string, code: number) => ({
  traceId,
  spanId: 'eee19b7ec3c1b174',
  name: 'call',
  kind: 2,
  startTimeUnixNano: '1772000000000000000',
  endTimeUnixNano: '1772000000216000000',
  attributes,
  status: { code },
});
const TRACES = { resourceSpans: [{ scopeSpans: [{ spans: [span(FAILED, ERROR), span(FINE, 0)] }] }] };
const LOGS = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: 'a line' }, attributes }] }] }] };

const keep = closingAfterAll();
let tempo: OtlpReceiver;
let first: CollectorProcess;
let second: CollectorProcess;

const send = async (path: string, body: object): Promise<number> => {
  const headers = { 'content-type': 'application/json' };
  const url = `http://127.0.0.1:${first.httpPort}${path}`;
  return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status;
};

beforeAll(async () => {
  tempo = keep(await startOtlpReceiver({ protocol: 'grpc' }), (receiver) => receiver.close());
  const location = { tempoPort: tempo.port };
  second = keep(await startCollector(OPTIONS, { ...location, tier: `${COLLECTOR}-sampler` }), (each) => each.stop());
  first = keep(await startCollector(OPTIONS, { ...location, samplerPort: second.grpcPort }), (each) => each.stop());
  expect([await send('/v1/traces', TRACES), await send('/v1/logs', LOGS)]).toEqual([200, 200]);
  await tempo.waitFor((spans) => spans.length > 0, 20_000);
}, 60_000);

describe('two tiers', () => {
  test('keep what failed, by the decision of the second', async () => {
    const decided = async () =>
      sumOf(await second.metrics(), 'otelcol_processor_tail_sampling_global_count_traces_sampled');
    await eventually('both decisions', async () => (await decided()) === 2 || undefined);
    expect(tempo.spans().map(({ traceId }) => traceId)).toEqual([FAILED]);
  });

  test('mask in the first what the second shall not see', () => {
    expect(String(tempo.spans()[0]?.attributes.find(({ name }) => name === 'note')?.value)).toBe('the token is ****');
    for (const { log } of [first, second]) expect(log()).not.toContain(CANARY);
  });

  test('print spans in the second, where they are kept, and log records in the first', async () => {
    await eventually('the log record', () => first.log().includes('a line') || undefined);
    await eventually('the span', () => second.log().includes(FAILED) || undefined);
    expect(first.log()).not.toContain(FAILED);
    expect(second.log()).not.toContain('a line');
    expect(second.log()).not.toContain(FINE);
  });
});
