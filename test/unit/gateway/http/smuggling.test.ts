import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readBody } from '../../../../gateway/mcp/body.ts';
import { createAuthority, type KeyPair } from '../../../support/acceptance/authority.ts';
import { connect, type RawClient, startServer, type TestServer, until } from '../../../support/http/server.ts';
import { aBind, aListener, aSnapshot } from '../../../support/http/snapshot.ts';
import { aCertificate, connectTls } from '../../../support/http/tls.ts';

/** Comes behind every request of the tables: however those are read, it is no request of its own. */
const SMUGGLED = 'GET /mcp/smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const MIB = 1_024 * 1_024;
/** More than the chunk extensions and trailers that are let in. */
const LONG = 'a'.repeat(40 * 1_024);

type Case = readonly [what: string, text: string];

const lines = (...texts: readonly string[]): string => [...texts, '', ''].join('\r\n');
const get = (...fields: readonly string[]): string => lines('GET /mcp HTTP/1.1', ...fields);
const post = (...fields: readonly string[]): string => lines('POST /mcp HTTP/1.1', 'Host: a', ...fields);
const CHUNKED = 'Transfer-Encoding: chunked';
const CLOSE = 'Connection: close';
const LAST_CHUNK = '0\r\n\r\n';
const chunks = (text: string): string => post(CHUNKED) + text;
const each = (what: string, texts: readonly string[], request: (text: string) => string): readonly Case[] =>
  texts.map((text) => [`${what} ${JSON.stringify(text)}`, request(text)]);

