import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type PagesServer, startPages } from '../../../../gateway/admin/pages.ts';
import { connect, takePort } from '../../../support/http/server.ts';

let server: PagesServer;
let errors: unknown[];

const start = (host: string): Promise<PagesServer> =>
  startPages({
    name: '--admin',
    address: { host, port: 0 },
    pages: new Map<string, () => { type: string; body: string; status?: number }>([
      ['/page', () => ({ type: 'text/plain', body: 'äö\n' })],
      ['/busy', () => ({ status: 503, type: 'text/plain', body: 'busy\n' })],
      [
        '/broken',
        () => {
          throw new Error('secret');
        },
      ],
    ]),
    onError: (error) => errors.push(error),
  });

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const ask = (path: string, options: { method?: string; host?: string } = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = options.host === undefined ? {} : { host: options.host };
    const { port } = server.address;
    httpRequest({ port, host: '127.0.0.1', path, method: options.method ?? 'GET', headers }, async (response) => {
      let body = '';
      for await (const chunk of response.setEncoding('utf8')) body += String(chunk);
      resolve({ status: response.statusCode, headers: response.headers, body });
    })
      .on('error', reject)
      .end();
  });

beforeEach(async () => {
  errors = [];
  server = await start('127.0.0.1');
});

afterEach(() => server.close());

describe('pages', () => {
  test('GET', async () => {
    const { status, headers, body } = await ask('/page');
    expect([status, body]).toEqual([200, 'äö\n']);
    expect(headers).toMatchObject({ 'content-type': 'text/plain', 'content-length': '5', 'cache-control': 'no-store' });
  });

  test('HEAD: the same without the body', async () => {
    const { status, headers, body } = await ask('/page', { method: 'HEAD' });
    expect([status, headers['content-length'], body]).toEqual([200, '5', '']);
  });

  test('a query is no part of the path', async () => {
    expect((await ask('/page?pretty')).status).toBe(200);
  });

  test('a page has its own status', async () => {
    expect(await ask('/busy')).toMatchObject({ status: 503, body: 'busy\n' });
  });

  test.each(['/', '/Page', '/page/', '/constructor'])('%s: 404', async (path) => {
    expect(await ask(path)).toMatchObject({ status: 404, body: 'not found\n' });
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s: 405', async (method) => {
    const answer = await ask('/page', { method });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  test('what breaks a page is not for the reader', async () => {
    expect(await ask('/broken')).toMatchObject({ status: 500, body: 'internal error\n' });
    expect(errors.map(String)).toEqual(['Error: secret']);
  });

  test('garbage: 400', async () => {
    expect(await connect(server.address.port, 'GARBAGE\r\n\r\n').closed).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe('on loopback, only loopback names are answered', () => {
  test.each(['localhost', 'LOCALHOST:15000', '127.0.0.1', '127.1.2.3:1', '[::1]', '[::1]:15000'])(
    '%s',
    async (host) => {
      expect((await ask('/page', { host })).status).toBe(200);
    },
  );

  test.each(['example.com', 'localhost.example.com', '127.0.0.1.example.com', '10.0.0.1', '[::2]', 'a b'])(
    '%j: 403',
    async (host) => {
      expect((await ask('/page', { host })).status).toBe(403);
    },
  );

  test('elsewhere any name is', async () => {
    await server.close();
    server = await start('0.0.0.0');
    expect((await ask('/page', { host: 'gateway.example.com' })).status).toBe(200);
  });
});

test('an address in use is named', async () => {
  const taken = await takePort();
  const address = { host: '127.0.0.1', port: taken.port };
  await expect(startPages({ name: '--stats', address, pages: new Map(), onError: () => {} })).rejects.toThrow(
    `--stats: 127.0.0.1:${taken.port} cannot be bound: it is in use`,
  );
  await taken.close();
});
