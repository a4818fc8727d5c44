import { beforeAll, describe, expect, test } from '@jest/globals';
import { type OtlpReceiver, startOtlpReceiver } from '../../gateway/demo/otlp-receiver.ts';
import { type GatewayProcess, startGateway } from '../support/acceptance/gateway.ts';
import { plainManifests } from '../support/acceptance/manifests.ts';
import { closingAfterAll } from '../support/closing.ts';
import { freePort } from '../support/free-port.ts';
import { openSession, post } from '../support/mcp/client.ts';
import { ANSWER, json, type ScriptedUpstream, startUpstream } from '../support/mcp/upstream.ts';

/** A call that a policy denies leaves the same trail as one that it allows. */
const keep = closingAfterAll();
let gateway: GatewayProcess;
let upstream: ScriptedUpstream;
let collector: OtlpReceiver;
let session: Record<string, string>;

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
metadata: { name: guard, namespace: test }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: route }]
  traffic:
    authorization: { action: Deny, policy: { matchExpressions: ['default(request.headers["x-role"], "") == "guest"'] } }
`;

beforeAll(async () => {
  collector = keep(await startOtlpReceiver({ protocol: 'http' }), (receiver) => receiver.close());
  upstream = keep(
    await startUpstream((response, _, body) =>
      json(response, { ...ANSWER, id: (JSON.parse(body) as { id: string }).id }),
    ),
    (server) => server.close(),
  );
  const port = await freePort();
  const manifests = plainManifests(port, Number(new URL(upstream.url).port)) + more(collector.port);
  gateway = keep(await startGateway({ manifests, port, args: ['--audit', 'on'] }), (process) => process.stop());
  session = await openSession(gateway.url);
}, 30_000);

const GUEST = { 'x-role': 'guest' };
const call = (id: string, size = 0) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'get_me', arguments: { padding: 'x'.repeat(size) } },
});
const audit = () =>
  gateway
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a tool call that is denied', () => {
  const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

  beforeAll(async () => {
    await (await post(gateway.url, call('allowed'), session)).text();
  });

  test('is answered so that the client knows which it was', async () => {
    const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
    const answer = await post(gateway.url, call('denied'), { ...session, ...GUEST, traceparent });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toEqual({
      jsonrpc: '2.0',
      id: 'denied',
      error: { code: -32000, message: 'not allowed' },
    });
    expect(upstream.requests.some(({ body }) => body.includes('denied'))).toBe(false);
  });

  test('has an audit record with the tool, and the rule', async () => {
    await gateway.printed(/"request_id":"denied"/);
    expect(
      audit().map(({ request_id, decision, outcome, tool, target }) => [request_id, decision, outcome, tool, target]),
    ).toEqual([
      ['allowed', 'allow', 'ok', 'get_me', 'server'],
      ['denied', 'deny', 'denied', 'get_me', 'server'],
    ]);
    expect(audit()[1]).toMatchObject({ rule: 'a Deny rule of test/guard', error_type: 'forbidden', trace_id: TRACE });
    expect(audit()[1]?.arguments_sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test('has a span with the tool, and none of a call', async () => {
    const spans = await collector.waitFor((all) => all.some(({ traceId }) => traceId === TRACE), 10_000);
    const [server, ...others] = spans.filter(({ traceId }) => traceId === TRACE);
    expect(others).toEqual([]);
    expect(server?.status.code).toBe('ERROR');
    const attributes = Object.fromEntries((server?.attributes ?? []).map(({ name, value }) => [name, value]));
    expect(attributes).toMatchObject({
      'gen_ai.tool.name': 'get_me',
      'error.type': 'forbidden',
      reason: 'Authorization',
    });
  });

  test('is counted', async () => {
    const metrics = await gateway.metrics();
    expect(metrics).toMatch(/agentgateway_mcp_requests_total\{method="tools\/call",.*resource="get_me".*\} 2\n/);
    expect(metrics).toMatch(
      /mcp_server_operation_duration_seconds_count\{mcp_method_name="tools\/call".*error_type="forbidden",outcome="denied".*\} 1\n/,
    );
  });
});

test('a denied request of which too much would have to be read is denied all the same', async () => {
  const answer = await post(gateway.url, call('large', 200_000), { ...session, ...GUEST });
  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({ id: null, error: { code: -32000 } });
});

test.each(['no json', '[]', '{}'])('a denied request is denied, whatever it says: %s', async (body) => {
  const answer = await post(gateway.url, body, { ...session, ...GUEST });
  expect(answer.status).toBe(403);
});
