import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { TelemetryPolicy } from '../../../../../gateway/telemetry/policy.ts';
import type { RequestRecord } from '../../../../../gateway/telemetry/record.ts';
import { AUDIT_FIELDS } from '../../../../../lib/api/telemetry/audit.ts';
import { compileCel } from '../../../../../lib/cel/compile.ts';
import { aRecord, aRequest, aTrace, observe, someMcp } from '../../../../support/telemetry/record.ts';

const ARGUMENTS = { owner: 'ada', password: 'hunter2', note: 'mail ada@example.com' };
const CAPTURE = { arguments: true, results: true, rules: { keys: new Set(['owner']) } };

const audited = (difference: Partial<RequestRecord>, policy: Partial<TelemetryPolicy> = {}) => {
  const { telemetry, lines, defects } = observe();
  telemetry.finish(aRecord({ ...difference, telemetry: { metricLabels: [], audit: true, ...policy } }));
  expect(defects).toEqual([]);
  const records = lines.filter((line) => line.startsWith('{'));
  expect(records.length).toBeLessThanOrEqual(1);
  return records.map((line) => JSON.parse(line) as Record<string, unknown>)[0];
};

describe('an audit record', () => {
  test('says who called what, when, with what outcome', () => {
    const trace = aTrace();
    const policy = { principal: compileCel('request.headers["x-user"]') };
    const request = aRequest({ headers: { 'x-user': 'ada' } });
    expect(audited({ mcp: someMcp({ arguments: ARGUMENTS }), trace, request }, policy)).toEqual({
      time: '2026-02-25T06:13:20.216500Z',
      scope: 'audit',
      decision: 'allow',
      rule: null,
      outcome: 'ok',
      principal: 'ada',
      tool: 'get_me',
      target: 'github-copilot',
      gateway: 'agentgateway-system/mcp-gateway',
      listener: 'mcp',
      route: 'agentgateway-system/mcp-route',
      backend: 'agentgateway-system/github-mcp-server',
      session: 'c2VhbGVk',
      request_id: 2,
      client_address: '10.224.0.62',
      error_type: null,
      duration_ms: 216.25,
      trace_id: trace.traceId,
      span_id: trace.spanId,
      arguments_sha256: createHash('sha256').update(JSON.stringify(ARGUMENTS)).digest('hex'),
    });
  });

  test('has its members in the order of their table', () => {
    const fields = Object.keys(audited({ mcp: someMcp({ arguments: ARGUMENTS }) }) ?? {});
    expect(fields).toEqual(Object.values(AUDIT_FIELDS).slice(0, fields.length));
  });

  test.each<[string, Partial<RequestRecord>, Record<string, unknown>]>([
    [
      'denied by a rule',
      {
        error: { type: 'forbidden', message: 'not allowed', rule: 'a Deny rule of a/b' },
        reason: 'Authorization',
        upstreamCalls: [],
      },
      { decision: 'deny', rule: 'a Deny rule of a/b', outcome: 'denied', error_type: 'forbidden' },
    ],
    [
      'too many',
      { error: { type: 'rate_limited', message: 'x', rule: 'a/b' }, reason: 'RateLimit' },
      { decision: 'deny', rule: 'a/b', outcome: 'denied' },
    ],
    ['a tool error', { mcp: someMcp({ toolError: true }) }, { outcome: 'tool_error', error_type: 'tool_error' }],
    ['an unknown tool', { mcp: someMcp({ errorCode: -32602 }) }, { outcome: 'rpc_error', error_type: null }],
    ['an inner error', { mcp: someMcp({ errorCode: -32603 }) }, { outcome: 'rpc_error', error_type: '-32603' }],
    [
      'no answer in time',
      { error: { type: 'upstream_timeout', message: 'x' }, reason: 'Timeout' },
      { outcome: 'timeout', decision: 'allow' },
    ],
    ['a broken upstream', { error: { type: 'upstream_closed', message: 'x' } }, { outcome: 'http_error' }],
    ['an upstream’s status', { error: { type: '503', message: 'x' }, reason: 'MCP' }, { outcome: 'http_error' }],
    ['taken back', { mcp: someMcp({ cancelled: true }) }, { outcome: 'cancelled' }],
    ['a client that left', { error: { type: 'client_closed', message: 'x' } }, { outcome: 'cancelled' }],
  ])('%s', (_, difference, expected) => {
    expect(audited(difference)).toMatchObject(expected);
  });

  test('is written of tool calls only, and only when it is asked for', () => {
    expect(
      audited({ mcp: someMcp({ method: 'tools/list', resourceType: undefined, name: undefined }) }),
    ).toBeUndefined();
    expect(audited({ mcp: undefined })).toBeUndefined();
    expect(audited({}, { audit: false })).toBeUndefined();
  });

  test('holds arguments and result only with capture, and no secret then', () => {
    const mcp = someMcp({
      arguments: ARGUMENTS,
      result: { text: '{"content":[{"text":"Bearer abcdefgh12345678"}],"cut":"ghp_01234', whole: false },
    });
    expect(audited({ mcp })).not.toHaveProperty('arguments');
    const accessLog = { policy: 'a/b', attributes: { add: [], remove: new Set<string>() }, capture: CAPTURE };
    expect(audited({ mcp }, { accessLog })).toMatchObject({
      arguments: '{"owner":"[redacted]","password":"[redacted]","note":"mail [redacted]"}',
      result: '{"content":[{"text":"[redacted]"}]}',
    });
  });

  test.each(['1 / 0', 'request.headers.missing', '7', '""'])('has no principal when %s is none', (expression) => {
    expect(audited({}, { principal: compileCel(expression) })?.principal).toBeNull();
  });

  test('is one line, whatever it holds', () => {
    const name = 'a\nb\u2028c\u0085{"scope":"audit"}';
    const { telemetry, lines } = observe({ audit: true });
    telemetry.finish(aRecord({ mcp: someMcp({ name }) }));
    const [line = ''] = lines.filter((each) => each.startsWith('{'));
    expect(line).not.toMatch(/[\n\r\u0085\u2028\u2029]/);
    expect(JSON.parse(line)).toMatchObject({ tool: name });
  });
});
