import { describe, expect, test } from '@jest/globals';
import { needsOf } from '../../../../gateway/telemetry/needs.ts';
import type { RequestRecord } from '../../../../gateway/telemetry/record.ts';
import { POST_ATTRIBUTES } from '../../../../lib/api/telemetry/attributes.ts';
import { aPolicy } from '../../../support/telemetry/policy.ts';
import { aRecord, aRequest, keptOf, observe, someMcp } from '../../../support/telemetry/record.ts';

const TRACED = aPolicy({ tracing: { randomSampling: 'true' } });

const add = (expression: string) => ({ attributes: { add: [{ name: 'x', expression }] } });

/** A request from its beginning to its end. */
const serve = ({ telemetry }: ReturnType<typeof observe>, policy = TRACED, request = aRequest()) => {
  const record = aRecord({ telemetry: policy, request, trace: telemetry.begin(policy, request) });
  telemetry.finish(record);
  return record;
};

test("the post's attributes come first, in the post's order", () => {
  const names = [
    'mcp.method_name',
    'mcp.session_id',
    'mcp.tool_name',
    'mcp.tool_target',
    'backend.name',
    'backend.type',
  ];
  const policy = aPolicy({
    tracing: { randomSampling: 'true', attributes: { add: names.map((name) => ({ name, expression: '""' })) } },
  });
  const observed = observe();
  serve(observed, policy);
  expect(observed.spans[0]?.attributes.slice(0, 25).map(([name]) => name)).toEqual(POST_ATTRIBUTES);
});

test('a record is finished once', async () => {
  const observed = observe();
  const record = serve(observed);
  observed.telemetry.finish(record);
  expect(observed.spans).toHaveLength(2);
  expect(observed.lines).toHaveLength(1);
  expect(await observed.registry.metrics()).toMatch(/agentgateway_requests_total\{.*\} 1\n/);
});

test('no listener, no policy: counted and logged', () => {
  const observed = observe();
  const request = aRequest();
  expect(observed.telemetry.begin(undefined, request)).toBeUndefined();
  observed.telemetry.finish(aRecord({ request, mcp: undefined, backend: undefined, pathMatch: undefined }));
  expect(observed.lines).toHaveLength(1);
  expect(observed.spans).toEqual([]);
});

describe('a defect', () => {
  const broken = (): never => {
    throw new Error('broken');
  };

  test('of one output leaves the others alone, and never reaches the request', () => {
    const observed = observe({ sinks: () => ({ export: broken }) });
    serve(observed);
    expect(observed.lines).toHaveLength(1);
    expect(observed.defects).toHaveLength(1);
  });

  test('of the log or the random source neither', () => {
    const observed = observe({ log: broken, random: broken });
    expect(observed.telemetry.begin(TRACED, aRequest())).toBeUndefined();
    serve(observed);
    expect(observed.defects).toHaveLength(3);
  });
});

