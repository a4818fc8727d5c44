import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { HEADERS, openSession, post, toolCall } from '../../../support/mcp/client.ts';
import { startGateway, type TestGateway, type TestGatewayOptions } from '../../../support/mcp/gateway.ts';
import { ANSWER, json, type ScriptedUpstream, startUpstream } from '../../../support/mcp/upstream.ts';

/** What the gateway refuses by itself: the upstream never hears of it. */
let upstream: ScriptedUpstream;
let gateway: TestGateway;
let session: Record<string, string>;

const MAX_BODY = 10_000;

beforeAll(async () => {
  upstream = await startUpstream((response) => json(response, ANSWER));
  gateway = await startGateway(upstream.url, { maxBodyBytes: MAX_BODY });
  session = await openSession(gateway.url);
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const CALL = JSON.stringify(toolCall('echo'));

test.each<[string, RequestInit, number, number]>([
  ['accept that lists one type', { headers: { accept: 'application/json' } }, 406, -32000],
  ['a content type that is not JSON', { headers: { 'content-type': 'text/plain' } }, 415, -32000],
  ['a compressed body', { headers: { 'content-encoding': 'gzip' } }, 415, -32000],
  ['a revision that nobody knows', { headers: { 'mcp-protocol-version': '1999-01-01' } }, 400, -32022],
  ['no JSON', { body: 'x' }, 400, -32700],
  ['no UTF-8', { body: Buffer.from([0x22, 0xff, 0x22]) }, 400, -32700],
  ['a batch', { body: `[${CALL}]` }, 400, -32600],
  ['deep nesting', { body: '['.repeat(5_000) }, 400, -32600],
  ['no JSON-RPC', { body: '{}' }, 400, -32600],
  ['an empty body', { body: '' }, 400, -32700],
  ['a body over the limit', { body: ' '.repeat(MAX_BODY + 1) }, 413, -32600],
  ['a forged session', { headers: { 'mcp-session-id': 'upstream-session' } }, 404, -32001],
  ['a session spelled twice', { headers: { 'mcp-session-id': 'a, b' } }, 404, -32001],
])('%s', async (_name, init, status, code) => {
  const before = upstream.requests.length;
  const headers = { ...HEADERS, ...session, ...(init.headers as Record<string, string>) };
  const answer = await fetch(gateway.url, { method: 'POST', body: CALL, ...init, headers });
  expect(answer.status).toBe(status);
  expect(await answer.json()).toMatchObject({ jsonrpc: '2.0', error: { code } });
  expect(upstream.requests.length).toBe(before);
});

describe('without a session', () => {
  test.each<[string, RequestInit]>([
    ['POST', { method: 'POST', headers: HEADERS, body: CALL }],
    ['GET', { headers: { accept: 'text/event-stream' } }],
    ['DELETE', { method: 'DELETE' }],
  ])('%s is refused with 400', async (_method, init) => {
    expect((await fetch(gateway.url, init)).status).toBe(400);
  });

  test('the refusal names the request', async () => {
    const answer = await post(gateway.url, toolCall('echo', 'call-7'));
    expect(await answer.json()).toMatchObject({
      id: 'call-7',
      error: { message: expect.stringContaining('initialize') },
    });
  });
});

test('GET must accept events', async () => {
  expect((await fetch(gateway.url, { headers: { ...session, accept: 'application/json' } })).status).toBe(406);
});

test.each(['PUT', 'PATCH', 'OPTIONS', 'HEAD'])('%s is no MCP', async (method) => {
  const answer = await fetch(gateway.url, { method, headers: session });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, POST, DELETE']);
});

test('a body without a declared length is cut off at the limit, and the connection with it', async () => {
  const { port } = new URL(gateway.url);
  const [status, connection] = await new Promise<[number | undefined, string | undefined]>((resolve, reject) => {
    const request = httpRequest({ port, method: 'POST', headers: { ...HEADERS, ...session } });
    request.on('response', (response) => {
      resolve([response.statusCode, response.headers.connection]);
      request.destroy();
    });
    request.on('error', reject);
    request.write(' '.repeat(MAX_BODY));
    request.write(' ');
  });
  expect([status, connection]).toEqual([413, 'close']);
});

test('a client that leaves in mid-body is forgotten', async () => {
  const before = upstream.requests.length;
  const record = gateway.nextRecord();
  const { port } = new URL(gateway.url);
  const request = httpRequest({ port, method: 'POST', headers: { ...HEADERS, ...session, 'content-length': '100' } });
  request.on('error', () => {});
  request.write('{', () => setTimeout(() => request.destroy(), 20));
  expect((await record).error?.type).toBe('client_closed');
  expect(upstream.requests.length).toBe(before);
});

test.each<[string, TestGatewayOptions, string]>([
  ['two targets', { targets: 2 }, '2 MCP targets'],
  ['no target', { targets: 0 }, '0 MCP targets'],
  ['the transport of 2024', { target: { protocol: 'SSE' } }, 'not Streamable HTTP'],
])('a backend with %s is named for it', async (_name, options, words) => {
  const other = await startGateway(upstream.url, options);
  const answer = await post(other.url, toolCall('echo'));
  expect(answer.status).toBe(500);
  expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining(words) } });
  await other.close();
});
