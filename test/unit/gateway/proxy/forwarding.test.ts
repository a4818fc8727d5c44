import { type IncomingMessage, type RequestOptions, request as send } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { UpstreamTarget } from '../../../../gateway/upstream/target.ts';
import { connect } from '../../../support/http/server.ts';
import { type Endpoint, startEndpoint, startRawEndpoint } from '../../../support/proxy/endpoint.ts';
import { anEndpoint, type ProxyGateway, type ProxyGatewayOptions, startProxy } from '../../../support/proxy/gateway.ts';

let endpoint: Endpoint;
let gateway: ProxyGateway;
/** Requests as the endpoint received them. */
let seen: IncomingMessage[];

afterEach(async () => {
  await gateway.close();
  await endpoint.close();
});

const start = async (options: ProxyGatewayOptions = {}, target: Partial<UpstreamTarget> = {}): Promise<void> => {
  seen = [];
  endpoint = await startEndpoint((request, response) => {
    seen.push(request);
    request.resume().on('end', () => response.end('hello'));
  });
  gateway = await startProxy([anEndpoint(endpoint.port, target)], options);
};

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: string[];
  readonly body: string;
}

const ask = (options: RequestOptions = {}, body?: string | Buffer): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = send({ port: gateway.port, host: '127.0.0.1', agent: false, ...options }, (response) => {
      let text = '';
      response.setEncoding('latin1').on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', reject).on('end', () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          body: text,
        }),
      );
    });
    request.on('error', reject).end(body);
  });

/** What these have of the fields that are looked for. */
const picked = (headers: IncomingMessage['headers'] = {}, expected: object) =>
  Object.fromEntries(Object.keys(expected).map((name) => [name, headers[name]]));

