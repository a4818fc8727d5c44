import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openSession, post, toolCall } from '../../../support/mcp/client.ts';
import { startGateway, type TestGateway } from '../../../support/mcp/gateway.ts';
import { ANSWER, events, json, type ScriptedUpstream, startUpstream } from '../../../support/mcp/upstream.ts';

let upstream: ScriptedUpstream;
let gateway: TestGateway;
let session: Record<string, string>;

beforeEach(async () => {
  upstream = await startUpstream((response) => json(response, ANSWER));
  gateway = await startGateway(upstream.url, { upstream: { headersTimeout: 300, stallTimeout: 300 } });
  session = await openSession(gateway.url);
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

/** Nothing of the operating system, the library or the code. */
const SILENT = /ECONN|ENOTFOUND|errno|UND_ERR|node:|\.ts|127\.0\.0\.1|\bat /;

describe('an answer that is not 2xx is relayed as it is', () => {
  test.each([401, 404, 429, 500, 503])('%d', async (status) => {
    upstream.script = (response) => {
      response.writeHead(status, {
        'content-type': 'text/plain',
        'www-authenticate': 'Bearer realm="x"',
        'retry-after': '7',
      });
      response.end('the words of the upstream');
    };
    const answer = await post(gateway.url, toolCall('echo'), session);
    expect([answer.status, await answer.text()]).toEqual([status, 'the words of the upstream']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="x"');
    expect(answer.headers.get('retry-after')).toBe('7');
    const record = gateway.records.at(-1);
    expect(record).toMatchObject({
      reason: 'MCP',
      error: { type: String(status), message: `mcp: upstream error: ${status}` },
    });
    expect(record?.upstreamCalls).toMatchObject([{ status, error: undefined }]);
  });

  test('a JSON-RPC error in it is recorded', async () => {
    upstream.script = (response) =>
      json(response, { jsonrpc: '2.0', id: 2, error: { code: -32602, message: 'no' } }, 400);
    expect((await post(gateway.url, toolCall('echo'), session)).status).toBe(400);
    expect(gateway.records.at(-1)?.mcp).toMatchObject({ errorCode: -32602, errorMessage: 'no' });
  });
});

describe('before the answer has begun, the client gets a JSON-RPC error', () => {
  const refused = async (status: number, code: string) => {
    const answer = await post(gateway.url, toolCall('echo', 'call-1'), session);
    const text = await answer.text();
    expect([answer.status, gateway.records.at(-1)?.error?.type]).toEqual([status, code]);
    expect(gateway.records.at(-1)?.upstreamCalls).toMatchObject([{ error: { type: code } }]);
    expect(JSON.parse(text)).toMatchObject({ jsonrpc: '2.0', id: 'call-1', error: { code: -32603 } });
    expect(text).not.toMatch(SILENT);
  };

  test('nobody listens', async () => {
    await upstream.close();
    await refused(502, 'upstream_unreachable');
  });

  test('no answer comes', async () => {
    upstream.script = () => {};
    await refused(504, 'upstream_timeout');
  });

  test('the connection is reset', async () => {
    upstream.script = (response) => response.socket?.resetAndDestroy();
    await refused(502, 'upstream_closed');
  });

  test('the connection is closed', async () => {
    upstream.script = (response) => response.socket?.end();
    await refused(502, 'upstream_closed');
  });

  test('the answer is not HTTP', async () => {
    upstream.script = (response) => response.socket?.end('SSH-2.0-OpenSSH_9.6\r\n\r\n');
    await refused(502, 'upstream_malformed');
  });

  test('the answer has a status that is none', async () => {
    upstream.script = (response) => response.socket?.end('HTTP/1.1 099 ?\r\n\r\n');
    await refused(502, 'upstream_malformed');
  });

  test('the answer has two content types', async () => {
    const types = 'content-type: application/json\r\ncontent-type: text/event-stream\r\n';
    upstream.script = (response) => response.socket?.end(`HTTP/1.1 200 OK\r\n${types}content-length: 2\r\n\r\n{}`);
    await refused(502, 'upstream_invalid');
  });

  test('the answer’s headers have no end', async () => {
    upstream.script = (response) => response.socket?.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`);
    await refused(502, 'upstream_malformed');
  });

  test.each<[string, number, Record<string, string>]>([
    ['a login page', 200, { 'content-type': 'text/html' }],
    ['nothing that says what it is', 200, {}],
    ['an acknowledgement', 202, {}],
  ])('the answer is %s', async (_name, status, headers) => {
    upstream.script = (response) => response.writeHead(status, headers).end('<html>');
    await refused(502, 'upstream_invalid');
  });

  test('two session ids at once', async () => {
    upstream.script = (response) =>
      response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': ['a', 'b'] }).end('{}');
    await refused(502, 'upstream_invalid');
  });

  test('a stream that is no stream', async () => {
    upstream.script = (response) => json(response, {});
    const answer = await fetch(gateway.url, { headers: { accept: 'text/event-stream', ...session } });
    expect(answer.status).toBe(502);
  });
});

describe('once an event stream has begun, the client gets the error as an event', () => {
  const broken = (id: string | number) => ({ id, error: { code: -32603, message: expect.stringContaining('closed') } });
  const messages = (text: string) =>
    text
      .split('\n\n')
      .filter((event) => !/^event: (?!message$)/m.test(event))
      .flatMap((event) => /^data: (.*)$/m.exec(event)?.[1] ?? [])
      .map((data) => JSON.parse(data));

  test('after a reset between events', async () => {
    upstream.script = (response) => {
      events(response).write('data: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n');
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    };
    const answer = await post(gateway.url, toolCall('echo', 'call-1'), session);
    expect(messages(await answer.text())).toMatchObject([{ method: 'notifications/progress' }, broken('call-1')]);
    expect(gateway.records.at(-1)).toMatchObject({ reason: 'UpstreamFailure', error: { type: 'upstream_closed' } });
  });

  test('after a reset in mid-event: no client reads the torn event', async () => {
    upstream.script = (response) => {
      events(response).write('event: message\ndata: {"jsonrpc":"2.0","id":2,"resu');
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    };
    const answer = await post(gateway.url, toolCall('echo'), session);
    expect(messages(await answer.text())).toMatchObject([broken(2)]);
  });

  test('after an end without the answer', async () => {
    upstream.script = (response) => events(response).end(': bye\n\n');
    expect(messages(await (await post(gateway.url, toolCall('echo'), session)).text())).toMatchObject([broken(2)]);
  });

  test('but not where the client can fetch the rest with GET', async () => {
    upstream.script = (response) => events(response).end('id: 1\nretry: 10\ndata:\n\n');
    expect(await (await post(gateway.url, toolCall('echo'), session)).text()).toBe('id: 1\nretry: 10\ndata:\n\n');
    expect(gateway.records.at(-1)?.error).toBeUndefined();
  });

  test('and not when the answer has gone by', async () => {
    upstream.script = (response) => {
      events(response).write(`data: ${JSON.stringify(ANSWER)}\n\n`);
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    };
    expect(await (await post(gateway.url, toolCall('echo'), session)).text()).toBe(
      `data: ${JSON.stringify(ANSWER)}\n\n`,
    );
    expect(gateway.records.at(-1)).toMatchObject({ error: undefined, mcp: { nameKnown: true } });
  });

  test('the stream of GET just ends', async () => {
    upstream.script = (response) => {
      events(response).write('data: {}\n\n');
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    };
    const answer = await fetch(gateway.url, { headers: { accept: 'text/event-stream', ...session } });
    expect(await answer.text()).toBe('data: {}\n\n');
  });
});

describe('once a JSON answer has begun, the connection breaks with it', () => {
  test.each<[string, (socket: Socket | null) => void, string]>([
    ['a reset', (socket) => socket?.resetAndDestroy(), 'upstream_closed'],
    ['silence', () => {}, 'upstream_timeout'],
  ])('after %s', async (_name, then, code) => {
    upstream.script = (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"jsonrpc":');
      setTimeout(() => then(response.socket), 20);
    };
    const record = gateway.nextRecord();
    const answer = await post(gateway.url, toolCall('echo'), session);
    await expect(answer.text()).rejects.toThrow();
    expect((await record).error?.type).toBe(code);
  });

  test('what is not JSON passes, and is recorded for what it is', async () => {
    upstream.script = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('garbage');
    expect(await (await post(gateway.url, toolCall('echo'), session)).text()).toBe('garbage');
    expect(gateway.records.at(-1)?.error?.type).toBe('upstream_invalid');
  });
});

test('more exchanges than the upstream may have at a time are refused at once', async () => {
  const narrow = await startGateway(upstream.url, { upstream: { maxConnections: 1 } });
  const held = await openSession(narrow.url);
  const holding = Promise.withResolvers<void>();
  let release = (): void => {};
  upstream.script = (response) => {
    release = () => json(response, ANSWER);
    holding.resolve();
  };
  const first = post(narrow.url, toolCall('echo'), held);
  await holding.promise;
  const second = await post(narrow.url, toolCall('echo'), held);
  expect([second.status, (await second.json()) as unknown]).toMatchObject([503, { error: { code: -32603 } }]);
  release();
  expect((await first).status).toBe(200);
  await narrow.close();
});

test('an address that is taken by something that never speaks', async () => {
  const sockets: Socket[] = [];
  const mute = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  const { port } = mute.address() as { port: number };
  const front = await startGateway(`http://127.0.0.1:${port}/mcp`, { upstream: { headersTimeout: 200 } });
  const answer = await post(front.url, '{"jsonrpc":"2.0","id":1,"method":"initialize"}');
  expect(answer.status).toBe(504);
  await front.close();
  for (const socket of sockets) {
    socket.destroy();
  }
  mute.close();
});
