import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import type { AgentSpan } from '../../../../gateway/demo/agent.ts';
import { freePort, isFree } from '../../../../gateway/demo/everything.ts';
import type { DecodedSpan } from '../../../../gateway/demo/otlp-decode.ts';
import { printTrail } from '../../../../gateway/demo/print.ts';
import { type Evidence, findTrail, missing } from '../../../../gateway/demo/trail.ts';

const AGENT: AgentSpan = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };

const span = (fields: Partial<DecodedSpan>): DecodedSpan => ({
  resource: [],
  scope: { name: 'agentgateway', version: '' },
  traceId: AGENT.traceId,
  spanId: '1'.repeat(16),
  parentSpanId: AGENT.spanId,
  traceState: '',
  flags: 1,
  name: 'POST /mcp/*',
  kind: 'SERVER',
  startTimeUnixNano: 0n,
  endTimeUnixNano: 12_300_000n,
  attributes: [{ name: 'mcp.tool_name', type: 'stringValue', value: 'echo' }],
  droppedAttributesCount: 0,
  events: [],
  droppedEventsCount: 0,
  links: [],
  status: { code: 'UNSET', message: '' },
  ...fields,
});

const SERVER = span({});
const CLIENT = span({ kind: 'CLIENT', name: 'tools/call echo', spanId: '2'.repeat(16), parentSpanId: SERVER.spanId });
const METRIC = 'agentgateway_mcp_requests_total{method="tools/call",resource="echo"} 1';
const LOG = `request span.id=${SERVER.spanId} mcp.tool_name="echo"`;
const COMPLETE: Evidence = { metrics: `# HELP x\n${METRIC}\n`, spans: [SERVER, CLIENT], log: ['started', LOG] };

const gaps = (evidence: Evidence): readonly string[] => missing(findTrail(evidence, AGENT, 'echo'), AGENT);

describe('the trail of a tool call', () => {
  test('is metric, SERVER span, CLIENT span and log line', () => {
    expect(findTrail(COMPLETE, AGENT, 'echo')).toEqual({ metric: METRIC, server: SERVER, client: CLIENT, log: LOG });
    expect(gaps(COMPLETE)).toEqual([]);
  });

  test.each<[string, Partial<Evidence>, readonly string[]]>([
    ['another tool’s metric', { metrics: METRIC.replace('echo', 'add') }, ['the metric line']],
    ['a log without the span', { log: ['started'] }, ['the access-log line']],
    ['no upstream call', { spans: [SERVER] }, ['the CLIENT span below the SERVER span']],
    [
      'a trace that begins at the gateway',
      { spans: [span({ parentSpanId: '' }), CLIENT] },
      ["the SERVER span below the agent's", 'the CLIENT span below the SERVER span', 'the access-log line'],
    ],
    [
      'a trace that breaks at the upstream',
      { spans: [SERVER, { ...CLIENT, traceId: 'c'.repeat(32) }] },
      ["one trace id from the agent's span to the upstream call"],
    ],
  ])('%s leaves a gap that is named', (_what, part, expected) => {
    expect(gaps({ ...COMPLETE, ...part })).toEqual(expected);
  });

  test('is printed as a tree, with gaps in their places', () => {
    const lines = printTrail(findTrail({ ...COMPLETE, spans: [SERVER] }, AGENT, 'echo'), AGENT);
    expect(lines).toContain(`  ${METRIC}`);
    expect(lines).toContain(`  └─ POST /mcp/*          SERVER 12.3 ms  unset  span ${SERVER.spanId}`);
    expect(lines).toContain('     └─ (missing)');
    expect(lines).toContain(`  ${LOG}`);
  });
});

test('a port is free until somebody listens on it', async () => {
  const port = await freePort();
  expect(await isFree(port)).toBe(true);
  const server = createServer().listen(port, '127.0.0.1');
  expect(await isFree(port)).toBe(false);
  server.close();
});
