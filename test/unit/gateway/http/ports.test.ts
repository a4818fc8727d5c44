import { afterEach, describe, expect, test } from '@jest/globals';
import { freePort } from '../../../support/free-port.ts';
import { clock, connect, startServer, type TestServer, takePort, until } from '../../../support/http/server.ts';
import { aBind, aListener, aMatch, aRule, aSnapshot } from '../../../support/http/snapshot.ts';

let server: TestServer;

afterEach(() => server.close());

const bound = (): readonly (number | undefined)[] => server.server.ports.map((status) => status.bound?.port);

const accepts = async (port: number): Promise<boolean> => {
  const { socket } = connect(port);
  const connected = await new Promise<boolean>((resolve) => {
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
  });
  socket.destroy();
  return connected;
};

/** Served by a route of this name. */
const routed = (port: number, route: string) =>
  aBind(port, { listeners: [aListener({ matches: [aMatch({ rule: aRule(route) })] })] });

describe('ports', () => {
  test('what a snapshot adds is bound, what it drops is no longer', async () => {
    const [a, b, c] = [await freePort(), await freePort(), await freePort()];
    server = await startServer(aSnapshot(a, b));
    expect(bound()).toEqual([a, b]);
    await server.server.apply(aSnapshot(b, c));
    expect(bound()).toEqual([b, c]);
    expect([await accepts(a), await accepts(b), await accepts(c)]).toEqual([false, true, true]);
  });

  test('a port that stays is not bound anew: its connections go on', async () => {
    server = await startServer(aSnapshot(0));
    const client = connect(server.port, 'GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => client.received().endsWith('served'));
    const { port } = server;
    await server.server.apply(aSnapshot(0));
    expect(server.port).toBe(port);
    client.send('GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => client.received().split('served').length === 3);
    client.socket.destroy();
  });

  test('a port that was dropped can be bound again at once', async () => {
    const port = await freePort();
    server = await startServer(aSnapshot(port));
    await server.server.apply(aSnapshot());
    await server.server.apply(aSnapshot(port));
    expect(bound()).toEqual([port]);
    expect(await (await fetch(server.url('/mcp'))).text()).toBe('served');
  });

  test('a port in use is told of with its listener, the others go on', async () => {
    const taken = await takePort();
    const free = await freePort();
    server = await startServer(aSnapshot(taken.port, free));
    expect(server.server.ports).toMatchObject([
      { port: taken.port, listeners: ['default/gateway mcp'], bound: undefined, problem: 'it is in use (EADDRINUSE)' },
      { port: free, bound: { port: free }, problem: undefined },
    ]);
    expect(server.logs).toEqual([
      {
        level: 'error',
        message: 'a port cannot be bound and is tried again',
        fields: {
          port: String(taken.port),
          listeners: 'default/gateway mcp',
          problem: 'it is in use (EADDRINUSE)',
        },
      },
    ]);
    expect(await accepts(free)).toBe(true);
    await taken.close();
  });

  test('it is tried again, less and less often, until it works', async () => {
    const taken = await takePort();
    const delays: number[] = [];
    const retries: (() => void)[] = [];
    let changes = 0;
    const patient = {
      ...clock,
      setTimeout: (run: () => void, milliseconds: number) => {
        if (milliseconds < 100) return clock.setTimeout(run, milliseconds);
        delays.push(milliseconds);
        retries.push(run);
        return { unref: () => {} };
      },
      clearTimeout: () => {},
    };
    server = await startServer(aSnapshot(taken.port), { clock: patient, onPorts: () => (changes += 1) });
    for (let attempt = 1; attempt < 9; attempt++) {
      retries.shift()?.();
      await until(() => retries.length === 1);
    }
    expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    await taken.close();
    retries.shift()?.();
    await until(() => bound()[0] !== undefined);
    expect(changes).toBe(10);
    // Once for all the failures, once for the end of them.
    expect(server.logs.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      'error: a port cannot be bound and is tried again',
      'info: a port that could not be bound is bound now',
    ]);
  });

  test('a port that is dropped is not tried any more', async () => {
    const taken = await takePort();
    let cleared = 0;
    const counting = {
      ...clock,
      clearTimeout: (timer: Parameters<typeof clock.clearTimeout>[0]) => {
        cleared += 1;
        clock.clearTimeout(timer);
      },
    };
    server = await startServer(aSnapshot(taken.port), { clock: counting });
    await server.server.apply(aSnapshot());
    expect(server.server.ports).toEqual([]);
    expect(cleared).toBe(1);
    await taken.close();
  });

  test('an address that is none of this machine is told of', async () => {
    server = await startServer(aSnapshot(0), { address: '192.0.2.1' });
    expect(server.server.ports[0]?.problem).toBe('the address is none of this machine (EADDRNOTAVAIL)');
  });

  test('without an address, all of both families are bound', async () => {
    server = await startServer(aSnapshot(0), { address: undefined });
    expect(server.server.ports[0]?.bound?.address).toBe('::');
    expect(await (await fetch(server.url('/mcp'))).text()).toBe('served');
    // An IPv4 client of a socket that serves both is told as what it is.
    expect(server.records[0]?.request.remoteAddress).toBe('127.0.0.1');
  });
});

describe('addresses', () => {
  // Other systems have no second address of the loopback that is always there.
  (process.platform === 'linux' ? test : test.skip)(
    'one port may be bound on several, each with its own listeners',
    async () => {
      const port = await freePort();
      const on = (address: string) => ({ ...routed(port, address), address });
      server = await startServer(aSnapshot(on('127.0.0.1'), on('127.0.0.2')));
      expect(server.server.ports).toMatchObject([
        { address: '127.0.0.1', port, bound: { address: '127.0.0.1', port } },
        { address: '127.0.0.2', port, bound: { address: '127.0.0.2', port } },
      ]);
      for (const { address } of server.server.ports) await fetch(`http://${address}:${port}/mcp`);
      await until(() => server.records.length === 2);
      expect(server.records.map(({ labels }) => labels.route)).toEqual(['127.0.0.1', '127.0.0.2']);
      await server.server.apply(aSnapshot(on('127.0.0.2')));
      expect(server.server.ports.map(({ address }) => address)).toEqual(['127.0.0.2']);
      expect(await accepts(port)).toBe(false);
    },
  );

  test('one that cannot be bound is named, the others go on', async () => {
    server = await startServer(aSnapshot({ ...aBind(0), address: '192.0.2.1' }, aBind(0)));
    expect(server.server.ports).toMatchObject([
      { address: '192.0.2.1', bound: undefined, problem: 'the address is none of this machine (EADDRNOTAVAIL)' },
      { address: undefined, bound: { address: '127.0.0.1' } },
    ]);
    expect(server.logs.map(({ fields }) => fields.address)).toEqual(['192.0.2.1']);
  });

  test('ports may be bound elsewhere than they are configured', async () => {
    const [http, https] = [await freePort(), await freePort()];
    const elsewhere = new Map([
      [80, http],
      [443, https],
    ]);
    server = await startServer(aSnapshot(80, 443), { listenOn: (port) => elsewhere.get(port) ?? port });
    expect(server.server.ports.map(({ port, bound }) => [port, bound?.port])).toEqual([
      [80, http],
      [443, https],
    ]);
    expect(await (await fetch(server.url('/mcp'))).text()).toBe('served');
  });
});

describe('reload', () => {
  test('a request under way keeps the configuration that it began with', async () => {
    server = await startServer(aSnapshot(routed(0, 'default/old')));
    const started = Promise.withResolvers<void>();
    const reloaded = Promise.withResolvers<void>();
    server.handle = async ({ response }) => {
      started.resolve();
      await reloaded.promise;
      response.end();
    };
    const before = fetch(server.url('/mcp'));
    await started.promise;
    await server.server.apply(aSnapshot(routed(0, 'default/new')));
    const after = fetch(server.url('/mcp'));
    reloaded.resolve();
    await Promise.all([before, after]);
    await until(() => server.records.length === 2);
    expect(server.records.map(({ labels }) => labels.route).sort()).toEqual(['default/new', 'default/old']);
  });

  test('a request on a port that is dropped is answered, and its connection ends then', async () => {
    const port = await freePort();
    server = await startServer(aSnapshot(port));
    const started = Promise.withResolvers<void>();
    const dropped = Promise.withResolvers<void>();
    server.handle = async ({ response }) => {
      started.resolve();
      await dropped.promise;
      response.end('late');
    };
    const client = connect(port, 'GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n');
    await started.promise;
    await server.server.apply(aSnapshot());
    expect(await accepts(port)).toBe(false);
    dropped.resolve();
    const answer = await client.closed;
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(answer).toMatch(/\r\nConnection: close\r\n/i);
    expect(answer).toMatch(/late/);
  });

  test('so does the connection of one whose answer had begun, though others go on', async () => {
    const port = await freePort();
    server = await startServer(aSnapshot(port));
    const answers: (() => void)[] = [];
    server.handle = async ({ response }) => {
      response.writeHead(200, { 'content-length': 4 }).flushHeaders();
      await new Promise<void>((resolve) => answers.push(resolve));
      response.end('done');
    };
    const GET = 'GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n';
    const first = connect(port, GET);
    await until(() => answers.length === 1);
    const second = connect(port, GET);
    await until(() => answers.length === 2);
    await server.server.apply(aSnapshot());
    answers[0]?.();
    expect(await first.closed).toMatch(/done$/);
    expect(second.socket.closed).toBe(false);
    answers[1]?.();
    expect(await second.closed).toMatch(/done$/);
  });

  test('when the time for that is over, it is cut off and recorded', async () => {
    const port = await freePort();
    server = await startServer(aSnapshot(port), { drainTimeout: 50 });
    const started = Promise.withResolvers<void>();
    server.handle = ({ response }) => {
      started.resolve();
      return new Promise((resolve) => response.on('close', resolve));
    };
    const client = connect(port, 'GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n');
    await started.promise;
    await server.server.apply(aSnapshot());
    expect(await client.closed).toBe('');
    await until(() => server.records.length === 1);
    expect(server.records[0]?.response.status).toBe(499);
  });
});

describe('close', () => {
  const EVENTS = { 'content-type': 'text/event-stream' };

  test('waits for requests, and then for no stream of events: those have no end', async () => {
    server = await startServer(aSnapshot(0));
    const answer = Promise.withResolvers<void>();
    const begun = new Set<string | undefined>();
    server.handle = async ({ request, response }) => {
      begun.add(request.method);
      if (request.method === 'GET') {
        response.writeHead(200, EVENTS).flushHeaders();
        await new Promise((resolve) => response.on('close', resolve));
      } else {
        await answer.promise;
        response.end('answered');
      }
    };
    const stream = connect(server.port, 'GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n');
    const post = fetch(server.url('/mcp'), { method: 'POST' });
    await until(() => begun.size === 2);
    let closed = false;
    const closing = server.server.close(10_000).then(() => {
      closed = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(closed).toBe(false);
    answer.resolve();
    expect(await (await post).text()).toBe('answered');
    await Promise.all([closing, stream.closed]);
    expect(server.records.map(({ request, response }) => [request.method, response.status]).sort()).toEqual([
      ['GET', 200],
      ['POST', 200],
    ]);
  });

  test('before that, a retired server goes on, but ends each connection with its answer', async () => {
    server = await startServer(aSnapshot(0));
    const before = connect(server.port, 'GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => before.received().endsWith('served'));
    server.server.retire();
    before.socket.write('GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n');
    const after = connect(server.port, 'GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n');
    await Promise.all([before.closed, after.closed]);
    for (const { received } of [before, after]) expect(received()).toMatch(/connection: close\r\n.*served$/is);
  });

  test('idle connections are closed at once', async () => {
    server = await startServer(aSnapshot(0));
    const client = connect(server.port, 'GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => client.received().endsWith('served'));
    await Promise.all([server.server.close(10_000), client.closed]);
  });
});
