import { afterEach, describe, expect, test } from '@jest/globals';
import type { ServerLimits } from '../../../../gateway/http/limits.ts';
import { readBody } from '../../../../gateway/mcp/body.ts';
import { connect, startServer, type TestServer, until } from '../../../support/http/server.ts';
import { aSnapshot } from '../../../support/http/snapshot.ts';

const MIB = 1_024 * 1_024;
/** The connection ends with its answer. */
const GET = 'GET /mcp HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const POST = 'POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n';

let server: TestServer;

const start = async (limits: Partial<ServerLimits>): Promise<void> => {
  server = await startServer(aSnapshot(0), { limits: { checkInterval: 20, ...limits } });
};

afterEach(() => server.close());

const recorded = async () => {
  await until(() => server.records.length > 0);
  return server.records.map(({ response, error }) => [response.status, error?.type]);
};

describe('clients that take their time', () => {
  test('header fields that trickle in are given up', async () => {
    await start({ headersTimeout: 150, requestTimeout: 150 });
    const client = connect(server.port, 'GET /mcp HTTP/1.1\r\n');
    const trickle = setInterval(() => client.send('X-A: b\r\n'), 20);
    const answer = await client.closed;
    clearInterval(trickle);
    expect(answer).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n.*the request was not received in time$/s);
    expect(await recorded()).toEqual([[408, 'request_timeout']]);
  });

  test('so is a body, and the handler is told', async () => {
    await start({ headersTimeout: 100, requestTimeout: 150 });
    server.handle = async ({ request, response }) => {
      await readBody(request, MIB);
      response.end('never');
    };
    const client = connect(server.port, POST);
    const trickle = setInterval(() => client.send('x'), 20);
    const answer = await client.closed;
    clearInterval(trickle);
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(await recorded()).toEqual([[408, 'request_timeout']]);
  });

  test('an answer may take longer than a request', async () => {
    await start({ headersTimeout: 200, requestTimeout: 200 });
    server.handle = async ({ response }) => {
      await new Promise((resolve) => setTimeout(resolve, 600));
      response.end('late');
    };
    expect(await connect(server.port, GET).closed).toMatch(/late$/);
  });

  test('who connects and says nothing is not recorded', async () => {
    await start({ headersTimeout: 50, requestTimeout: 50 });
    expect(await connect(server.port).closed).toBe('');
    expect(server.records).toEqual([]);
  });

  test('an idle connection is closed after its time', async () => {
    await start({ keepAliveTimeout: 50 });
    const begin = performance.now();
    const client = connect(server.port, 'GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await client.closed).toMatch(/served$/);
    expect(performance.now() - begin).toBeLessThan(5_000);
  });

  test('who does not read the answer is given up', async () => {
    await start({ stallTimeout: 100 });
    server.handle = async ({ response }) => {
      response.writeHead(200, { 'content-length': 64 * MIB });
      response.write(Buffer.alloc(32 * MIB));
      await new Promise((resolve) => response.on('close', resolve));
    };
    const client = connect(server.port, 'GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n');
    client.socket.pause();
    expect(await recorded()).toEqual([[200, undefined]]);
    client.socket.destroy();
  });

  test('a silent stream to one who reads is not', async () => {
    await start({ stallTimeout: 200 });
    server.handle = async ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      await new Promise((resolve) => setTimeout(resolve, 600));
      response.end('data: 2\n\n');
    };
    expect(await connect(server.port, GET).closed).toMatch(/data: 1\n.*data: 2\n/s);
  });
});

describe('a body that nobody reads', () => {
  const refuse = async (body: number, sent: number): Promise<readonly [answer: string, broken: boolean]> => {
    const client = connect(server.port, `POST /nope HTTP/1.1\r\nHost: a\r\nContent-Length: ${body}\r\n\r\n`);
    client.send('x'.repeat(sent));
    return [await client.closed, client.broken()];
  };

  test('does not take the answer with it', async () => {
    await start({});
    const [answer, broken] = await refuse(8 * MIB, 8 * MIB);
    expect(broken).toBe(false);
    expect(answer).toMatch(/^HTTP\/1.1 404 Not Found\r\n.*connection: close\r\n.*no route matches this request$/s);
    expect(await recorded()).toEqual([[404, 'route_not_found']]);
  });

  test('is not waited for without end', async () => {
    await start({ lingerTimeout: 50 });
    expect((await refuse(MIB, 10))[0]).toMatch(/^HTTP\/1.1 404 /);
    expect(await recorded()).toEqual([[404, 'route_not_found']]);
  });

  test('a small one that has come keeps the connection open', async () => {
    await start({});
    const text = 'POST /nope HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}';
    const client = connect(server.port, text);
    await until(() => client.received().endsWith('this request'));
    client.send(text);
    await until(() => client.received().split('this request').length === 3);
    client.socket.destroy();
  });
});