describe('expressions', () => {
  test('what none reads is not built', () => {
    const observed = observe();
    const read: string[] = [];
    const request = new Proxy(aRequest(), {
      get: (target, name: string) => {
        read.push(name);
        return target[name as keyof typeof target];
      },
    });
    serve(observed, aPolicy({ accessLog: add('mcp.tool.name') }), request);
    expect(read).not.toContain('headers');
    serve(observed, aPolicy({ accessLog: add('request.headers["x"]') }), request);
    expect(read).toContain('headers');
  });

  test.each([
    ['request.body', ['requestBody']],
    ['response.bodyPrefix', ['responseBody']],
    ['json(request.body).id', ['requestBody']],
    ['toJson(request)', ['requestBody']],
    ['request.path', []],
    ['mcp.tool.arguments.owner', ['arguments']],
    ['mcp.tool.result', ['result']],
    ['mcp.tool', ['arguments', 'result']],
    ['toJson(mcp)', ['arguments', 'result']],
    ['mcp.tool.name', []],
    ['mcp.prompt.name', []],
  ])('only what is read is kept: %s', (expression, kept) => {
    for (const policy of [aPolicy({ accessLog: add(expression) }), aPolicy({ tracing: add(expression) })]) {
      const needs = needsOf(policy, false);
      expect(Object.entries(needs).flatMap(([name, needed]) => (needed ? [name] : []))).toEqual(kept);
    }
  });

  test.each([
    ['request.uri', 'http://52.225.32.209:3000/mcp?a=1'],
    ['request.host', '52.225.32.209'],
    ['request.path', '/mcp'],
    ['request.pathAndQuery', '/mcp?a=1'],
    ['request.version', 'HTTP/1.1'],
    ['request.headers["ACCEPT"]', '*/*'],
    ['"Accept" in request.headers', 'true'],
    ['request.headers.map(h, h)', '["accept","cookie"]'],
    ['request.headers.cookie', '["a","b"]'],
    ['request.endTime - request.startTime >= duration("216ms")', 'true'],
    ['json(request.body).params.n + 1', 8n],
    ['response.code', 200n],
    ['response.headers["content-type"]', 'text/event-stream'],
    ['proxy.route.name', 'mcp-route'],
    ['proxy.route.kind', 'HTTPRoute'],
    ['default(proxy.route.rule, "none")', 'none'],
    ['proxy.listener.name', 'mcp'],
    ['env.podName', 'mcp-gateway-0'],
    ['env.gateway', 'mcp-gateway'],
    ['source.port', 36759n],
    ['destination.hostname', 'api.githubcopilot.com'],
    ['destination.port + 1', 444n],
    ['mcp.tool', '{"target":"github-copilot","name":"get_me"}'],
    ['backend.protocol', 'mcp'],
    ['has(mcp.prompt)', 'false'],
  ])('%s is %s', (expression, value) => {
    const observed = observe({ environment: { podName: 'mcp-gateway-0' } });
    const request = aRequest({
      target: '/mcp?a=1',
      headers: { accept: '*/*', cookie: ['a', 'b'] },
      kept: keptOf('{"params":{"n":7}}'),
    });
    serve(observed, aPolicy({ tracing: { randomSampling: 'true', ...add(expression) } }), request);
    expect(new Map(observed.spans[0]?.attributes).get('x')).toBe(value);
  });
});

test('span names by the semantic conventions, where there is a method', () => {
  const observed = observe({ spanNames: 'semconv' });
  serve(observed);
  const trace = observed.telemetry.begin(TRACED, aRequest());
  observed.telemetry.finish(
    aRecord({ telemetry: TRACED, trace, mcp: someMcp({ method: undefined }), upstreamCalls: [] }),
  );
  expect(observed.spans.map(({ name }) => name)).toEqual(['tools/call get_me', 'tools/call get_me', 'POST /mcp/*']);
});

describe('failures that are kept', () => {
  const UNSAMPLED = { ...aPolicy({ tracing: { randomSampling: 'false' } }) };
  const finish = (difference: Partial<RequestRecord>, keepErrors = true, policy = UNSAMPLED) => {
    const { telemetry, spans } = observe({ keepErrors });
    const request = aRequest();
    telemetry.finish(aRecord({ telemetry: policy, request, trace: telemetry.begin(policy, request), ...difference }));
    return spans.map(({ kind }) => kind);
  };

  test.each<[string, Partial<RequestRecord>, boolean]>([
    ['a success', {}, false],
    ['a tool error', { mcp: someMcp({ toolError: true }) }, true],
    ['a JSON-RPC error', { mcp: someMcp({ errorCode: -32602 }) }, true],
    ['an HTTP error', { response: { status: 502, headers: {}, bytes: 0 } }, true],
    ['a timeout', { error: { type: 'upstream_timeout', message: 'x' } }, true],
    ['a denial', { error: { type: 'forbidden', message: 'x' }, reason: 'Authorization' }, true],
    ['a client that left', { error: { type: 'client_closed', message: 'x' } }, false],
  ])('%s: spans %s', (_, difference, kept) => {
    expect(finish(difference)).toEqual(kept ? ['SERVER', 'CLIENT'] : []);
    expect(finish(difference, false)).toEqual([]);
  });

  test('still have to meet the filter', () => {
    const policy = aPolicy({ tracing: { randomSampling: 'false', filter: 'mcp.tool.name == "other"' } });
    expect(finish({ mcp: someMcp({ toolError: true }) }, true, policy)).toEqual([]);
  });
});
