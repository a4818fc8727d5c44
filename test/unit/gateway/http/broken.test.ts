import { createConnection } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { ServerLimits } from '../../../../gateway/http/limits.ts';
import { readBody } from '../../../../gateway/mcp/body.ts';
import { createAuthority, type KeyPair } from '../../../support/acceptance/authority.ts';
import {
  connect,
  type RawClient,
  rawClient,
  startServer,
  type TestServer,
  until,
} from '../../../support/http/server.ts';
import { aBind, aListener, aSnapshot } from '../../../support/http/snapshot.ts';
import { aCertificate, connectTls } from '../../../support/http/tls.ts';

const POST = 'POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n';
const GET = 'GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n';
const CLOSING_GET = 'GET /mcp HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
/** Between two bytes of a slow client; far below the limits, so that only their sum is too long. */
const PAUSE = 20;
/** As limits of whatever takes too long here, in milliseconds. */
const SHORT = 250;

let pair: KeyPair;
let server: TestServer;

beforeAll(async () => {
  pair = await (await createAuthority()).issue('a');
});

const start = async (protocol: 'HTTP' | 'HTTPS', limits: Partial<ServerLimits> = {}): Promise<void> => {
  const listeners = [aListener({ certificates: [aCertificate(pair)] })];
  server = await startServer(aSnapshot(aBind(0, { protocol, listeners })), {
    limits: { checkInterval: 20, ...limits },
  });
  server.handle = async ({ request, response }) => {
    await readBody(request, 1_024);
    response.end('served');
  };
};

/** Sends a text byte by byte until the other side has had enough. */
const trickle = async (client: RawClient, text: string): Promise<string> => {
  let at = 0;
  const timer = setInterval(() => client.send(text.charAt(at++ % text.length)), PAUSE);
  const answer = await client.closed;
  clearInterval(timer);
  return answer;
};

/** A connection that can be reset: TLS itself only says goodbye. */
const openWire = (protocol: 'HTTP' | 'HTTPS', text: string): RawClient & { readonly reset: () => void } => {
  const wire = createConnection({ port: server.port, host: '127.0.0.1' });
  const client = protocol === 'HTTP' ? rawClient(wire, text) : connectTls(server.port, 'a', text, { socket: wire });
  return { ...client, reset: () => wire.resetAndDestroy() };
};

const recorded = async (count: number) => {
  await until(() => server.records.length >= count);
  await until(() => server.server.ports[0]?.connections === 0);
  return server.records.map(({ response, error }) => [response.status, error?.type]);
};

describe.each<['HTTP' | 'HTTPS', (port: number, text?: string) => RawClient]>([
  ['HTTP', connect],
  ['HTTPS', (port, text) => connectTls(port, 'a', text)],
])('%s', (protocol, open) => {
  afterEach(async () => {
    const before = server.records.length;
    expect(await open(server.port, CLOSING_GET).closed).toMatch(/^HTTP\/1.1 200 .*served$/s);
    await until(() => server.records.length > before);
    expect(server.logs).toEqual([]);
    await server.close();
  });

  test.each([
    ['the request line', 'GET /', 'a'],
    ['header fields', 'GET /mcp HTTP/1.1\r\n', 'X-A: b\r\n'],
    ['the body', POST, 'x'],
    ['chunks', 'POST /mcp HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\nx\r\n'],
  ])('%s that comes byte by byte is given up, and told so', async (_what, head, rest) => {
    await start(protocol, { headersTimeout: SHORT, requestTimeout: SHORT, lingerTimeout: 100 });
    const client = open(server.port, head);
    expect(await trickle(client, rest)).toMatch(/^HTTP\/1.1 408 /);
    expect(await recorded(1)).toEqual([[408, 'request_timeout']]);
  });

  test('who says goodbye in the middle of a body, or of its header', async () => {
    await start(protocol);
    open(server.port, `${POST}half`).socket.end();
    expect((await recorded(1)).map(([status]) => status)).toEqual([400]);
    open(server.port, 'GET /mcp HTT').socket.end();
    expect((await recorded(2)).map(([status]) => status)).toEqual([400, 400]);
  });

  test('who says goodbye before a request, or behind its answer, has asked nothing more', async () => {
    await start(protocol);
    open(server.port).socket.end();
    const client = open(server.port, GET);
    await until(() => client.received().endsWith('served'));
    client.socket.end();
    await client.closed;
    expect(await recorded(1)).toEqual([[200, undefined]]);
  });

  test('who resets the connection in the middle of a body', async () => {
    await start(protocol);
    const { received, reset } = openWire(protocol, `${POST}half`);
    await until(() => server.server.ports[0]?.connections === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    reset();
    expect(await recorded(1)).toEqual([[499, 'client_closed']]);
    expect(received()).toBe('');
  });

  test('who resets the connection in the middle of an answer', async () => {
    await start(protocol);
    server.handle = async ({ response }) => {
      response.write('half');
      await new Promise((resolve) => response.on('close', resolve));
    };
    const { received, reset } = openWire(protocol, GET);
    await until(() => received().includes('half'));
    reset();
    expect((await recorded(1)).map(([status]) => status)).toEqual([200]);
    server.handle = async ({ response }) => void response.end('served');
  });
});
