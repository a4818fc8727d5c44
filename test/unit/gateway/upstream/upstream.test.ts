import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { UpstreamListener } from '../../../../gateway/upstream/exchange.ts';
import type { UpstreamTarget } from '../../../../gateway/upstream/target.ts';
import { Upstream } from '../../../../gateway/upstream/upstream.ts';

let server: Server;
let sockets: Set<Socket>;
let upstream: Upstream;

beforeEach(async () => {
  sockets = new Set();
  upstream = new Upstream();
  server = createServer((request, response) => {
    if (request.url === '/early') {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
    }
    response.end('hello');
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  await upstream.close();
  server.closeAllConnections();
  server.close();
});

const target = (): UpstreamTarget => {
  const { port } = server.address() as AddressInfo;
  return {
    name: 't',
    host: '127.0.0.1',
    port,
    path: '/',
    protocol: 'StreamableHTTP',
    tls: undefined,
    credentials: [],
    authority: `127.0.0.1:${port}`,
  };
};

/** The events of one exchange, until its end. */
const exchange = (path = '/', headers: string[] = []): Promise<string[]> =>
  new Promise((resolve) => {
    const heard: string[] = [];
    const listener: UpstreamListener = {
      onHeaders: (status) => heard.push(`headers ${status}`),
      onData: (chunk) => heard.push(`data ${chunk}`),
      // The connection is free again a turn of the event loop later.
      onEnd: () => setTimeout(resolve, 10, [...heard, 'end']),
      onError: ({ code }) => resolve([...heard, code]),
    };
    upstream.send(target(), { method: 'GET', path, headers, body: undefined }, listener);
  });

test('interim responses are passed over', async () => {
  expect(await exchange('/early')).toEqual(['headers 200', 'data hello', 'end']);
});

test('a request that cannot be written is an error like others, not an exception', async () => {
  expect(await exchange('no slash')).toEqual(['internal_error']);
  expect(await exchange('/', ['x', 'line\r\nbreak'])).toEqual(['internal_error']);
});

test('connections are kept, across snapshots too, and closed when no target needs them', async () => {
  await exchange();
  await exchange();
  expect(sockets.size).toBe(1);
  upstream.retain([target()]);
  await exchange();
  expect(sockets.size).toBe(1);
  const [socket] = sockets;
  const closed = new Promise<void>((resolve) => socket?.on('close', () => resolve()));
  upstream.retain([]);
  await closed;
});

test('a request of an older snapshot is still served after its target has gone', async () => {
  await exchange();
  upstream.retain([]);
  expect(await exchange()).toEqual(['headers 200', 'data hello', 'end']);
});

test('closing ends exchanges that are under way', async () => {
  server.removeAllListeners('request');
  const arrived = new Promise<void>((resolve) => server.once('request', () => resolve()));
  const waiting = exchange();
  await arrived;
  await upstream.close();
  expect(await waiting).toEqual(['upstream_unreachable']);
});

test('an exchange given up while it waits for a connection keeps its place until the connection is given up too', async () => {
  const held: Socket[] = [];
  const silent = createTcpServer((socket) => held.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  // It never shakes hands.
  const { port } = silent.address() as AddressInfo;
  const waiting = { ...target(), port, tls: { sni: 'a' }, connectTimeout: 300 };
  await upstream.close();
  upstream = new Upstream({ maxConnections: 1 });
  const ask = (): Promise<string> =>
    new Promise((resolve) => {
      const request = { method: 'GET', path: '/', headers: [], body: undefined, timeout: 50 };
      upstream.send(waiting, request, {
        onHeaders: () => {},
        onData: () => {},
        onEnd: () => {},
        onError: ({ code }, sent) => resolve(`${code} ${sent}`),
      });
    });
  expect(await ask()).toBe('upstream_timeout false');
  expect(await ask()).toBe('upstream_overloaded false');
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(await ask()).toBe('upstream_timeout false');
  for (const socket of held) socket.destroy();
  silent.close();
});
