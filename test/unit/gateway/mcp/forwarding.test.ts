import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { HEADERS, openSession, toolCall } from '../../../support/mcp/client.ts';
import { startGateway, type TestGateway, type TestGatewayOptions } from '../../../support/mcp/gateway.ts';
import { ANSWER, json, type ScriptedUpstream, startUpstream } from '../../../support/mcp/upstream.ts';
import { aTrace } from '../../../support/telemetry/record.ts';

let upstream: ScriptedUpstream;
let gateway: TestGateway | undefined;

beforeEach(async () => {
  upstream = await startUpstream((response) => json(response, ANSWER));
});

afterEach(async () => {
  await gateway?.close();
  await upstream.close();
});

/** What the upstream receives when a client sends these headers. */
const forward = async (headers: OutgoingHttpHeaders, options: TestGatewayOptions = {}) => {
  gateway = await startGateway(upstream.url, options);
  const { url } = gateway;
  const session = await openSession(url);
  await new Promise<void>((resolve, reject) => {
    httpRequest(url, { method: 'POST', headers: { ...HEADERS, ...session, ...headers } }, (response) =>
      response.resume().on('end', resolve),
    )
      .on('error', reject)
      .end(JSON.stringify(toolCall('echo')));
  });
  return upstream.requests.at(-1)?.request;
};

test('the client’s own fields go on, those of the hop do not', async () => {
  const seen = await forward({
    'user-agent': 'agent/1',
    'X-User': ['alice', 'bob'],
    'accept-encoding': 'gzip, br',
    authorization: 'Bearer client',
    connection: 'close, x-hop',
    'x-hop': '1',
    te: 'trailers',
    'proxy-authorization': 'Basic x',
    'keep-alive': 'timeout=1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  });
  expect(seen?.headers).toMatchObject({
    'user-agent': 'agent/1',
    'x-user': 'alice, bob',
    'accept-encoding': 'identity',
    authorization: 'Bearer client',
    accept: HEADERS.accept,
    host: new URL(upstream.url).host,
    'content-length': String(JSON.stringify(toolCall('echo')).length),
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  });
  expect(seen?.rawHeaders).toContain('X-User');
  for (const name of ['x-hop', 'te', 'proxy-authorization', 'keep-alive']) {
    expect(seen?.headers[name]).toBeUndefined();
  }
  expect(seen?.headers.connection).toBe('keep-alive');
});

test('the target’s credential replaces the client’s, once', async () => {
  const seen = await forward(
    { Authorization: 'Bearer client' },
    {
      target: {
        credentials: [{ in: 'header', name: 'authorization', value: 'Bearer target' }],
        authority: 'mcp.example.com',
      },
    },
  );
  expect(seen?.rawHeaders.filter((name) => name.toLowerCase() === 'authorization')).toHaveLength(1);
  expect(seen?.headers).toMatchObject({ authorization: 'Bearer target', host: 'mcp.example.com' });
});

test('what comes back is the upstream’s, without its hop', async () => {
  upstream.script = (response) =>
    json(response, ANSWER, 200, {
      connection: 'x-hop, keep-alive',
      'x-hop': '1',
      'x-app': '2',
      'proxy-authenticate': 'Basic',
    });
  gateway = await startGateway(upstream.url);
  const session = await openSession(gateway.url);
  const answer = await fetch(gateway.url, {
    method: 'POST',
    headers: { ...HEADERS, ...session },
    body: JSON.stringify(toolCall('echo')),
  });
  expect(answer.headers.get('x-app')).toBe('2');
  expect([answer.headers.get('x-hop'), answer.headers.get('proxy-authenticate')]).toEqual([null, null]);
});

describe('trace context', () => {
  const trace = aTrace({ parentSpanId: '1111111111111111', traceState: 'vendor=1', baggage: 'user=alice' });
  const sent = {
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-1111111111111111-01',
    tracestate: 'old=1',
    baggage: 'b=1',
  };

  test('of an exported trace names the span of this upstream call', async () => {
    const seen = await forward(sent, { trace });
    const spanId = gateway?.records.at(-1)?.upstreamCalls[0]?.spanId;
    expect(seen?.headers).toMatchObject({
      traceparent: `00-4bf92f3577b34da6a3ce929d0e0e4736-${spanId}-01`,
      tracestate: 'vendor=1',
      baggage: 'user=alice',
    });
  });

  test('of a trace that nobody will see stays the client’s', async () => {
    expect((await forward(sent, { trace: { ...trace, exported: false } }))?.headers).toMatchObject(sent);
  });
});
