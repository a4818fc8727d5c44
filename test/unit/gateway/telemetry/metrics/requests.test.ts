import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { MAX_OPERATION_SERIES } from '../../../../../gateway/telemetry/metrics/operations.ts';
import { type MetricsFormat, negotiateFormat, renderMetrics } from '../../../../../gateway/telemetry/metrics/render.ts';
import { MAX_ADDED_VALUES, MAX_SERIES, RequestMetrics } from '../../../../../gateway/telemetry/metrics/requests.ts';
import type { NamedExpression } from '../../../../../gateway/telemetry/policy.ts';
import type { RequestRecord } from '../../../../../gateway/telemetry/record.ts';
import { compileCel } from '../../../../../lib/cel/compile.ts';
import { aCall, aRecord, aRequest, aTrace, someMcp } from '../../../../support/telemetry/record.ts';

const label = (name: string, expression: string): NamedExpression => ({ name, expression: compileCel(expression) });
const TEAM = [label('team', 'request.headers.team')];
const from = (team: unknown) => ({ request: { headers: { team } } });

const textOf = async (registry: Registry, format: MetricsFormat = 'text'): Promise<string> => {
  let text = '';
  for await (const piece of renderMetrics(registry, format).body) text += piece;
  return text;
};

const metrics = () => {
  const registry = new Registry();
  const requests = new RequestMetrics(registry, '0.1.0');
  return {
    count: (record: RequestRecord, labels: readonly NamedExpression[] = [], context = {}) =>
      requests.count(record, labels, context),
    text: () => textOf(registry),
    lines: async (name: string) => (await textOf(registry)).split('\n').filter((line) => line.startsWith(`${name}{`)),
    registry,
  };
};

/** From the seed post. */
const POST_LINE =
  'agentgateway_mcp_requests_total{method="tools/call",resource_type="tool",server="github-copilot",resource="get_me",bind="3000/agentgateway-system/mcp-gateway",gateway="agentgateway-system/mcp-gateway",listener="mcp",route="agentgateway-system/mcp-route",route_rule="unknown"} 1';

describe('text', () => {
  test("has the post's line, letter for letter", async () => {
    const { count, text } = metrics();
    count(aRecord());
    expect((await text()).split('\n')).toContain(POST_LINE);
  });

  test('is the classic format, with help and type of each metric', async () => {
    const { registry, text } = metrics();
    expect(renderMetrics(registry, 'text').contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await text()).toContain('# TYPE agentgateway_mcp_requests_total counter\n');
    expect(await text()).toContain('# TYPE agentgateway_request_duration_seconds histogram\n');
    expect(await text()).toContain('agentgateway_build_info{tag="0.1.0"} 1\n');
  });

  test('no value of a label forges a line or another label', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), async (team) => {
        const { count, lines } = metrics();
        count(aRecord(), TEAM, from(team));
        const printed = await lines('agentgateway_mcp_requests_total');
        expect(printed).toHaveLength(1);
        const value = /,team="((?:[^"\\\n]|\\["\\n])*)"\} 1$/.exec(printed[0] as string)?.[1];
        expect(value?.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))).toBe(team);
      }),
      { numRuns: 50 },
    );
  });
});

