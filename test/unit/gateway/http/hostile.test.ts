import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readBody } from '../../../../gateway/mcp/body.ts';
import { connect, startServer, type TestServer, until } from '../../../support/http/server.ts';
import { aSnapshot } from '../../../support/http/snapshot.ts';

const MAX_HEADER_BYTES = 2_048;

let server: TestServer;

beforeEach(async () => {
  server = await startServer(aSnapshot(0), { limits: { maxHeaderBytes: MAX_HEADER_BYTES, maxHeaders: 20 } });
});

afterEach(() => server.close());

/** What comes back for these bytes: status, and the body, which must be the whole of it. */
const send = async (text: string): Promise<readonly [status: number, body: string]> => {
  const answer = await connect(server.port, text).closed;
  const [head = '', ...body] = answer.split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 \d{3} /);
  expect(head).toMatch(/\r\nconnection: close(\r\n|$)/i);
  return [Number(head.slice(9, 12)), body.join('\r\n\r\n')];
};

const fields = (...lines: readonly string[]): string => ['GET /mcp HTTP/1.1', ...lines, '', ''].join('\r\n');

/** Closes after the answer, so that `send` sees its end. */
const CLOSE = 'Connection: close';

const recorded = async () => {
  await until(() => server.records.length > 0);
  return server.records.map(({ request, response, error, reason }) => ({
    method: request.method,
    status: response.status,
    error: error?.type,
    reason,
  }));
};

describe('malformed requests are answered with 400, without a word of what they said', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['TLS on a plain port', '\u0016\u0003\u0001\u0002\r\n\r\n'],
    ['HTTP/2 with prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an unknown version', 'GET /mcp HTTP/3.7\r\nHost: a\r\n\r\n'],
    ['space before a colon', fields('Host : a')],
    ['a folded field', fields('Host: a', 'X-A: b', ' c')],
    ['a bare line feed', 'GET /mcp HTTP/1.1\nHost: a\n\n'],
    ['a control character in a value', fields('Host: a', 'X-A: b\u0000c')],
    ['two lengths', fields('Host: a', 'Content-Length: 1', 'Content-Length: 2')],
    ['a length and chunks', fields('Host: a', 'Content-Length: 1', 'Transfer-Encoding: chunked')],
    ['a coding that is not the last', fields('Host: a', 'Transfer-Encoding: chunked, identity')],
    ['a length that is no number', fields('Host: a', 'Content-Length: 1x')],
  ])('%s', async (_what, text) => {
    expect(await send(text)).toEqual([400, 'malformed HTTP request']);
    expect(await recorded()).toEqual([
      { method: '', status: 400, error: 'request_malformed', reason: 'InvalidRequest' },
    ]);
  });

  test.each([
    ['no Host', fields(CLOSE), 'no Host'],
    ['two Hosts', fields('Host: a', 'Host: b', CLOSE), 'more than one Host'],
    ['a Host with a path', fields('Host: a/b', CLOSE), 'Host'],
    ['a Host with a user', fields('Host: a@b', CLOSE), 'Host'],
    ['a dot segment', `GET /mcp/../admin HTTP/1.1\r\nHost: a\r\n${CLOSE}\r\n\r\n`, 'the request target'],
  ])('%s', async (_what, text, detail) => {
    expect(await send(text)).toEqual([400, `malformed HTTP request: ${detail}`]);
    expect(await recorded()).toMatchObject([{ method: 'GET', status: 400, error: 'request_malformed' }]);
  });

  test('HTTP/1.0 may do without a Host', async () => {
    expect(await send('GET /mcp HTTP/1.0\r\n\r\n')).toEqual([200, 'served']);
  });
});

describe('limits', () => {
  test('header fields that are too long', async () => {
    const text = fields('Host: a', `X-A: ${'a'.repeat(2 * MAX_HEADER_BYTES)}`);
    expect(await send(text)).toEqual([431, 'the request header fields exceed the limit']);
    expect(await recorded()).toMatchObject([{ status: 431, error: 'headers_too_large' }]);
  });

  test('too many header fields: refused, not cut', async () => {
    const many = Array.from({ length: 19 }, (_, index) => `X-${index}: a`);
    expect(await send(fields('Host: a', ...many.slice(1), CLOSE))).toEqual([200, 'served']);
    expect((await send(fields('Host: a', ...many, 'X-A: b', CLOSE)))[0]).toBe(431);
    expect((await send(fields('Host: a', ...many, ...many, CLOSE)))[0]).toBe(431);
  });

  test('also where the parser cuts them by itself', async () => {
    await server.close();
    server = await startServer(aSnapshot(0), { limits: { maxHeaders: 64 } });
    const many = Array.from({ length: 100 }, (_, index) => `X-${index}: a`);
    expect((await send(fields('Host: a', CLOSE, ...many)))[0]).toBe(431);
  });

  test('a target that is too long', async () => {
    const text = `GET /${'a'.repeat(2 * MAX_HEADER_BYTES)} HTTP/1.1\r\nHost: a\r\n\r\n`;
    expect((await send(text))[0]).toBe(431);
  });
});

