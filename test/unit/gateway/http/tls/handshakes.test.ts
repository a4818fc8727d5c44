import { createConnection } from 'node:net';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import type { ServerLimits } from '../../../../../gateway/http/limits.ts';
import { createAuthority, type KeyPair } from '../../../../support/acceptance/authority.ts';
import { connect, type RawClient, startServer, type TestServer, until } from '../../../../support/http/server.ts';
import { aBind, aListener, aSnapshot } from '../../../../support/http/snapshot.ts';
import { aCertificate, connectTls, helloOf } from '../../../../support/http/tls.ts';

const GET = 'GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n';
const CLOSING_GET = 'GET /mcp HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const SNI = 'a';
/** What every ClientHello begins with. */
const HELLO = '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003';
/** Between two bytes of a slow client. */
const PAUSE = 20;
/** Limit of a handshake that shall reach it, and of one that shall not, in milliseconds. */
const SHORT = 1_000;
const NEVER = 60_000;

let pair: KeyPair;
let server: TestServer;

beforeAll(async () => {
  pair = await (await createAuthority()).issue(SNI);
});

const start = async (limits: Partial<ServerLimits>): Promise<void> => {
  const listeners = [aListener({ certificates: [aCertificate(pair)] })];
  server = await startServer(aSnapshot(aBind(0, { protocol: 'HTTPS', listeners })), { limits });
};

/** Whoever came: nothing was recorded or logged, and the next one is served. */
afterEach(async () => {
  expect(await connectTls(server.port, SNI, CLOSING_GET).closed).toMatch(/^HTTP\/1.1 200 .*served$/s);
  await until(() => server.server.ports[0]?.connections === 0);
  expect([server.records.length, server.logs]).toEqual([1, []]);
  await server.close();
});

/** How long it takes until the other side has had enough. */
const patience = async (ended: Promise<unknown>): Promise<number> => {
  const begin = performance.now();
  await ended;
  return performance.now() - begin;
};

/** Sends a text byte by byte, if there is any, until the other side has had enough. */
const trickle = async (client: RawClient, text: string): Promise<void> => {
  let at = 0;
  const timer = setInterval(() => client.socket.write(text.slice(at, ++at), 'latin1'), PAUSE);
  await client.closed;
  clearInterval(timer);
};

test.each([
  ['plain HTTP', GET],
  ['HTTP/2 with prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['SSL 2', '\u0080\u002e\u0001\u0000\u0002'],
  ['a ClientHello that is none', `${HELLO}${'x'.repeat(600)}`],
  ['one that is too long', '\u0016\u0003\u0001\u0000\u0004\u0001\u00ff\u00ff\u00ff'],
])('%s on its port: closed at once, and nobody’s request', async (_what, text) => {
  await start({ handshakeTimeout: NEVER });
  const client = connect(server.port);
  client.socket.write(text, 'latin1');
  expect(await patience(client.closed)).toBeLessThan(5_000);
  expect(client.received()).not.toMatch(/HTTP/);
});

test.each([
  ['silence', '', ''],
  ['a ClientHello that comes byte by byte', '', HELLO],
  ['one that is not finished', HELLO, ''],
])('a handshake that never ends: %s', async (_what, begin, rest) => {
  await start({ handshakeTimeout: SHORT });
  const client = connect(server.port);
  client.socket.write(begin, 'latin1');
  await until(() => server.server.ports[0]?.connections === 1);
  expect(await patience(trickle(client, rest))).toBeGreaterThan(SHORT / 2);
  expect(client.received()).toBe('');
});

test('one that never ends behind its ClientHello', async () => {
  await start({ handshakeTimeout: SHORT });
  const hello = await helloOf(SNI);
  const client = connect(server.port);
  client.socket.write(hello);
  // The server's part comes, the client's does not.
  expect(await patience(client.closed)).toBeGreaterThan(SHORT / 2);
  expect(client.received().length).toBeGreaterThan(0);
});

test.each([
  ['with garbage', (client: RawClient) => client.send('garbage')],
  ['with a reset', (client: RawClient) => client.socket.resetAndDestroy()],
  ['with a goodbye', (client: RawClient) => client.socket.end()],
])('one that ends %s', async (_what, end) => {
  await start({ handshakeTimeout: NEVER });
  const client = connect(server.port);
  client.socket.write(await helloOf(SNI));
  await until(() => client.received().length > 0);
  end(client);
  expect(await patience(client.closed)).toBeLessThan(5_000);
});

test('garbage behind the handshake ends the connection', async () => {
  await start({});
  const wire = createConnection({ port: server.port, host: '127.0.0.1' });
  const client = connectTls(server.port, SNI, '', { socket: wire });
  await new Promise((resolve) => client.socket.once('secureConnect', resolve));
  wire.write('garbage');
  await client.closed;
});

test('connections are counted from their first byte on', async () => {
  await start({ maxConnections: 2 });
  const silent = [connect(server.port), connect(server.port)];
  await until(() => server.server.ports[0]?.connections === 2);
  expect(await connect(server.port).closed).toBe('');
  expect(server.logs.splice(0).map(({ message }) => message)).toEqual(['connections are refused: there are too many']);
  for (const { socket } of silent) socket.destroy();
  await until(() => server.server.ports[0]?.connections === 0);
});
