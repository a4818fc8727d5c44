import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { InvalidBackend } from '../../../../gateway/compile/snapshot.ts';
import { GatewayError } from '../../../../gateway/errors.ts';
import { noFacts } from '../../../../gateway/mcp/facts.ts';
import { connect, startServer, type TestServer, until } from '../../../support/http/server.ts';
import { aBackend, aBind, aHostname, aListener, aMatch, aRule, aSnapshot } from '../../../support/http/snapshot.ts';

const INVALID: InvalidBackend = {
  type: 'invalid',
  name: 'default/nowhere',
  reason: 'BackendNotFound',
  message: 'Backend not found: default/nowhere',
};

const matches = [
  aMatch(),
  aMatch({ path: { type: 'Exact', value: '/broken' }, rule: aRule('default/broken', [INVALID]), pattern: '/broken' }),
  aMatch({ path: { type: 'Exact', value: '/none' }, rule: aRule('default/none', []) }),
];

let server: TestServer;

beforeEach(async () => {
  server = await startServer(aSnapshot(aBind(0, { listeners: [aListener({ matches })] })));
});

afterEach(() => server.close());

/** The record of the only request so far. */
const recorded = async () => {
  await until(() => server.records.length > 0);
  expect(server.records).toHaveLength(1);
  return server.records[0];
};

const answer = async (path: string): Promise<readonly [status: number, type: string | null, body: string]> => {
  const response = await fetch(server.url(path), { method: 'POST', body: '{}' });
  return [response.status, response.headers.get('content-type'), await response.text()];
};

