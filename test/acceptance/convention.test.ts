import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { DecodedSpan } from '../../gateway/demo/otlp-decode.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../../gateway/demo/otlp-receiver.ts';
import { POST_ATTRIBUTES } from '../../lib/api/telemetry/attributes.ts';
import { type GatewayProcess, startGateway } from '../support/acceptance/gateway.ts';
import { plainManifests } from '../support/acceptance/manifests.ts';
import { closingAfterAll } from '../support/closing.ts';
import { freePort } from '../support/free-port.ts';
import { HEADERS, openSession } from '../support/mcp/client.ts';
import { json, type Script, type ScriptedUpstream, startUpstream } from '../support/mcp/upstream.ts';

/**
 * OpenTelemetry's semantic conventions for MCP as a table: each method with each outcome, answered as JSON and as server-sent events, through
 * a gateway process; spans decoded with the OpenTelemetry project's definitions.
 */
interface Operation {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** What follows the method in the span's name. */
  readonly about?: string;
  /** Attributes that the convention asks for because of the method. */
  readonly attributes?: Readonly<Record<string, string>>;
}

const OPERATIONS: readonly Operation[] = [
  { method: 'ping', params: {} },
  { method: 'tools/list', params: {} },
  {
    method: 'tools/call',
    params: { name: 'get_me', arguments: {} },
    about: 'get_me',
    attributes: { 'gen_ai.tool.name': 'get_me', 'gen_ai.operation.name': 'execute_tool' },
  },
  { method: 'prompts/list', params: {} },
  {
    method: 'prompts/get',
    params: { name: 'greet' },
    about: 'greet',
    attributes: { 'gen_ai.prompt.name': 'greet' },
  },
  { method: 'resources/list', params: {} },
  {
    method: 'resources/read',
    params: { uri: 'file:///a' },
    attributes: { 'mcp.resource.uri': 'file:///a' },
  },
  {
    method: 'resources/subscribe',
    params: { uri: 'file:///a' },
    attributes: { 'mcp.resource.uri': 'file:///a' },
  },
  {
    method: 'completion/complete',
    params: { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'n', value: 'v' } },
    about: 'greet',
    attributes: { 'gen_ai.prompt.name': 'greet' },
  },
  { method: 'logging/setLevel', params: { level: 'info' } },
  { method: 'vendor/unknown', params: {} },
];

interface Ending {
  /** The message that answers; undefined: none. */
  readonly answer?: Readonly<Record<string, unknown>>;
  readonly status?: number;
  /** Instead of an answer. */
  readonly instead?: 'hang' | 'close';
  /** Only of tool calls. */
  readonly toolsOnly?: true;
  readonly outcome: string;
  /** `error.type` of each side; absent: status Unset, and no such attribute. */
  readonly server?: string;
  readonly client?: string;
  readonly code?: string;
}

const ENDINGS: Readonly<Record<string, Ending>> = {
  ok: { answer: { result: {} }, outcome: 'ok' },
  'tool error': {
    answer: { result: { content: [], isError: true } },
    toolsOnly: true,
    outcome: 'tool_error',
    server: 'tool_error',
    client: 'tool_error',
  },
  // "Errors": the caller's fault is no error of the one who answers.
  'invalid params': {
    answer: { error: { code: -32602, message: 'no' } },
    outcome: 'rpc_error',
    client: '-32602',
    code: '-32602',
  },
  'method not found': {
    answer: { error: { code: -32601, message: 'no' } },
    outcome: 'rpc_error',
    client: '-32601',
    code: '-32601',
  },
  'internal error': {
    answer: { error: { code: -32603, message: 'no' } },
    outcome: 'rpc_error',
    server: '-32603',
    client: '-32603',
    code: '-32603',
  },
  'an error of its own': {
    answer: { error: { code: -31999, message: 'no' } },
    outcome: 'rpc_error',
    server: '-31999',
    client: '-31999',
    code: '-31999',
  },
  'HTTP status': { status: 503, outcome: 'http_error', server: '503', client: '503' },
  'no answer': { instead: 'close', outcome: 'http_error', server: 'upstream_closed', client: 'upstream_closed' },
  timeout: { instead: 'hang', outcome: 'timeout', server: 'upstream_timeout', client: 'upstream_timeout' },
};