/** Refused before any handler has seen them. */
const MALFORMED: Readonly<Record<string, readonly Case[]>> = {
  lengths: [
    ['a length and chunks', post('Content-Length: 4', CHUNKED) + LAST_CHUNK],
    ['chunks and a length', post(CHUNKED, 'Content-Length: 4') + LAST_CHUNK],
    ['chunks and a length of nothing', post(CHUNKED, 'Content-Length: 0') + LAST_CHUNK],
    ['two lengths', post('Content-Length: 1', `Content-Length: ${SMUGGLED.length}`)],
    ['two lengths that are the same', post('Content-Length: 1', 'Content-Length: 1')],
    ['space before the colon', post('Content-Length : 1')],
    ...each(
      'the length',
      ['1, 1', '+1', '-1', '1 1', '0x1', '1.0', '1e1', '1;', '', '\u00b2', '99999999999999999999'],
      (length) => post(`Content-Length: ${length}`),
    ),
  ],
  codings: [
    ['twice', post(CHUNKED, CHUNKED) + LAST_CHUNK],
    ['chunked and then another', post(CHUNKED, 'Transfer-Encoding: identity') + LAST_CHUNK],
    ['another and then chunked', post('Transfer-Encoding: identity', CHUNKED) + LAST_CHUNK],
    ['space before the colon', post('Transfer-Encoding : chunked') + LAST_CHUNK],
    ['on a line of its own', post('Transfer-Encoding:\r\n chunked') + LAST_CHUNK],
    ['in HTTP/1.0', lines('POST /mcp HTTP/1.0', 'Host: a', CHUNKED) + LAST_CHUNK],
    ['in HTTP/1.0 that is kept alive', lines('POST /mcp HTTP/1.0', 'Connection: keep-alive', CHUNKED) + LAST_CHUNK],
    ...each(
      'the coding',
      ['identity', 'xchunked', 'chunked, identity', 'chunked, chunked', 'gzip, chunked', 'gzip', '"chunked"'],
      (coding) => post(`Transfer-Encoding: ${coding}`) + LAST_CHUNK,
    ),
    ...each(
      'the coding',
      ['chunked;q=1', '\u000bchunked', 'chunked\u0000', 'chu nked', '', ',chunked', 'chunked,'],
      (coding) => post(`Transfer-Encoding: ${coding}`) + LAST_CHUNK,
    ),
  ],
  'ends of lines': [
    ['line feeds', 'GET /mcp HTTP/1.1\nHost: a\n\n'],
    ['a line feed behind the request line', 'GET /mcp HTTP/1.1\nHost: a\r\n\r\n'],
    ['a line feed between fields', get('Host: a\nX-A: b')],
    ['a line feed at the end', 'GET /mcp HTTP/1.1\r\nHost: a\r\n\n'],
    ['a carriage return between fields', get('Host: a\rX-A: b')],
    ['a carriage return behind the request line', 'GET /mcp HTTP/1.1\rHost: a\r\n\r\n'],
    ['a folded field', get('Host: a', 'X-A: b', ' c')],
    ['a folded field with nothing in its first line', get('Host: a', 'X-A:', '\tc')],
    ['space before the first field', get(' Host: a')],
    ['space before the request line', ` ${get('Host: a')}`],
  ],
  fields: [
    ...each(
      'the field',
      ['X\u0000A: b', 'X-A: b\u0000', 'X-A: \u0001', 'X-A: \u007f', 'X\u007f: b', 'X A: b', ': b', 'XA', 'X(: b'],
      (field) => get('Host: a', field),
    ),
    ...each('the field', ['X-A: \u000b', 'X-\u00e4: b', '"X": b'], (field) => get('Host: a', field)),
  ],
  hosts: [
    ['none', get('X-A: b')],
    ['none, but one in the target', lines('GET http://a/mcp HTTP/1.1')],
    ['two', get('Host: a', 'Host: b')],
    ['two that are the same', get('Host: a', 'hOST: a')],
    ['two, and one in the target', lines('GET http://a/mcp HTTP/1.1', 'Host: a', 'Host: b')],
    ['space before the colon', get('Host : a')],
    ...each(
      'the host',
      ['u@a', 'a b', 'a, b', 'a,b', 'a/b', 'a?b', 'a#b', 'a\\b', 'a:b', 'a:999999', '[::1', '::1', 'a%00', '\u00e4'],
      (host) => get(`Host: ${host}`),
    ),
    ...each('the host', ['http://a', 'a\tb', 'a\u0000b'], (host) => get(`Host: ${host}`)),
  ],
  targets: [
    ...each(
      'the target',
      ['/mcp#x', 'mcp', '?', 'a:443', 'http://u@a/mcp', 'http:///mcp', 'http://a:b/mcp', 'ftp://a/mcp', '/mcp x'],
      (target) => lines(`GET ${target} HTTP/1.1`, 'Host: a'),
    ),
    ...each(
      'the target',
      [
        '/mcp\tx',
        '/mcp\u0000',
        '/mcp\u0001',
        '/mcp\u007f',
        '/mc\u00e4',
        '\\mcp',
        '/mcp\\..\\',
        '/mcp/%00',
        '/mcp/../x',
      ],
      (target) => lines(`GET ${target} HTTP/1.1`, 'Host: a'),
    ),
  ],
  versions: [
    ['HTTP/0.9', 'GET /mcp\r\n'],
    ['HTTP/0.9 with an empty line', 'GET /mcp\r\n\r\n'],
    ['HTTP/2 with prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/2 with its first frame', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'],
    ...each(
      'the version',
      ['HTTP/0.9', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/1.10', 'HTTP/01.1', 'http/1.1', 'HTTP/1.1 ', 'HTTP/1', 'HTTP /1.1'],
      (version) => lines(`GET /mcp ${version}`, 'Host: a'),
    ),
    ...each('the version', ['HTTP/', 'HTTP/1.1x', 'ICE/1.0', 'HTTPS/1.1'], (version) =>
      lines(`GET /mcp ${version}`, 'Host: a'),
    ),
  ],
  methods: [
    ['tabs around the target', lines('GET\t/mcp\tHTTP/1.1', 'Host: a')],
    ...each('the method', ['get', 'Get', 'GET\u0000', 'G(T', '', 'GETGET', 'FOO', '-', 'G\u00e4T'], (method) =>
      lines(`${method} /mcp HTTP/1.1`, 'Host: a'),
    ),
  ],
  'what is no request': [
    ['words', 'garbage\r\n\r\n'],
    ['an answer', lines('HTTP/1.1 200 OK', 'Content-Length: 0')],
    ['zeros', '\0\0\0\0'],
    ['TLS', '\u0016\u0003\u0001\u0000\u0005\u0001\u0000\u0000\u0001\u0003'],
    ['a method without end', 'A'.repeat(MIB)],
  ],
};

/** Found out while a handler reads the body: it learns of it, and the client gets one answer. */
const MALFORMED_BODIES: readonly Case[] = [
  ...each(
    'the size',
    ['g', '', '-1', '+1', '0x1', '1 ', ' 1', '1\t', '1;a\nb', 'fffffffffffffffff', '1,1', '1_0'],
    (size) => chunks(`${size}\r\na\r\n${LAST_CHUNK}`),
  ),
  ['more than the size', chunks(`1\r\nab\r\n${LAST_CHUNK}`)],
  ['line feeds', chunks('1\na\n0\n\n')],
  ['a line feed behind the data', chunks(`1\r\na\n${LAST_CHUNK}`)],
  ['a line feed at the end', chunks('1\r\na\r\n0\r\n\n')],
  ['a carriage return behind the size', chunks(`1\ra\r\n${LAST_CHUNK}`)],
  ['no last chunk', chunks('1\r\na\r\n')],
  ['space before the colon of a trailer', chunks('0\r\nX-A : b\r\n\r\n')],
  ['a line feed behind a trailer', chunks('0\r\nX-A: b\n\r\n')],
  ['a length as a trailer', chunks('0\r\nContent-Length: 5\r\n\r\n')],
];

const TOO_LONG: readonly Case[] = [
  ['1 MiB in a value', get('Host: a', `X-A: ${'a'.repeat(MIB)}`)],
  ['1 MiB in a name', get('Host: a', `${'a'.repeat(MIB)}: b`)],
  ['1 MiB in the target', lines(`GET /${'a'.repeat(MIB)} HTTP/1.1`, 'Host: a')],
  ['10,000 fields', get('Host: a', ...Array.from({ length: 10_000 }, (_, index) => `X-${index}: a`))],
  ['300 fields', get('Host: a', ...Array.from({ length: 300 }, (_, index) => `X-${index}: a`))],
];

/** Served once, by the letter of RFC 9112; what is behind them is either their body or behind their end. */
const SERVED: readonly Case[] = [
  ['a body that looks like a request', post(CLOSE, `Content-Length: ${SMUGGLED.length}`)],
  ['the same behind a GET', get('Host: a', CLOSE, `Content-Length: ${SMUGGLED.length}`)],
  ['a request behind the last one', get('Host: a', CLOSE)],
  ['a request behind one of HTTP/1.0', lines('GET /mcp HTTP/1.0', 'Host: a')],
  ['chunks, in other letters and behind a tab', post('Transfer-Encoding:\tCHUNKED', CLOSE) + LAST_CHUNK],
  ['a chunk with an extension', `${post(CHUNKED, CLOSE)}1;a=b\r\na\r\n${LAST_CHUNK}`],
  ['empty lines before the request', `\r\n\r\n${get('Host: a', CLOSE)}`],
  ['a protocol to go over to that is ignored', get('Host: a', 'Connection: Upgrade, close', 'Upgrade: h2c')],
];

let pair: KeyPair;
let server: TestServer;
let handled: (string | undefined)[];

beforeAll(async () => {
  pair = await (await createAuthority()).issue('a');
});

const start = async (protocol: 'HTTP' | 'HTTPS'): Promise<void> => {
  const listeners = [aListener({ certificates: [aCertificate(pair)] })];
  server = await startServer(aSnapshot(aBind(0, { protocol, listeners })), { limits: { lingerTimeout: 500 } });
  handled = [];
  server.handle = async ({ request, response }) => {
    handled.push(request.url);
    await readBody(request, MIB);
    response.end('served');
  };
};

/** Status codes of all that was answered. */
const statuses = (answers: string): readonly number[] =>
  [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

const recorded = async (): Promise<readonly [status: number, error: string | undefined][]> => {
  await until(() => server.records.length > 0);
  // Long enough for a second record to show.
  await new Promise((resolve) => setTimeout(resolve, 10));
  return server.records.map(({ response, error }) => [response.status, error?.type]);
};

describe.each<['HTTP' | 'HTTPS', (port: number, text?: string) => RawClient]>([
  ['HTTP', connect],
  ['HTTPS', (port, text) => connectTls(port, 'a', text)],
])('%s', (protocol, open) => {
  beforeEach(() => start(protocol));

  /** Whatever was sent: the server has said nothing of it, and goes on. */
  afterEach(async () => {
    const before = server.records.length;
    expect(await open(server.port, get('Host: a', CLOSE)).closed).toMatch(/^HTTP\/1.1 200 .*served$/s);
    await until(() => server.records.length > before);
    expect(server.logs).toEqual([]);
    await until(() => server.server.ports[0]?.connections === 0);
    await server.close();
  });

  /** What comes back for a request with another one behind it. */
  const send = (text: string): Promise<string> => open(server.port, text + SMUGGLED).closed;

  describe.each(Object.entries(MALFORMED))('%s', (_group, cases) => {
    test.each(cases)('%s', async (_what, text) => {
      const answer = await send(text);
      expect(statuses(answer)).toEqual([400]);
      expect(answer).toMatch(/\r\nconnection: close\r\n/i);
      expect(answer).toMatch(/\r\n\r\nmalformed HTTP request(: [\w -]+)?$/);
      expect(await recorded()).toEqual([[400, 'request_malformed']]);
      expect(handled).toEqual([]);
    });
  });

  describe('chunks', () => {
    test.each(MALFORMED_BODIES)('%s', async (_what, text) => {
      expect(statuses(await send(text))).toEqual([400]);
      expect(await recorded()).toEqual([[400, 'request_malformed']]);
      expect(handled).toEqual(['/mcp']);
    });

    test.each([
      ['a long extension', `1;${LONG}\r\na\r\n${LAST_CHUNK}`, 400],
      ['a long trailer', `0\r\nX-A: ${LONG}\r\n\r\n`, 431],
    ])('%s', async (_what, text, status) => {
      // The connection may break under what the client still sends.
      expect([[], [status]]).toContainEqual(statuses(await send(chunks(text))));
      expect((await recorded()).map(([code]) => code)).toEqual([status]);
      expect(handled).toEqual(['/mcp']);
    });
  });

  describe('too long', () => {
    test.each(TOO_LONG)('%s', async (_what, text) => {
      expect(statuses(await send(text))).toEqual([431]);
      expect(await recorded()).toEqual([[431, 'headers_too_large']]);
      expect(handled).toEqual([]);
    });
  });

  describe('served once', () => {
    test.each(SERVED)('%s', async (_what, text) => {
      expect(statuses(await send(text))).toEqual([200]);
      expect(await recorded()).toEqual([[200, undefined]]);
      expect(handled).toEqual(['/mcp']);
    });

    test('a target with another host than the field: the target’s counts', async () => {
      expect(statuses(await send(lines('GET http://b/mcp HTTP/1.1', 'Host: a', CLOSE)))).toEqual([200]);
      expect(server.records.map(({ request }) => [request.host, request.target])).toEqual([['b', '/mcp']]);
    });

    test('a body that nobody reads', async () => {
      const text = lines('POST /nope HTTP/1.1', 'Host: a', CLOSE, `Content-Length: ${SMUGGLED.length}`);
      expect(statuses(await send(text))).toEqual([404]);
      expect(await recorded()).toEqual([[404, 'route_not_found']]);
    });

    test('one of two, when the second is malformed', async () => {
      expect(statuses(await send(get('Host: a') + get('Host: a', 'Host: b')))).toEqual([200, 400]);
      expect(handled).toEqual(['/mcp']);
    });

    test('CONNECT, whose answer nobody takes for that of the request before', async () => {
      expect(statuses(await send(lines('CONNECT a:1 HTTP/1.1', 'Host: a')))).toEqual([501]);
      server.handle = ({ response }) => new Promise((resolve) => response.on('close', resolve));
      expect(await send(get('Host: a') + lines('CONNECT a:1 HTTP/1.1', 'Host: a'))).toBe('');
      expect((await recorded()).slice(1).sort()).toEqual([
        [499, 'client_closed'],
        [501, 'connect_unsupported'],
      ]);
      server.handle = async ({ response }) => void response.end('served');
    });
  });
});