describe('the request', () => {
  test('keeps its method, target, host and fields', async () => {
    await start();
    const headers = { host: 'echo.example.com', 'X-Custom': 'one', cookie: 'a=b' };
    const answer = await ask({ method: 'PATCH', path: '/a%20b/?q=1&&r', headers }, 'body');
    expect([answer.status, answer.body]).toEqual([200, 'hello']);
    expect(seen[0]).toMatchObject({ method: 'PATCH', url: '/a%20b/?q=1&&r' });
    expect(seen[0]?.headers).toMatchObject({ host: 'echo.example.com', 'x-custom': 'one', cookie: 'a=b' });
    expect(seen[0]?.rawHeaders).toContain('X-Custom');
  });

  test('tells the endpoint who the client is, behind what came along', async () => {
    await start();
    await ask({ headers: { host: 'echo.example.com' } });
    await ask({
      headers: { 'x-forwarded-for': ['10.0.0.1', '10.0.0.2'], 'x-forwarded-proto': 'https', 'x-forwarded-host': 'lb' },
    });
    expect(
      seen.map(({ headers }) => [
        headers['x-forwarded-for'],
        headers['x-forwarded-proto'],
        headers['x-forwarded-host'],
      ]),
    ).toEqual([
      ['127.0.0.1', 'http', 'echo.example.com'],
      ['10.0.0.1, 10.0.0.2, 127.0.0.1', 'https', 'lb'],
    ]);
  });

  test('cannot take the gateway’s own fields away by naming them in Connection', async () => {
    await start();
    await ask({ headers: { host: 'a', connection: 'x-forwarded-for, x-secret, host', 'x-secret': '1' } });
    expect(seen[0]?.headers).toMatchObject({ host: 'a', 'x-forwarded-for': '127.0.0.1' });
    expect(seen[0]?.headers).not.toHaveProperty('x-secret');
  });

  test.each<[string, ProxyGatewayOptions['forward'], (port: number) => string]>([
    ['the client’s', {}, () => 'client.example.com'],
    ['a rewritten one', { host: { name: 'rewritten.example.com' } }, () => 'rewritten.example.com'],
    ['the endpoint’s', { host: 'auto' }, (port) => `127.0.0.1:${port}`],
    ['the one that a policy set', { headers: ['Host', 'policy.example.com'] }, () => 'policy.example.com'],
  ])('names %s host', async (_name, forward, host) => {
    await start({ forward: forward ?? {} });
    await ask({ headers: { host: 'client.example.com' } });
    expect(seen[0]?.headers.host).toBe(host(endpoint.port));
  });

  test('in absolute form goes on by its authority', async () => {
    await start();
    connect(gateway.port, 'GET http://one.example.com/x HTTP/1.1\r\nHost: two.example.com\r\n\r\n');
    await gateway.records(1);
    expect(seen[0]).toMatchObject({ url: '/x', headers: { host: 'one.example.com' } });
  });

  test('of an HTTP/1.0 client without Host gets the endpoint’s', async () => {
    await start();
    const { closed } = connect(gateway.port, 'GET /x HTTP/1.0\r\n\r\n');
    expect(await closed).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nhello$/s);
    expect(seen[0]?.headers.host).toBe(`127.0.0.1:${endpoint.port}`);
  });

  test('is what the policies left of it', async () => {
    await start({ forward: { method: 'PUT', target: '/new?x=1', headers: ['host', 'h', 'x-new', '1'] } });
    await ask({ method: 'POST', path: '/old', headers: { host: 'h', 'x-old': '1' } }, 'body');
    expect(seen[0]).toMatchObject({ method: 'PUT', url: '/new?x=1', headers: { 'x-new': '1', 'content-length': '4' } });
    expect(seen[0]?.headers).not.toHaveProperty('x-old');
  });

  test('carries the endpoint’s credentials, and none of the client’s in their place', async () => {
    const credentials = [
      { in: 'header', name: 'authorization', value: 'Bearer gateway' },
      { in: 'query', name: 'api key', value: 'a&b' },
      { in: 'cookie', name: 'token', value: 'secret' },
    ] as const;
    await start({}, { credentials });
    await ask({
      path: '/x?api+key=mine&q=1&api%20key=mine',
      headers: { Authorization: 'Bearer client', cookie: 'a=1; token=mine; b=2' },
    });
    expect(seen[0]?.url).toBe('/x?q=1&api%20key=a%26b');
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer gateway', cookie: 'a=1; b=2; token=secret' });
  });

  test('has the CLIENT span as its parent', async () => {
    const trace = {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: '1112131415161718',
      parentSpanId: undefined,
      flags: 1,
      traceState: 'vendor=1',
      baggage: undefined,
      links: [],
      exported: true,
      keptIfFailed: false,
    };
    await start({ trace });
    await ask({ headers: { traceparent: 'old', baggage: 'old=1' } });
    expect(seen[0]?.headers).toMatchObject({
      traceparent: `00-${trace.traceId}-b7ad6b7169203331-01`,
      tracestate: 'vendor=1',
    });
    expect(seen[0]?.headers).not.toHaveProperty('baggage');
  });

  test('OPTIONS * is nobody’s here', async () => {
    await start();
    expect((await ask({ method: 'OPTIONS', path: '*' })).status).toBe(404);
    expect(seen).toEqual([]);
  });

  test.each<[string, RequestOptions, string | undefined, Record<string, string | undefined>]>([
    ['a known length', { method: 'POST', headers: { 'content-length': '3' } }, 'abc', { 'content-length': '3' }],
    [
      'chunks',
      { method: 'POST', headers: { 'transfer-encoding': 'chunked' } },
      'abc',
      { 'transfer-encoding': 'chunked' },
    ],
    ['a length, with GET', { method: 'GET', headers: { 'content-length': '3' } }, 'abc', { 'content-length': '3' }],
    ['no body', { method: 'POST', headers: { 'content-length': '0' } }, undefined, { 'content-length': '0' }],
    ['no body, with DELETE', { method: 'DELETE' }, undefined, { 'transfer-encoding': undefined }],
  ])('with %s', async (_name, options, body, framing) => {
    await start();
    expect((await ask(options, body)).status).toBe(200);
    expect(picked(seen[0]?.headers, framing)).toEqual(framing);
    expect((await gateway.records(1))[0]).toMatchObject({ request: { bytes: body?.length ?? 0 }, error: undefined });
  });
});

