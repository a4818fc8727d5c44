import { connect, type Socket } from 'node:net';
import { beforeAll, expect, test } from '@jest/globals';
import { type GatewayProcess, startGateway } from '../support/acceptance/gateway.ts';
import { plainManifests } from '../support/acceptance/manifests.ts';
import { closingAfterAll } from '../support/closing.ts';
import { freePort } from '../support/free-port.ts';
import { HEADERS, openSession, post, toolCall } from '../support/mcp/client.ts';
import { ANSWER, json, type ScriptedUpstream, startUpstream } from '../support/mcp/upstream.ts';

/** Requests that are wrong: each is refused by the rule that it breaks, the upstream never hears of it, and others are served. */
const keep = closingAfterAll();
let upstream: ScriptedUpstream;
let gateway: GatewayProcess;
let session: Record<string, string>;

beforeAll(async () => {
  upstream = keep(await startUpstream((response) => json(response, ANSWER)), (server) => server.close());
  const port = await freePort();
  const manifests = plainManifests(port, Number(new URL(upstream.url).port));
  gateway = keep(await startGateway({ manifests, port }), (process) => process.stop());
  session = await openSession(gateway.url);
});

/** The limits that users are told of. */
const MEBIBYTE = 1_024 * 1_024;
const MAX_BODY = 2 * MEBIBYTE;
const MAX_NESTING = 128;

const CALL = JSON.stringify(toolCall('echo'));
const nested = (levels: number): string =>
  `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":${'['.repeat(levels)}${']'.repeat(levels)}}`;
const ofLength = (bytes: number): string => CALL.replace('}', `}${' '.repeat(bytes - CALL.length)}`);

const served = async (body = CALL): Promise<number> => (await post(gateway.url, body, session)).status;

test.each<[string, RequestInit & { headers?: Record<string, string> }, number, number, RegExp]>([
  ['a body over the limit', { body: ofLength(MAX_BODY + 1) }, 413, -32600, /exceeds the limit/],
  ['a body far over the limit', { body: ofLength(16 * MEBIBYTE) }, 413, -32600, /exceeds the limit/],
  ['no body', { body: '' }, 400, -32700, /not JSON/],
  ['a body that is not JSON', { body: '{"jsonrpc": "2.0", "id": 1,' }, 400, -32700, /not JSON/],
  ['a body that is not UTF-8', { body: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) }, 400, -32700, /not JSON/],
  ['a batch', { body: `[${CALL},${CALL}]` }, 400, -32600, /one message per POST/],
  ['a batch of none', { body: '[]' }, 400, -32600, /one message per POST/],
  ['JSON that is not JSON-RPC', { body: '{"a":1}' }, 400, -32600, /not a JSON-RPC 2.0 message/],
  ['nesting over the limit', { body: nested(MAX_NESTING) }, 400, -32600, /too deeply/],
  ['nesting without end', { body: '['.repeat(MEBIBYTE) }, 400, -32600, /too deeply|one message per POST/],
  ['a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415, -32000, /application\/json/],
  ['no content type', { headers: { 'content-type': '' } }, 415, -32000, /application\/json/],
  ['a compressed body', { headers: { 'content-encoding': 'gzip' } }, 415, -32000, /./],
  ['no events accepted', { headers: { accept: 'application/json' } }, 406, -32000, /text\/event-stream/],
  ['anything accepted', { headers: { accept: '*/*' } }, 406, -32000, /text\/event-stream/],
  ['an unknown revision', { headers: { 'mcp-protocol-version': '1999-12-31' } }, 400, -32022, /MCP-Protocol-Version/],
  ['no session', { headers: { 'mcp-session-id': '' } }, 400, -32000, /Mcp-Session-Id is required/],
])('%s', async (_name, { headers, ...init }, status, code, message) => {
  const [requests, before] = [upstream.requests.length, gateway.output().length];
  const all = { ...HEADERS, ...session, ...headers };
  const answer = await fetch(gateway.url, { method: 'POST', body: CALL, ...init, headers: all });
  expect(answer.status).toBe(status);
  const body = await answer.json();
  expect(body).toMatchObject({ jsonrpc: '2.0', error: { code, message: expect.stringMatching(message) } });
  expect(JSON.stringify(body)).not.toMatch(/\.ts|node:|\bat /);
  await gateway.printed(new RegExp(`\\trequest .* http\\.status=${status} .* reason=MCP `), before);
  expect(upstream.requests.length).toBe(requests);
  expect(await served()).toBe(200);
});

test('what the limits allow is served', async () => {
  expect(await served(ofLength(MAX_BODY))).toBe(200);
  // The message itself is the first level.
  expect(await served(nested(MAX_NESTING - 1))).toBe(200);
});

test.each<[string, RequestInit, number]>([
  ['a path without a route', { method: 'POST', headers: { ...HEADERS }, body: CALL }, 404],
  ['a method that MCP does not have', { method: 'PUT', headers: { ...HEADERS }, body: CALL }, 405],
])('%s', async (name, init, status) => {
  const url = name.startsWith('a path') ? gateway.url.replace('/mcp', '/other') : gateway.url;
  expect((await fetch(url, init)).status).toBe(status);
});

/** Sends bytes as they are; resolves to the first line of the answer once the gateway has closed. */
const raw = (bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket: Socket = connect(Number(new URL(gateway.url).port), '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text;
    });
    socket.on('close', () => resolve(answer.split('\r\n')[0] ?? '')).on('error', reject);
  });

const HEAD = 'POST /mcp HTTP/1.1\r\nhost: x\r\n';

test.each<[string, string, RegExp]>([
  ['bytes that are not HTTP', '\x16\x03\x01\x02\x00\x01\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['two lengths', `${HEAD}content-length: 4\r\ncontent-length: 5\r\n\r\nabcde`, /^HTTP\/1\.1 400 /],
  [
    'a length and chunks (request smuggling)',
    `${HEAD}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n`,
    /^HTTP\/1\.1 400 /,
  ],
  ['no host', 'POST /mcp HTTP/1.1\r\nconnection: close\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['a head without end', `${HEAD}x: ${'y'.repeat(64 * 1_024)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
  ['a line that ends in the middle of a name', `${HEAD}x y: z\r\n\r\n`, /^HTTP\/1\.1 400 /],
])('%s', async (_name, bytes, answer) => {
  const requests = upstream.requests.length;
  expect(await raw(bytes)).toMatch(answer);
  expect(upstream.requests.length).toBe(requests);
  expect(await served()).toBe(200);
});

test('through all of it the process lived, and told no stack', async () => {
  expect(gateway.alive()).toBe(true);
  expect(gateway.output()).not.toMatch(/\n\s+at |unforeseen/);
  const refused = (await gateway.metrics()).split('\n').filter((line) => line.includes('reason="MCP"'));
  expect(refused.join('\n')).toContain('status="413"');
});