const FORMATS = ['json', 'sse'] as const;

interface Case {
  readonly operation: Operation;
  readonly ending: Ending;
  readonly format: (typeof FORMATS)[number];
  readonly traceId: string;
  readonly id: string;
}

const cases = new Map<string, Case>();
const keep = closingAfterAll();
let gateway: GatewayProcess;
let upstream: ScriptedUpstream;
let collector: OtlpReceiver;
let metrics: string;

const more = (port: number): string => `---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayPolicy
metadata: { name: trail, namespace: test }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gateway }]
  frontend: { tracing: { url: 'http://127.0.0.1:${port}', protocol: HTTP, path: /v1/traces } }
---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayPolicy
metadata: { name: timeouts, namespace: test }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: route }]
  traffic: { timeouts: { request: 3s } }
`;

const script: Script = (response, _, body) => {
  const { id } = JSON.parse(body) as { readonly id: string };
  const { ending, format } = [...cases.values()].find((each) => each.id === id)!;
  const { answer, status, instead } = ending;
  if (status !== undefined) {
    json(response, { error: 'x' }, status);
    return;
  }
  const sse = format === 'sse';
  if (instead === undefined && !sse) {
    json(response, { jsonrpc: '2.0', id, ...answer });
    return;
  }
  // A timeout is one until the stream begins.
  if (instead !== 'hang' && sse) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': hello\n\n');
  }
  if (instead === 'close') setTimeout(() => response.destroy(), 20);
  else if (instead === undefined) response.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id, ...answer })}\n\n`);
};

const name = (operation: Operation, ending: string, format: string): string =>
  `${operation.method}, ${ending}, ${format}`;

const table = OPERATIONS.flatMap((operation) =>
  Object.entries(ENDINGS)
    .filter(([, { toolsOnly }]) => toolsOnly !== true || operation.method === 'tools/call')
    .flatMap(([ending]) => FORMATS.map((format) => [operation, ending, format] as const)),
);

beforeAll(async () => {
  collector = keep(await startOtlpReceiver({ protocol: 'http' }), (receiver) => receiver.close());
  upstream = keep(await startUpstream(script), (server) => server.close());
  const port = await freePort();
  const manifests = plainManifests(port, Number(new URL(upstream.url).port)) + more(collector.port);
  gateway = keep(
    await startGateway({ manifests, port, args: ['--audit', 'on', '--span-names', 'semconv'] }),
    (process) => process.stop(),
  );
  const session = await openSession(gateway.url);
  for (const [operation, ending, format] of table) {
    const id = randomBytes(4).toString('hex');
    const traceId = randomBytes(16).toString('hex');
    cases.set(name(operation, ending, format), { operation, ending: ENDINGS[ending]!, format, traceId, id });
  }
  const calls = [...cases.values()].map(async ({ operation: { method, params }, traceId, id }) => {
    const headers = { ...HEADERS, ...session, traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const body = JSON.stringify({ jsonrpc: '2.0', id, method, params });
    await fetch(gateway.url, { method: 'POST', headers: { ...headers, 'mcp-protocol-version': '2025-11-25' }, body })
      .then((response) => response.text())
      .catch(() => {});
  });
  await Promise.all(calls);
  await collector.waitFor(
    (spans) => [...cases.values()].every(({ traceId }) => spansOf(spans, traceId).length === 2),
    15_000,
  );
  metrics = await gateway.metrics();
}, 60_000);

const spansOf = (spans: readonly DecodedSpan[], traceId: string): readonly DecodedSpan[] =>
  spans.filter((span) => span.traceId === traceId);

const attributesOf = (span: DecodedSpan): Readonly<Record<string, unknown>> =>
  Object.fromEntries(span.attributes.map(({ name, value }) => [name, value]));

describe.each(table.map((each) => [each[0].method, ...each] as const))('%s', (_, operation, ending, format) => {
  const { method, about, attributes = {} } = operation;
  const { outcome, server, client, code } = ENDINGS[ending]!;

  test(`${ending}, as ${format}`, () => {
    const { traceId, id } = cases.get(name(operation, ending, format))!;
    const spans = spansOf(collector.spans(), traceId);
    const [serverSpan, clientSpan] = ['SERVER', 'CLIENT'].map((kind) => spans.find((span) => span.kind === kind)!);
    for (const [span, errorType] of [
      [serverSpan, server],
      [clientSpan, client],
    ] as const) {
      expect(span?.name).toBe(about === undefined ? method : `${method} ${about}`);
      expect(span?.status.code).toBe(errorType === undefined ? 'UNSET' : 'ERROR');
      const found = attributesOf(span!);
      expect(found).toMatchObject({
        'mcp.method.name': method,
        'jsonrpc.request.id': id,
        'mcp.protocol.version': '2025-11-25',
        'network.transport': 'tcp',
        ...attributes,
      });
      expect(found['error.type']).toBe(errorType);
      expect(found['rpc.response.status_code']).toBe(code);
      const sometimes = ['gen_ai.tool.name', 'gen_ai.prompt.name', 'gen_ai.operation.name', 'mcp.resource.uri'];
      expect(sometimes.filter((each) => found[each] !== undefined).sort()).toEqual(Object.keys(attributes).sort());
    }
    expect(clientSpan?.parentSpanId).toBe(serverSpan?.spanId);
    expect(attributesOf(serverSpan!)).toHaveProperty(['client.address'], '127.0.0.1');
    expect(attributesOf(serverSpan!)).toHaveProperty(['mcp.session.id']);
    expect(attributesOf(clientSpan!)).toMatchObject({
      'server.address': '127.0.0.1',
      'server.port': expect.anything(),
    });

    const line = gateway
      .output()
      .split('\n')
      .find((each) => each.includes(` trace.id=${traceId} `));
    expect(line).toContain(` mcp.method.name=${method} `);
    expect(line?.includes(' error=')).toBe(server !== undefined && code === undefined && server !== 'tool_error');
    const audited = gateway
      .output()
      .split('\n')
      .find((each) => each.startsWith('{') && each.includes(traceId));
    if (method === 'tools/call')
      expect(JSON.parse(audited ?? '')).toMatchObject({ tool: 'get_me', outcome, request_id: id });
    else expect(audited).toBeUndefined();
  });
});

describe('metrics', () => {
  test.each(OPERATIONS.map(({ method }) => method))('of %s', (method) => {
    const label = method === 'vendor/unknown' ? '_OTHER' : method;
    const lines = metrics.split('\n').filter((line) => line.includes(`_count{mcp_method_name="${label}"`));
    for (const side of ['server', 'client'] as const) {
      const own = lines.filter((line) => line.startsWith(`mcp_${side}_operation_duration_seconds_count{`));
      for (const ending of Object.values(ENDINGS)) {
        if (ending.toolsOnly === true && method !== 'tools/call') continue;
        const type = ending[side] === '-31999' ? '_OTHER' : ending[side];
        expect(
          own.some((line) =>
            type === undefined ? !line.includes('error_type=') : line.includes(`error_type="${type}"`),
          ),
        ).toBe(true);
      }
    }
    const outcomes = new Set(lines.flatMap((line) => /outcome="([a-z_]+)"/.exec(line)?.[1] ?? []));
    const expected = Object.values(ENDINGS).filter(({ toolsOnly }) => toolsOnly !== true || method === 'tools/call');
    expect([...outcomes].sort()).toEqual([...new Set(expected.map(({ outcome }) => outcome))].sort());
  });
});

test('the post’s attributes come first on every SERVER span, in the post’s order', () => {
  for (const { traceId } of cases.values()) {
    const names = spansOf(collector.spans(), traceId)
      .find(({ kind }) => kind === 'SERVER')!
      .attributes.map(({ name }) => name);
    const known = names.filter((each) => (POST_ATTRIBUTES as readonly string[]).includes(each));
    expect(known).toEqual(POST_ATTRIBUTES.filter((each) => known.includes(each)));
    expect(new Set(names).size).toBe(names.length);
  }
});