describe('a request that is served', () => {
  test('comes to the handler of its backend, and its record says all of it', async () => {
    server.handle = async ({ response, record }, backend) => {
      expect(backend).toEqual(aBackend());
      expect(record.backend).toEqual({ name: 'default/backend', type: 'mcp', protocol: 'mcp' });
      response.writeHead(201, { 'x-answer': 'yes' });
      response.write('äö');
      response.end(Buffer.from('!'));
    };
    const response = await fetch(server.url('/mcp/a?b=c'), { method: 'PUT', headers: { 'x-question': 'what' } });
    expect([response.status, await response.text()]).toEqual([201, 'äö!']);
    const record = await recorded();
    expect(record).toMatchObject({
      request: {
        method: 'PUT',
        host: `127.0.0.1:${server.port}`,
        scheme: 'http',
        target: '/mcp/a?b=c',
        httpVersion: '1.1',
        headers: { 'x-question': 'what' },
        remoteAddress: '127.0.0.1',
        localPort: server.port,
      },
      response: { status: 201, headers: { 'x-answer': 'yes' }, bytes: 5 },
      labels: { gateway: 'default/gateway', listener: 'mcp', route: 'default/route' },
      pathMatch: '/mcp/*',
      reason: 'Upstream',
      error: undefined,
    });
    expect(record?.request.remotePort).toBeGreaterThan(0);
    expect(record?.endTime).toBeGreaterThan(record?.startTime ?? Number.POSITIVE_INFINITY);
  });

  test('what is written in answer to HEAD is not counted', async () => {
    await fetch(server.url('/mcp'), { method: 'HEAD' });
    expect((await recorded())?.response).toMatchObject({ status: 200, bytes: 0 });
  });

  test('the absolute form of a target is served, and its host counts', async () => {
    connect(server.port, 'GET http://Other.example:80/mcp?a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect((await recorded())?.request).toMatchObject({ host: 'Other.example:80', target: '/mcp?a' });
  });

  test.each([
    ['another protocol', 'Connection: Upgrade, close\r\nUpgrade: h2c'],
    ['WebSocket, but not of this hop', 'Connection: close\r\nUpgrade: websocket'],
  ])('Upgrade is ignored, as RFC 9110 §7.8 allows: %s', async (_, fields) => {
    const client = connect(server.port, `GET /mcp HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`);
    expect(await client.closed).toMatch(/^HTTP\/1.1 200 /);
  });

  test('100-continue is answered before the body comes', async () => {
    server.handle = async ({ request, response }) => {
      for await (const chunk of request) response.write(chunk);
      response.end();
    };
    const head =
      'POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n';
    const client = connect(server.port, head);
    await until(() => client.received() === 'HTTP/1.1 100 Continue\r\n\r\n');
    client.send('ok');
    expect(await client.closed).toMatch(/HTTP\/1.1 200 OK.*ok/s);
  });
});

describe('a request that is not served', () => {
  test('WebSocket is refused in so many words', async () => {
    const fields = 'Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13';
    const client = connect(server.port, `GET /mcp HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`);
    await until(() => client.received().includes('\r\n\r\nWebSocket is not supported'));
    expect(client.received()).toMatch(/^HTTP\/1.1 501 /);
    expect(await recorded()).toMatchObject({
      labels: { route: 'default/route' },
      error: { type: 'upgrade_unsupported' },
    });
    client.socket.destroy();
  });

  test.each([
    ['/nope', 404, 'no route matches this request', 'route_not_found', 'NotFound'],
    ['/broken', 500, 'the route refers to a backend that cannot be used', 'backend_invalid', 'NoHealthyBackend'],
    [
      '/none',
      500,
      'the route refers to a backend that cannot be used: it has none with a weight',
      'backend_invalid',
      'NoHealthyBackend',
    ],
  ])('%s: %i', async (path, status, body, type, reason) => {
    expect(await answer(path)).toEqual([status, 'text/plain; charset=utf-8', body]);
    expect(await recorded()).toMatchObject({ response: { status, bytes: body.length }, error: { type }, reason });
  });

  test('what is wrong with a backend is for the record, not for the client', async () => {
    await answer('/broken');
    expect(await recorded()).toMatchObject({
      labels: { route: 'default/broken' },
      pathMatch: '/broken',
      backend: { name: 'default/nowhere', type: 'unknown', protocol: 'http' },
      error: {
        message:
          'the route refers to a backend that cannot be used: Backend not found: default/nowhere (BackendNotFound)',
      },
    });
  });

  test('no listener for the host: 404, with the labels of the port’s Gateway', async () => {
    await server.server.apply(aSnapshot(aBind(0, { listeners: [aListener({ hostname: aHostname('a.example') })] })));
    expect(await answer('/mcp')).toEqual([404, 'text/plain; charset=utf-8', 'no listener serves this host']);
    expect(await recorded()).toMatchObject({
      telemetry: undefined,
      labels: { bind: '0/default/gateway', gateway: 'default/gateway', listener: 'unknown' },
      error: { type: 'listener_not_found' },
    });
  });

  test('errors with a JSON-RPC code are answered with it, and with the request’s id', async () => {
    server.handle = async ({ record }) => {
      record.mcp = { ...noFacts(), requestId: 7 };
      throw new GatewayError('session_not_found', { data: { why: 'because' } });
    };
    const [status, type, body] = await answer('/mcp');
    expect([status, type]).toEqual([404, 'application/json']);
    expect(JSON.parse(body)).toEqual({
      jsonrpc: '2.0',
      id: 7,
      error: { code: -32001, message: 'session not found: initialize again', data: { why: 'because' } },
    });
    expect(await recorded()).toMatchObject({ reason: 'MCP', error: { type: 'session_not_found' } });
  });

  test('an unforeseen error says nothing to the client, and everything to the log', async () => {
    server.handle = async () => {
      throw new TypeError('secret detail');
    };
    const [status, , body] = await answer('/mcp');
    expect(status).toBe(500);
    expect(JSON.parse(body)).toMatchObject({ id: null, error: { code: -32603, message: 'internal error' } });
    expect(await recorded()).toMatchObject({ error: { type: 'internal_error', message: 'internal error' } });
    expect(server.logs).toHaveLength(1);
    expect(server.logs[0]?.fields.cause).toMatch(/^TypeError: secret detail\n\s+at /);
  });

  test('headers that a handler had set go with the error', async () => {
    server.handle = async ({ response }) => {
      response.setHeader('allow', 'POST');
      throw new GatewayError('method_not_allowed');
    };
    const response = await fetch(server.url('/mcp'));
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('an error after the header breaks the connection: it cannot be told otherwise', async () => {
    server.handle = async ({ response }) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('begun');
      throw new GatewayError('internal_error');
    };
    await expect(fetch(server.url('/mcp')).then((response) => response.text())).rejects.toThrow();
    expect(await recorded()).toMatchObject({ response: { status: 200 }, error: { type: 'internal_error' } });
  });

  test('a handler that forgets to answer leaves nobody waiting', async () => {
    server.handle = async () => {};
    expect((await answer('/mcp'))[0]).toBe(500);
    expect(server.logs[0]?.fields.cause).toMatch(/the handler did not end the response/);
  });
});
