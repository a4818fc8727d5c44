import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { UpstreamTarget } from '../../../../gateway/upstream/target.ts';
import { freePort } from '../../../support/free-port.ts';
import { connect, type RawClient, until } from '../../../support/http/server.ts';
import { type Endpoint, startRawEndpoint } from '../../../support/proxy/endpoint.ts';
import { anEndpoint, type ProxyGateway, type ProxyGatewayOptions, startProxy } from '../../../support/proxy/gateway.ts';

const GET = 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';
const UPLOAD = 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';

let endpoint: Endpoint;
let gateway: ProxyGateway;

afterEach(async () => {
  await gateway.close();
  await endpoint.close();
});

type Speak = (socket: Socket) => void;

/** The endpoint says `first` to the first request and OK to all others; there is one connection to it, so that none may be lost. */
const start = async (
  first: Speak,
  { upstream, ...options }: ProxyGatewayOptions = {},
  target: Partial<UpstreamTarget> = {},
): Promise<void> => {
  let count = 0;
  endpoint = await startRawEndpoint((socket) => {
    count += 1;
    if (count === 1) first(socket);
    else socket.end(OK);
  });
  gateway = await startProxy([anEndpoint(endpoint.port, target)], {
    upstream: { maxConnections: 1, stallTimeout: 300, ...upstream },
    ...options,
  });
};

const ask = (text = GET): RawClient => connect(gateway.port, text);

/** What came, with the body only; a broken connection is `…`. */
const answer = async ({ closed, broken }: RawClient): Promise<string> => {
  const received = await closed;
  const [, status = '-', , body = ''] = /^HTTP\/1\.1 (\d+) (.*?)\r\n\r\n(.*)$/s.exec(received) ?? [];
  return `${status} ${body}${broken() ? '…' : ''}`;
};

/** The first exchange was recorded once, like this; all it held is free again, and the next one is served. */
const recorded = async (expected: object): Promise<void> => {
  await gateway.idle();
  expect(await gateway.records(1)).toMatchObject([expected]);
  expect(await answer(ask())).toBe('200 ok');
  expect(await gateway.records(2)).toHaveLength(2);
  // Nothing came unforeseen.
  expect(gateway.server.logs).toEqual([]);
  await gateway.idle();
};

const failed = (type: string, status: number): object => ({
  response: { status },
  error: { type },
  upstreamCalls: [{ error: { type } }],
});

