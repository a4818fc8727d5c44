import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { INITIALIZE, openSession, post, toolCall } from '../../../support/mcp/client.ts';
import { listen, startGateway, type TestGateway, type TestServer } from '../../../support/mcp/gateway.ts';

type Script = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const ANSWER = { jsonrpc: '2.0', id: 2, result: { content: [{ type: 'text', text: 'hi' }] } };

let script: Script;
let requests: { request: IncomingMessage; body: string }[];
let server: TestServer;
let gateway: TestGateway;

/** Answers `initialize` with a session; everything else is the test's. */
const upstream = (request: IncomingMessage, response: ServerResponse): void => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    requests.push({ request, body });
    if (body.includes('"initialize"')) {
      response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 'upstream-session' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { protocolVersion: '2025-11-25' } }));
    } else {
      script(request, response, body);
    }
  });
};

const json = (response: ServerResponse, message: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(message));
};

beforeEach(async () => {
  requests = [];
  script = (_request, response) => json(response, ANSWER);
  server = await listen(upstream);
  gateway = await startGateway(server.url);
});

afterEach(async () => {
  await gateway.close();
  await server.close();
});

describe('a request', () => {
  test('answered with JSON is answered with the same JSON', async () => {
    const session = await openSession(gateway.url);
    const answer = await post(gateway.url, toolCall('echo'), session);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toEqual(ANSWER);
  });

  test('answered with events is answered with the same events, each as it comes', async () => {
    const session = await openSession(gateway.url);
    const first = 'id: 7\nevent: message\ndata: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n';
    const second = `data: ${JSON.stringify(ANSWER)}\n\n`;
    let finish = (): void => {};
    script = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(first);
      finish = () => response.end(second);
    };
    const answer = await post(gateway.url, toolCall('echo'), session);
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe(first);
    finish();
    expect((await reader?.read())?.value).toBe(second);
    expect((await reader?.read())?.done).toBe(true);
    expect(gateway.records.at(-1)?.mcp).toMatchObject({ method: 'tools/call', name: 'echo', nameKnown: true });
  });

  test('reaches the upstream byte for byte', async () => {
    const session = await openSession(gateway.url);
    const body = '{ "jsonrpc":"2.0",\n "id":2, "method":"tools/call", "params":{"name":"echo","n":1.0e1} }';
    await post(gateway.url, body, session);
    expect(requests.at(-1)?.body).toBe(body);
  });
});

test('initialize opens a session: the client holds a sealed id, the upstream sees its own', async () => {
  const answer = await post(gateway.url, INITIALIZE);
  const id = answer.headers.get('mcp-session-id') ?? '';
  expect(id).not.toContain('upstream-session');
  await post(gateway.url, toolCall('echo'), { 'mcp-session-id': id });
  expect(requests[0]?.request.headers['mcp-session-id']).toBeUndefined();
  expect(requests[1]?.request.headers['mcp-session-id']).toBe('upstream-session');
  expect(gateway.records.map(({ mcp }) => mcp?.sessionId)).toEqual([id, id]);
});
