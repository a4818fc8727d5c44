import { describe, expect, test } from '@jest/globals';
import { ContextPlan } from '../../../../gateway/telemetry/context.ts';
import { MAX_KEPT_BYTES } from '../../../../gateway/telemetry/kept.ts';
import type { RequestRecord } from '../../../../gateway/telemetry/record.ts';
import { compileCel } from '../../../../lib/cel/compile.ts';
import { CelEvaluationError } from '../../../../lib/cel/expression.ts';
import { aCall, aRecord, aRequest, keptOf, someMcp } from '../../../support/telemetry/record.ts';

const BODY = Buffer.from('{"id":9}');

const FINISHED = aRecord({
  outcome: 'rpc_error',
  response: { ...aRecord().response, kept: keptOf('{"ok":true}') },
  request: aRequest({
    target: '/mcp?a=b',
    headers: { 'content-type': 'application/json', 'x-multi': ['a', 'b'] },
    bytes: BODY.length,
    kept: keptOf(BODY),
  }),
  labels: { ...aRecord().labels, routeRule: 'tools' },
  mcp: someMcp({
    arguments: { owner: 'me', count: 7, ratio: 0.5, password: 'hunter2', constructor: [1] },
    result: { text: '{"content":[{"text":"ok"}],"total":3}', whole: true },
    errorCode: -32602,
    errorMessage: 'no such user',
  }),
});

const ENVIRONMENT = { podName: 'mcp-gateway-1', namespace: 'agentgateway-system' };

const evaluate = (
  source: string,
  record: RequestRecord | undefined,
  request = record?.request ?? aRequest(),
): unknown => {
  const expression = compileCel(source);
  return expression.evaluate(new ContextPlan([expression]).build(request, record, ENVIRONMENT));
};

describe('at the end of a request, every variable has its value', () => {
  test.each<[string, unknown]>([
    ['request.method', 'POST'],
    ['request.uri', 'http://52.225.32.209:3000/mcp?a=b'],
    ['request.host', '52.225.32.209'],
    ['request.scheme', 'http'],
    ['request.path', '/mcp'],
    ['request.pathAndQuery.query("a")', ['b']],
    ['request.version', 'HTTP/1.1'],
    ['request.headers["Content-Type"]', 'application/json'],
    ['request.headers.join()["x-multi"]', 'a,b'],
    ['json(request.body).id + 1', 10n],
    ['string(request.bodyPrefix)', '{"id":9}'],
    ['request.startTime', '2026-02-25T06:13:20.000Z'],
    ['request.endTime - request.startTime', '0.216s'],
    ['response.code + 1', 201n],
    ['json(response.body).ok', true],
    ['response.bodyPrefix.size()', 11n],
    ['response.headers["content-type"]', 'text/event-stream'],
    ['proxy.bind', '3000/agentgateway-system/mcp-gateway'],
    ['proxy.gateway.namespace + " " + proxy.gateway.name', 'agentgateway-system mcp-gateway'],
    ['proxy.listener.name', 'mcp'],
    [
      'proxy.route.kind + " " + proxy.route.namespace + " " + proxy.route.name',
      'HTTPRoute agentgateway-system mcp-route',
    ],
    ['proxy.route.rule', 'tools'],
    ['proxy.requestProcessingDuration', '0.00225s'],
    ['proxy.upstreamDuration', '0.0975s'],
    ['proxy.responseProcessingDuration', '0.1165s'],
    ['env.podName + " " + env.namespace + " " + env.gateway', 'mcp-gateway-1 agentgateway-system mcp-gateway'],
    ['source.address + " " + source.rawAddress', '10.224.0.62 10.224.0.62'],
    ['source.port + source.rawPort', 73518n],
    ['destination.address + " " + destination.hostname', 'api.githubcopilot.com api.githubcopilot.com'],
    ['destination.port + 1', 444n],
    ['backend.name + " " + backend.type + " " + backend.protocol', 'agentgateway-system/github-mcp-server mcp mcp'],
    ['mcp.methodName + " " + mcp.sessionId', 'tools/call c2VhbGVk'],
    ['mcp.tool.target + " " + mcp.tool.name', 'github-copilot get_me'],
    ['mcp.tool.arguments.owner', 'me'],
    ['mcp.tool.arguments.count + 1', 8n],
    ['mcp.tool.arguments.ratio * 2.0', 1],
    ['mcp.tool.arguments.password', '[redacted]'],
    ['mcp.tool.arguments.constructor[0]', 1n],
    ['mcp.tool.result.content[0].text', 'ok'],
    ['mcp.tool.result.total + 1', 4n],
    ['mcp.tool.error.code - 1', -32603n],
    ['mcp.tool.error.message', 'no such user'],
    ['variables().backend.type', 'mcp'],
  ])('%s is %j', (source, value) => {
    expect(evaluate(source, FINISHED)).toEqual(value);
  });

  test.each([
    ['prompt', 'mcp.prompt.name'],
    ['resource', 'mcp.resource.name'],
    ['task', 'mcp.task.name'],
  ] as const)('a %s is what is operated on, and nothing else', (resourceType, source) => {
    const record = aRecord({ mcp: someMcp({ resourceType, name: 'it' }) });
    expect(evaluate(source, record)).toBe('it');
    expect(evaluate('has(mcp.tool)', record)).toBe(false);
  });
});