describe('an endpoint that does not answer: the client is told', () => {
  test.each<[string, Speak, string, number]>([
    ['never says anything', () => {}, 'upstream_timeout', 504],
    ['closes', (socket) => socket.destroy(), 'upstream_closed', 502],
    ['half-closes', (socket) => socket.end(), 'upstream_closed', 502],
    ['resets', (socket) => socket.resetAndDestroy(), 'upstream_closed', 502],
    ['speaks something else', (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n\r\n'), 'upstream_malformed', 502],
    [
      'switches protocols unasked',
      (socket) => socket.end('HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
      'upstream_closed',
      502,
    ],
    [
      'has two lengths',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc'),
      'upstream_closed',
      502,
    ],
    [
      'has a length and chunks',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
      'upstream_closed',
      502,
    ],
    [
      'never ends its header',
      (socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`),
      'upstream_malformed',
      502,
    ],
    ['begins and stops in its header', (socket) => socket.write('HTTP/1.1 200 OK\r\nx:'), 'upstream_timeout', 504],
    [
      'sends a field that nobody may send',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nx: a\x01b\r\nContent-Length: 0\r\n\r\n'),
      'upstream_malformed',
      502,
    ],
  ])('%s', async (_name, speak, type, status) => {
    await start(speak, { upstream: { headersTimeout: 300 } });
    expect(await answer(ask())).toMatch(new RegExp(`^${status} the upstream server [^…]*$`));
    await recorded(failed(type, status));
  });

  test('refuses connections', async () => {
    await start(() => {});
    const refusing = await startProxy([anEndpoint(await freePort())]);
    expect(await answer(connect(refusing.port, GET))).toBe('502 the upstream server could not be reached');
    expect(await refusing.records(1)).toMatchObject([failed('upstream_unreachable', 502)]);
    await refusing.close();
  });

  test('there is none', async () => {
    await start(() => {});
    const empty = await startProxy([]);
    expect(await answer(connect(empty.port, GET))).toBe('503 the backend has no ready endpoint');
    expect(await empty.records(1)).toMatchObject([{ reason: 'NoHealthyBackend', upstreamCalls: [] }]);
    await empty.close();
  });
});

describe('an answer that breaks off: so does the client’s connection', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\n';
  test.each<[string, Speak, string, string]>([
    ['short of its length', (socket) => socket.end(`${HEAD}Content-Length: 9\r\n\r\nabc`), 'abc', 'upstream_closed'],
    [
      'by a reset',
      (socket) =>
        socket.write(`${HEAD}Content-Length: 9\r\n\r\nabc`, () => setTimeout(() => socket.resetAndDestroy(), 50)),
      'abc',
      'upstream_closed',
    ],
    [
      'between chunks',
      (socket) => socket.end(`${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`),
      'abc',
      'upstream_closed',
    ],
    [
      'by a chunk that is none',
      (socket) => socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n`),
      'abc',
      'upstream_malformed',
    ],
    [
      'by a chunk longer than it says',
      (socket) => socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n`),
      'abc',
      'upstream_malformed',
    ],
    ['by silence', (socket) => socket.write(`${HEAD}Content-Length: 9\r\n\r\nabc`), 'abc', 'upstream_timeout'],
  ])('%s', async (_name, speak, body, type) => {
    await start(speak);
    const client = ask();
    const received = await client.closed;
    expect(received).toContain(body);
    // Neither as long as was said, nor with the last chunk.
    expect(received).not.toMatch(/0\r\n\r\n$/);
    await recorded(failed(type, 200));
  });
});

test.each<[string, Speak]>([
  [
    'at once',
    (socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'),
  ],
  [
    'a little later',
    (socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', () =>
        setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'), 20),
      ),
  ],
  ['after a 204', (socket) => socket.write('HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil')],
])('an endpoint that sends more than its answer, %s: nobody gets it', async (name, speak) => {
  await start(speak);
  expect(await answer(ask())).toBe(name.includes('204') ? '204 ' : '200 ok');
  await new Promise((resolve) => setTimeout(resolve, 50));
  await recorded({ error: undefined });
});

describe('time that a route gives', () => {
  const silent: Speak = () => {};
  const begins: Speak = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc');
  const LIMITS: [string, ProxyGatewayOptions, Partial<UpstreamTarget>][] = [
    ['the request', { forward: { requestTimeout: 500 } }, {}],
    ['the attempt', { forward: { backendTimeout: 500 } }, {}],
    ['the endpoint', {}, { requestTimeout: 500 }],
  ];

  test.each(LIMITS)('for %s is over before the answer begins', async (_name, options, target) => {
    await start(silent, { ...options, upstream: { stallTimeout: 60_000 } }, target);
    expect(await answer(ask())).toBe('504 the upstream server did not answer in time');
    await recorded({ ...failed('upstream_timeout', 504), reason: 'Timeout' });
  });

  test.each(LIMITS)('for %s is over before the answer is complete', async (_name, options, target) => {
    await start(begins, { ...options, upstream: { stallTimeout: 60_000 } }, target);
    expect(await answer(ask())).toBe('200 abc');
    await recorded({ ...failed('upstream_timeout', 200), reason: 'Timeout' });
  });

  test.each(LIMITS)('for %s ends when an event stream begins', async (_name, options, target) => {
    const streams: Speak = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 6\r\n\r\nabc');
      setTimeout(() => socket.end('def'), 800);
    };
    await start(streams, options, target);
    expect(await answer(ask())).toBe('200 abcdef');
    await recorded({ error: undefined });
  });

  test('counts the upload', async () => {
    await start(silent, { forward: { requestTimeout: 100 }, limits: { lingerTimeout: 50 } });
    expect(await answer(ask(UPLOAD))).toBe('504 the upstream server did not answer in time');
    await recorded(failed('upstream_timeout', 504));
  });

  test('of none, or of more than a timer can count, is no limit', async () => {
    await start((socket) => setTimeout(() => socket.end(OK), 50), { forward: { requestTimeout: 1e12 } });
    expect(await answer(ask())).toBe('200 ok');
    await recorded({ error: undefined });
  });
});

describe('a client', () => {
  const gone = (status: number): object => failed('client_closed', status);
  let peer: Socket | undefined;
  const holding =
    (text = ''): Speak =>
    (socket) => {
      peer = socket;
      socket.write(text);
    };
  const opened = () => until(() => peer !== undefined);

  afterEach(() => {
    peer = undefined;
  });

  test('that goes away before its answer frees the endpoint', async () => {
    await start(holding());
    const { socket } = ask();
    await opened();
    socket.resetAndDestroy();
    await until(() => endpoint.open() === 0);
    await recorded(gone(499));
  });

  test('that goes away in mid-answer frees the endpoint', async () => {
    await start(holding('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'), { upstream: { stallTimeout: 60_000 } });
    const client = ask();
    await until(() => client.received().endsWith('abc'));
    client.socket.resetAndDestroy();
    await until(() => endpoint.open() === 0);
    await recorded(gone(200));
  });

  test('that goes away in mid-upload leaves no half request behind that could pass for a whole one', async () => {
    await start(holding());
    const { socket } = ask(UPLOAD);
    await opened();
    socket.resetAndDestroy();
    await until(() => endpoint.open() === 0);
    await recorded({ ...gone(499), request: { bytes: 3 } });
  });

  test('that sends one byte a second is told to hurry', async () => {
    await start(holding(), { limits: { requestTimeout: 200, headersTimeout: 200, checkInterval: 50 } });
    const client = ask(UPLOAD);
    expect(await answer(client)).toBe('408 the request was not received in time');
    await until(() => endpoint.open() === 0);
    await recorded({ response: { status: 408 }, error: { type: 'request_timeout' } });
  });

  test('that sends a chunk that is none', async () => {
    await start(holding());
    const client = ask('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    await opened();
    client.send('zz\r\n');
    expect(await answer(client)).toBe('400 malformed HTTP request');
    await until(() => endpoint.open() === 0);
    await recorded({ response: { status: 400 }, error: { type: 'request_malformed' } });
  });
});