describe('what this gateway does not do', () => {
  test('CONNECT: 501', async () => {
    expect(await send('CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n')).toEqual([501, 'CONNECT is not supported']);
    expect(await recorded()).toMatchObject([{ method: 'CONNECT', status: 501, error: 'connect_unsupported' }]);
  });

  test('expectations but 100-continue: 417', async () => {
    const text = fields('Host: a', 'Expect: the-unexpected', CLOSE);
    expect(await send(text)).toEqual([417, 'Expect can only be 100-continue']);
    expect(await recorded()).toMatchObject([{ status: 417, error: 'expectation_failed' }]);
  });
});

describe('several requests at once on one connection', () => {
  const GET = 'GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n';

  test('are served one after another', async () => {
    let busy = 0;
    let most = 0;
    server.handle = async ({ response }) => {
      busy += 1;
      most = Math.max(most, busy);
      await new Promise((resolve) => setTimeout(resolve, 5));
      busy -= 1;
      response.end('x');
    };
    const client = connect(server.port, `${GET}${GET}${fields('Host: a', CLOSE)}`);
    expect((await client.closed).match(/HTTP\/1.1 200/g)).toHaveLength(3);
    expect(most).toBe(1);
    expect(await recorded()).toHaveLength(3);
  });

  test('a long queue ends the connection', async () => {
    await server.close();
    server = await startServer(aSnapshot(0), { limits: { maxPipelined: 4 } });
    server.handle = ({ response }) => new Promise((resolve) => response.on('close', resolve));
    expect(await connect(server.port, GET.repeat(6)).closed).toBe('');
    await until(() => server.records.length === 5);
    expect(await recorded()).toEqual(
      Array(5).fill({ method: 'GET', status: 499, error: 'client_closed', reason: 'InvalidRequest' }),
    );
  });

  test('garbage behind a request ends the connection, not in the middle of an answer', async () => {
    const answer = Promise.withResolvers<void>();
    server.handle = async ({ response }) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half');
      await answer.promise;
      response.end();
    };
    const client = connect(server.port, GET);
    await until(() => client.received().endsWith('half'));
    client.send('GARBAGE\r\n\r\n');
    expect(await client.closed).toMatch(/half$/);
    answer.resolve();
    expect(await recorded()).toHaveLength(1);
  });
});

test('a body that turns bad under its answer ends the connection: a second answer would be taken for the first one’s', async () => {
  server.handle = async ({ response }) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half');
    await new Promise((resolve) => response.on('close', resolve));
  };
  const client = connect(server.port, 'POST /mcp HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  await until(() => client.received().endsWith('half'));
  client.send('no chunk\r\n');
  expect(await client.closed).toMatch(/half$/);
  expect(await recorded()).toMatchObject([{ method: 'POST', status: 200 }]);
});

test('a body that turns bad before an answer: 400', async () => {
  server.handle = async ({ request, response }) => {
    await readBody(request, 1_024);
    response.end('never');
  };
  const head = 'POST /mcp HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  expect(await send(`${head}no chunk\r\n`)).toEqual([400, 'malformed HTTP request']);
  expect(await recorded()).toMatchObject([{ method: 'POST', status: 400, error: 'request_malformed' }]);
});

test('more connections than the limit are refused, and told of once', async () => {
  await server.close();
  server = await startServer(aSnapshot(0), { limits: { maxConnections: 2 } });
  const first = [connect(server.port), connect(server.port)];
  await Promise.all(first.map(({ socket }) => new Promise((resolve) => socket.on('connect', resolve))));
  const more = [connect(server.port), connect(server.port)];
  await Promise.all(more.map(({ closed }) => closed));
  expect(server.logs.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    'warn: connections are refused: there are too many',
  ]);
  for (const { socket } of first) socket.destroy();
});