describe('the answer', () => {
  const answering = async (answer: string): Promise<void> => {
    endpoint = await startRawEndpoint((socket) => socket.end(answer));
    gateway = await startProxy([anEndpoint(endpoint.port)]);
  };

  test.each<[string, string, string, Record<string, string | undefined>, string]>([
    ['a known length', 'GET', '200 OK\r\nContent-Length: 2\r\n\r\nhi', { 'content-length': '2' }, 'hi'],
    [
      'chunks',
      'GET',
      '200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
      { 'transfer-encoding': 'chunked' },
      'hi',
    ],
    [
      'trailers, which end here',
      'GET',
      '200 OK\r\nTrailer: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx: 1\r\n\r\n',
      { trailer: undefined, x: undefined },
      'hi',
    ],
    ['no length: until the end', 'GET', '200 OK\r\n\r\nhi', { 'transfer-encoding': 'chunked' }, 'hi'],
    ['HTTP/1.0', 'GET', '200 OK\r\nContent-Length: 2\r\n\r\nhi', { 'content-length': '2' }, 'hi'],
    [
      'HEAD: the length of what GET would bring',
      'HEAD',
      '200 OK\r\nContent-Length: 5\r\n\r\n',
      { 'content-length': '5' },
      '',
    ],
    [
      '204',
      'GET',
      '204 No Content\r\nContent-Length: 0\r\n\r\n',
      { 'content-length': undefined, 'transfer-encoding': undefined },
      '',
    ],
    [
      '304',
      'GET',
      '304 Not Modified\r\nETag: "x"\r\nContent-Length: 5\r\n\r\n',
      { etag: '"x"', 'content-length': '5' },
      '',
    ],
    [
      'interim answers first',
      'GET',
      '103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
      { link: undefined },
      'hi',
    ],
    ['an error', 'GET', '503 Busy\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\nno', { 'retry-after': '1' }, 'no'],
    ['a status of its own', 'GET', '799 Odd\r\nContent-Length: 0\r\n\r\n', {}, ''],
  ])('with %s', async (name, method, answer, headers, body) => {
    await answering(`HTTP/1.${name === 'HTTP/1.0' ? 0 : 1} ${answer}`);
    const received = await ask({ method });
    const status = Number(/(\d\d\d) [^\r]*\r\n(?!link)/.exec(answer)?.[1]);
    expect([received.status, received.body]).toEqual([status, body]);
    expect(picked(received.headers, headers)).toEqual(headers);
    const [record] = await gateway.records(1);
    expect(record).toMatchObject({ reason: 'Upstream', error: undefined, response: { status, bytes: body.length } });
    expect(record?.upstreamCalls).toMatchObject([{ status, responseBytes: body.length, operation: method }]);
  });

  test('keeps the connection for the next one', async () => {
    await start();
    for (let count = 0; count < 3; count += 1) {
      await ask({ method: 'POST' }, 'abc');
      // The connection is free again a turn of the event loop later.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(endpoint.opened()).toBe(1);
  });
});

describe('fields survive, in order and in number, except those of the hop', () => {
  const token = fc.stringMatching(/^x-[a-z][a-z0-9!#$%&'*+.^_`|~-]{0,10}$/);
  const value = fc.stringMatching(/^([!-~\x80-\xff]([ -~\x80-\xff]{0,20}[!-~\x80-\xff])?)?$/);
  const hop = fc.constantFrom('Keep-Alive', 'TE', 'Proxy-Connection', 'Proxy-Authorization', 'HTTP2-Settings');
  const fields = fc.array(fc.tuple(token, value), { maxLength: 20 });
  const hops = fc.array(fc.tuple(hop, fc.constant('1')), { maxLength: 3 });

  test('of requests', async () => {
    await start();
    await fc.assert(
      fc.asyncProperty(fields, hops, fields, async (own, ended, nominated) => {
        seen.length = 0;
        const dropped = new Set(nominated.map(([name]) => name));
        const all = [...own, ...ended, ...nominated, ['Connection', [...dropped, 'close'].join(', ')] as const];
        const text = ['GET / HTTP/1.1', 'Host: h', ...all.map(([name, text]) => `${name}: ${text}`), '', ''].join(
          '\r\n',
        );
        const client = connect(gateway.port);
        client.socket.write(Buffer.from(text, 'latin1'));
        expect(await client.closed).toMatch(/^HTTP\/1\.1 200 /);
        const kept = own.filter(([name]) => !dropped.has(name)).flat();
        expect(seen[0]?.rawHeaders.slice(0, -6)).toEqual(['host', 'h', 'connection', 'keep-alive', ...kept]);
      }),
      { numRuns: 50 },
    );
  });

  test('of answers', async () => {
    let answer: Buffer;
    endpoint = await startRawEndpoint((socket) => socket.end(answer));
    gateway = await startProxy([anEndpoint(endpoint.port)]);
    await fc.assert(
      fc.asyncProperty(fields, hops, async (own, ended) => {
        const all = [...own, ...ended, ['Connection', 'close'], ['Content-Length', '0'], ['Date', 'now']];
        answer = Buffer.from(
          ['HTTP/1.1 200 OK', ...all.map(([name, text]) => `${name}: ${text}`), '', ''].join('\r\n'),
          'latin1',
        );
        const { rawHeaders } = await ask();
        const pairs = (list: readonly string[], name: string) =>
          list.filter((_, at) => at % 2 === 1 && list[at - 1] === name);
        for (const [name] of own) expect(pairs(rawHeaders, name)).toEqual(pairs(own.flat(), name));
        expect(new Set(rawHeaders.filter((_, at) => at % 2 === 0))).toEqual(
          new Set([...own.map(([name]) => name), 'content-length', 'date', 'Connection']),
        );
      }),
      { numRuns: 50 },
    );
  });
});