describe('before, some have none', () => {
  /** As policies see it: chosen route and backend, nothing read or sent. */
  const ROUTED = aRecord({
    outcome: undefined,
    mcp: undefined,
    upstreamCalls: [],
    response: { status: 0, headers: {}, bytes: 0 },
  });
  /** As the transformation of responses sees it. */
  const ANSWERED = aRecord({ outcome: undefined, upstreamCalls: [aCall()] });
  const SAMPLING = undefined;

  test.each<[string, sampling: boolean, routed: boolean, answered: boolean, finished: boolean]>([
    ['request.path', true, true, true, true],
    ['request.headers["content-type"]', true, true, true, true],
    ['source.address', true, true, true, true],
    ['env.podName', true, true, true, true],
    ['request.startTime', false, true, true, true],
    ['proxy.route.name', false, true, true, true],
    ['backend.name', false, true, true, true],
    ['env.gateway', false, true, true, true],
    ['response.code', false, false, true, true],
    ['response.headers["content-type"]', false, false, true, true],
    ['destination.port', false, false, true, true],
    ['mcp.tool.name', false, false, true, true],
    ['request.endTime', false, false, false, true],
    ['proxy.upstreamDuration', false, false, false, true],
    ['mcp.tool.result', false, false, false, true],
    ['request.body', false, false, false, true],
    ['jwt.sub', false, false, false, false],
    ['llm.provider', false, false, false, false],
    ['source.identity.namespace', false, false, false, false],
    ['response.body', false, false, false, true],
  ])('%s', (source, ...expected) => {
    const there = [SAMPLING, ROUTED, ANSWERED, FINISHED].map((record) => {
      try {
        evaluate(source, record);
        return true;
      } catch (error) {
        expect(error).toBeInstanceOf(CelEvaluationError);
        return false;
      }
    });
    expect(there).toEqual(expected);
  });
});

describe('what is kept is bounded', () => {
  const long = (bytes: number) => {
    const kept = keptOf(Buffer.alloc(bytes, 'a'));
    return aRecord({ outcome: 'ok', request: aRequest({ bytes, kept }), mcp: someMcp({ arguments: { a: 1 } }) });
  };

  test('a longer body has a beginning only, and no arguments', () => {
    expect(evaluate('request.bodyPrefix.size()', long(MAX_KEPT_BYTES + 1))).toBe(BigInt(MAX_KEPT_BYTES));
    expect(evaluate('default(request.body.size(), -1)', long(MAX_KEPT_BYTES))).toBe(BigInt(MAX_KEPT_BYTES));
    expect(evaluate('coalesce(request.body, "none")', long(MAX_KEPT_BYTES + 1))).toBe('none');
    expect(evaluate('has(mcp.tool.arguments)', long(MAX_KEPT_BYTES))).toBe(true);
    expect(evaluate('has(mcp.tool.arguments)', long(MAX_KEPT_BYTES + 1))).toBe(false);
  });
});

test('only what is read is built', () => {
  const plan = new ContextPlan([compileCel('mcp.tool.name'), compileCel('request.path')]);
  expect(plan.build(FINISHED.request, FINISHED, ENVIRONMENT)).toEqual({
    request: { path: '/mcp' },
    mcp: {
      tool: {
        target: 'github-copilot',
        name: 'get_me',
        error: { code: -32602n, message: 'no such user' },
      },
    },
  });
});
