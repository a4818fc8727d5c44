import { createHash, randomBytes } from 'node:crypto';
import { type IncomingMessage, request as send } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test } from '@jest/globals';
import { connect, until } from '../../../support/http/server.ts';
import { type Endpoint, startEndpoint } from '../../../support/proxy/endpoint.ts';
import { anEndpoint, type ProxyGateway, type ProxyGatewayOptions, startProxy } from '../../../support/proxy/gateway.ts';

let endpoint: Endpoint;
let gateway: ProxyGateway;

afterEach(async () => {
  await gateway.close();
  await endpoint.close();
});

type Serve = Parameters<typeof startEndpoint>[0];

const start = async (serve: Serve, options: ProxyGatewayOptions = {}): Promise<void> => {
  endpoint = await startEndpoint(serve);
  gateway = await startProxy([anEndpoint(endpoint.port)], options);
};

const open = (method: string, headers: Record<string, string> = {}) => {
  const request = send({ port: gateway.port, host: '127.0.0.1', agent: false, method, headers });
  request.on('error', () => {});
  const answer = new Promise<IncomingMessage>((resolve) => request.on('response', resolve));
  return { request, answer };
};

const MIB = 1_024 * 1_024;
const CHUNK = randomBytes(64 * 1_024);

/** So many bytes; `pulled` says how many were asked for. */
const source = (size: number): { readonly stream: Readable; readonly pulled: () => number } => {
  let pulled = 0;
  const stream = new Readable({
    read() {
      pulled += CHUNK.length;
      this.push(pulled > size ? null : CHUNK);
    },
  });
  return { stream, pulled: () => pulled };
};

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of buffers that somebody still needs. */
const held = (): number => {
  // The second collection ends the first one's sweep of buffers, which goes on in the background.
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
};

const digestOf = async (stream: AsyncIterable<Buffer>): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
};

test('64 MiB go through and come back whole, in little memory', async () => {
  await start((request, response) => void pipeline(request, response).catch(() => {}));
  const { request, answer } = open('POST');
  const before = held();
  let most = 0;
  let received = 0;
  // Looked at now and then on the way: a collection of garbage takes its time.
  const sampled = async function* (stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of stream) {
      const sample = Math.floor(received / (8 * MIB));
      received += chunk.length;
      yield chunk;
      if (Math.floor(received / (8 * MIB)) === sample) continue;
      // What was read in one go is garbage only when it has been dealt with.
      await new Promise((resolve) => setTimeout(resolve, 20));
      most = Math.max(most, held() - before);
    }
  };
  const sent = pipeline(source(64 * MIB).stream, request);
  const [digest] = await Promise.all([digestOf(sampled(await answer)), sent]);
  expect(digest).toBe(await digestOf(source(64 * MIB).stream));
  const [record] = await gateway.records(1);
  expect(record).toMatchObject({ request: { bytes: 64 * MIB }, response: { bytes: 64 * MIB }, error: undefined });
  // Client, gateway and endpoint together.
  expect(most).toBeLessThan(16 * MIB);
});

test('an endpoint that does not read stops the client', async () => {
  let paused: IncomingMessage | undefined;
  await start((request, response) => {
    paused = request;
    request.on('end', () => response.end('all'));
  });
  const { request, answer } = open('POST');
  const { stream, pulled } = source(64 * MIB);
  stream.pipe(request);
  await until(() => paused !== undefined);
  let before = -1;
  while (pulled() !== before) {
    before = pulled();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(before).toBeLessThan(32 * MIB);
  paused?.resume();
  expect((await answer).statusCode).toBe(200);
  expect(pulled()).toBeGreaterThan(64 * MIB);
});

test('a client that does not read stops the endpoint', async () => {
  const { stream, pulled } = source(64 * MIB);
  await start((_request, response) => void pipeline(stream, response).catch(() => {}));
  const { request, answer } = open('GET');
  request.end();
  const received = await answer;
  let before = -1;
  while (pulled() !== before) {
    before = pulled();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(before).toBeLessThan(32 * MIB);
  let size = 0;
  for await (const chunk of received) size += chunk.length;
  expect(size).toBe(64 * MIB);
});

test('events pass through at once, and so does a header whose body is yet to come', async () => {
  const events: ((text: string) => void)[] = [];
  await start((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    events.push((text) => response.write(text));
  });
  const { closed: _closed, received } = connect(gateway.port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n');
  await until(() => received().includes('\r\n\r\n'));
  for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
    events[0]?.(text);
    await until(() => received().includes(text));
  }
});

test('question and answer may overlap', async () => {
  await start((request, response) => {
    response.writeHead(200).flushHeaders();
    request.on('data', (chunk) => response.write(`${chunk}!`)).on('end', () => response.end());
  });
  const { request, answer } = open('POST');
  request.write('one');
  const received = (await answer).setEncoding('utf8');
  let text = '';
  received.on('data', (chunk) => {
    text += chunk;
  });
  await until(() => text === 'one!');
  request.end('two');
  await until(() => text === 'one!two!');
});

test('an answer that comes before its request is read whole is told, and the connection goes on', async () => {
  await start((_request, response) => response.writeHead(413, { 'content-length': '2' }).end('no'));
  const { received, send: say } = connect(gateway.port, 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc');
  await until(() => received().endsWith('\r\n\r\nno'));
  say('defGET / HTTP/1.1\r\nHost: h\r\n\r\n');
  await until(() => received().split('HTTP/1.1 413').length === 3);
  expect((await gateway.records(2)).map(({ response }) => response.status)).toEqual([413, 413]);
});

test('a client that never stops sending after its answer is cut off', async () => {
  await start((_request, response) => response.writeHead(413, { 'content-length': '2' }).end('no'));
  const client = connect(gateway.port, 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
  const drip = setInterval(() => client.send('1\r\na\r\n'), 50);
  expect(await client.closed).toMatch(/^HTTP\/1\.1 413 .*\r\n\r\nno$/s);
  clearInterval(drip);
  expect(await gateway.records(1)).toMatchObject([{ response: { status: 413 }, error: undefined }]);
  await gateway.idle();
});

test('no more exchanges at a time than one origin may have', async () => {
  const waiting: (() => void)[] = [];
  await start((_request, response) => void waiting.push(() => response.end()), { upstream: { maxConnections: 2 } });
  const ask = () => fetch(gateway.server.url('/')).then(({ status }) => status);
  const served = [ask(), ask()];
  await until(() => waiting.length === 2);
  expect(await ask()).toBe(503);
  for (const answer of waiting) answer();
  expect(await Promise.all(served)).toEqual([200, 200]);
  expect(endpoint.opened()).toBe(2);
});