describe('what is counted', () => {
  test('equal labels add up', async () => {
    const { count, text } = metrics();
    for (let round = 0; round < 3; round++) count(aRecord());
    expect(await text()).toContain(POST_LINE.replace(/1$/, '3'));
  });

  test('only what a JSON-RPC method came with is an MCP request', async () => {
    const { count, lines } = metrics();
    count(aRecord({ mcp: undefined }));
    count(aRecord({ mcp: someMcp({ method: undefined }) }));
    expect(await lines('agentgateway_mcp_requests_total')).toEqual([]);
    expect(await lines('agentgateway_requests_total')).toHaveLength(1);
  });

  test.each<[string, Partial<RequestRecord>, string]>([
    ['a method that is not of MCP', { mcp: someMcp({ method: 'tools/call2' }) }, 'method="unknown"'],
    ['a tool that nobody listed', { mcp: someMcp({ nameKnown: false }) }, 'resource="unknown"'],
    ['a task id', { mcp: someMcp({ resourceType: 'task', name: 'task-1' }) }, 'resource="unknown"'],
    ['an inherited property of an object', { mcp: someMcp({ method: 'constructor' }) }, 'method="unknown"'],
  ])('%s is no label', async (_, difference, printed) => {
    const { count, lines } = metrics();
    count(aRecord(difference));
    expect((await lines('agentgateway_mcp_requests_total'))[0]).toContain(printed);
  });

  test('an answer that never began has no status', async () => {
    const { count, lines } = metrics();
    count(aRecord({ response: { status: 0, headers: {}, bytes: 0 } }));
    expect((await lines('agentgateway_requests_total'))[0]).toContain('status="unknown"');
  });

  test('the duration falls into its bucket and all above', async () => {
    const { count, lines, text } = metrics();
    count(aRecord({ startTime: 1000, endTime: 1250 }));
    const counts = (await lines('agentgateway_request_duration_seconds_bucket')).map((line) => [
      /,le="([^"]+)"/.exec(line)?.[1],
      Number(line.split(' ').at(-1)),
    ]);
    expect(counts).toEqual(
      [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 80, '+Inf'].map((le, index) => [
        String(le),
        index < 6 ? 0 : 1,
      ]),
    );
    expect(await text()).toMatch(/agentgateway_request_duration_seconds_sum\{.*\} 0\.25\n/);
  });

  test('a GET stream of MCP has no duration', async () => {
    const { count, lines } = metrics();
    count(aRecord({ request: aRequest({ method: 'GET' }), endTime: Number.MAX_SAFE_INTEGER }));
    expect(await lines('agentgateway_requests_total')).toHaveLength(1);
    expect(await lines('agentgateway_request_duration_seconds_count')).toEqual([]);
  });
});

describe('what clients make up', () => {
  const ROUNDS = 10_000;
  const seriesAfter = async (record: (round: number) => RequestRecord): Promise<Map<string, number>> => {
    const { count, registry } = metrics();
    count(aRecord());
    const before = await seriesOf(registry);
    for (let round = 0; round < ROUNDS; round++) count(record(round));
    const after = await seriesOf(registry);
    return new Map([...after].map(([name, series]) => [name, series - (before.get(name) ?? 0)]));
  };
  const seriesOf = async (registry: Registry): Promise<Map<string, number>> => {
    const lines = (await textOf(registry)).split('\n').filter((line) => /^[a-z_]+(_total|_count)\{/.test(line));
    return new Map(
      [...Map.groupBy(lines, (line) => line.slice(0, line.indexOf('{')))].map(([name, all]) => [name, all.length]),
    );
  };

  test.each<[string, (round: number) => Partial<RequestRecord>]>([
    ['tools', (round) => ({ mcp: someMcp({ name: `tool-${round}`, nameKnown: false }) })],
    ['methods', (round) => ({ mcp: someMcp({ method: `method/${round}` }) })],
    ['URIs', (round) => ({ mcp: someMcp({ resourceType: 'resource', name: `file:///${round}`, nameKnown: false }) })],
    ['revisions', (round) => ({ mcp: someMcp({ protocolVersion: `2026-${round}` }) })],
    ['sessions', (round) => ({ mcp: someMcp({ sessionId: `session-${round}` }) })],
    ['error codes', (round) => ({ mcp: someMcp({ errorCode: -round }) })],
    ['HTTP methods', (round) => ({ request: aRequest({ method: `METHOD${round}` }) })],
    ['hosts', (round) => ({ request: aRequest({ host: `${round}.example.com` }) })],
  ])('adds at most one value of a label: %s', async (_, difference) => {
    const added = await seriesAfter((round) => aRecord(difference(round)));
    // An error code is one more outcome: known ones, and all others together.
    for (const [name, series] of added)
      expect([name, series <= (name.startsWith('mcp_') ? 15 : 1)]).toEqual([name, true]);
    if (_ !== 'error codes') expect(Math.max(...added.values())).toBeLessThanOrEqual(1);
  });

  test('tools that a server lists are bounded too', async () => {
    const { count, lines, text } = metrics();
    for (let tool = 0; tool < MAX_OPERATION_SERIES + 100; tool++)
      count(aRecord({ mcp: someMcp({ name: `tool-${tool}` }) }));
    expect(await lines('mcp_server_operation_duration_seconds_count')).toHaveLength(MAX_OPERATION_SERIES + 1);
    expect(await text()).toContain('tooltrail_metric_label_overflows_total{label="gen_ai_tool_name"} 200\n');
  });
});

describe('OpenMetrics', () => {
  const trace = aTrace();

  test('names counters without their suffix, and ends', async () => {
    const { count, registry } = metrics();
    count(aRecord());
    const text = await textOf(registry, 'openmetrics');
    expect(text).toContain('# TYPE agentgateway_mcp_requests counter\n');
    expect(text.split('\n')).toContain(POST_LINE);
    expect(text.endsWith('\n# EOF\n')).toBe(true);
  });

  test('has the trace of the last request in each bucket, the caller’s and the call’s', async () => {
    const { count, registry } = metrics();
    count(
      aRecord({
        trace,
        startTime: 1_000,
        endTime: 1_250,
        upstreamCalls: [aCall({ startTime: 1_001, endTime: 1_041 })],
      }),
    );
    const exemplars = (await textOf(registry, 'openmetrics')).split('\n').filter((line) => line.includes(' # {'));
    const of = (name: string) =>
      exemplars.filter((line) => line.startsWith(name)).map((line) => line.replace(/\{.*?,(le="[^"]*")\}/, '{$1}'));
    expect(of('mcp_server_operation')).toEqual([
      `mcp_server_operation_duration_seconds_bucket{le="0.5"} 1 # {trace_id="${trace.traceId}",span_id="${trace.spanId}"} 0.25 1.250`,
    ]);
    expect(of('mcp_client_operation')).toEqual([
      `mcp_client_operation_duration_seconds_bucket{le="0.05"} 1 # {trace_id="${trace.traceId}",span_id="c0ffee0000000001"} 0.04 1.041`,
    ]);
    expect(await textOf(registry)).not.toContain('trace_id');
  });

  test('names no trace that nobody will find', async () => {
    const { count, registry } = metrics();
    count(aRecord({ trace: aTrace({ exported: false }) }));
    expect(await textOf(registry, 'openmetrics')).not.toContain('trace_id');
  });

  test.each([
    [undefined, 'text'],
    ['*/*', 'text'],
    ['text/plain;version=0.0.4', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    // As Prometheus asks.
    [
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
      'openmetrics',
    ],
    ['text/plain, application/openmetrics-text;q=0.5', 'text'],
    ['application/openmetrics-text;version=2.0.0, text/plain;q=0.1', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
  ])('Accept %s: %s', (accept, format) => {
    expect(negotiateFormat(accept)).toBe(format);
  });
});

test('a long page lets requests be served in between', async () => {
  const { count, registry } = metrics();
  for (let tool = 0; tool < 600; tool++) count(aRecord({ mcp: someMcp({ name: `tool-${tool}` }) }));
  let pieces = 0;
  let turns = 0;
  const tick = (): void => {
    turns++;
    timer = setImmediate(tick);
  };
  let timer = setImmediate(tick);
  for await (const piece of renderMetrics(registry, 'text').body) {
    pieces++;
    expect(piece.split('\n').length).toBeLessThanOrEqual(1_003);
  }
  clearImmediate(timer);
  expect(pieces).toBeGreaterThan(20);
  expect(turns).toBeGreaterThanOrEqual(pieces - 1);
});

describe('added labels', () => {
  test('listeners may differ in them', async () => {
    const { count, lines } = metrics();
    count(aRecord(), TEAM, from('payments'));
    count(aRecord());
    const printed = await lines('agentgateway_mcp_requests_total');
    expect(printed.map((line) => line.includes('team='))).toEqual([true, false]);
  });

  test('what is no text is unknown', async () => {
    const { count, lines } = metrics();
    for (const team of [7n, '', null, true]) count(aRecord(), TEAM, from(team));
    expect(await lines('agentgateway_mcp_requests_total')).toEqual([POST_LINE.replace('} 1', ',team="unknown"} 4')]);
  });

  test('have a bounded number of values; what comes later is counted as unknown', async () => {
    const { count, lines, text } = metrics();
    for (let client = 0; client < MAX_ADDED_VALUES + 50; client++) count(aRecord(), TEAM, from(`team-${client}`));
    const printed = await lines('agentgateway_mcp_requests_total');
    expect(printed).toHaveLength(MAX_ADDED_VALUES + 1);
    expect(printed.at(-1)).toContain('team="unknown"} 50');
    expect(await text()).toContain('tooltrail_metric_label_overflows_total{label="team"} 50\n');
  });

  test('have a bounded number of combinations', async () => {
    const { count, lines } = metrics();
    const two = [label('a', 'request.headers.a'), label('b', 'request.headers.b')];
    for (let a = 0; a < 50; a++) {
      for (let b = 0; b < 50; b++) {
        count(aRecord(), two, { request: { headers: { a: String(a), b: String(b) } } });
      }
    }
    const printed = await lines('agentgateway_requests_total');
    expect(printed).toHaveLength(MAX_SERIES + 1);
    expect(printed.at(-1)).toContain(`a="unknown",b="unknown"} ${50 * 50 - MAX_SERIES}`);
  });
});
