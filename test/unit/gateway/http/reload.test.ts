import { afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Bind } from '../../../../gateway/compile/snapshot.ts';
import { createAuthority, type KeyPair } from '../../../support/acceptance/authority.ts';
import { freePort } from '../../../support/free-port.ts';
import { connect, type RawClient, startServer, type TestServer, until } from '../../../support/http/server.ts';
import { aBind, aListener, aMatch, aRule, aSnapshot } from '../../../support/http/snapshot.ts';
import { aTlsListener, connectTls } from '../../../support/http/tls.ts';

const SWAPS = 1_000;
const CLIENTS = 4;
/** The end of an answer. */
const SERVED = 'served';
/** Ends a test that hangs; it takes a second or two. */
const LIMIT = 30_000;

let pairs: readonly KeyPair[];
let server: TestServer;

beforeAll(async () => {
  const authority = await createAuthority();
  pairs = await Promise.all([authority.issue('a.example'), authority.issue('a.example')]);
});

afterEach(() => server.close());

/** Sockets, listeners, timers and whatever else keeps a process alive, by type. */
const resources = (): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
};

/** A connection that asks again as soon as it was answered. */
class KeepAliveClient {
  readonly #client: RawClient;
  readonly #text: string;
  answers = 0;
  #stopped = false;
  readonly done: Promise<void>;

  constructor(client: RawClient, path: string) {
    this.#client = client;
    this.#text = `GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`;
    this.done = this.#run();
  }

  /** Resolves when the last answer has come. */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.done.then(() => void this.#client.socket.destroy());
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#client.send(this.#text);
      await this.#answer();
      this.answers += 1;
    }
  }

  #answer(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { socket } = this.#client;
      let end = '';
      const onData = (chunk: string): void => {
        end = (end + chunk).slice(-SERVED.length);
        if (end !== SERVED) return;
        socket.off('data', onData).off('close', onClose);
        resolve();
      };
      const onClose = (): void => reject(new Error(`closed after ${this.answers} answers`));
      socket.on('data', onData).on('close', onClose);
    });
  }
}

const routed = (port: number, route: string): Bind =>
  aBind(port, { listeners: [aListener({ matches: [aMatch({ rule: aRule(route) })] })] });
/** Two certificates take turns. */
const secured = (port: number, turn: number): Bind =>
  aBind(port, { protocol: 'HTTPS', listeners: [aTlsListener('a.example', pairs[turn % 2] as KeyPair)] });

test(
  `${SWAPS} reloads under load lose nothing and leave nothing behind`,
  async () => {
    const [http, https, coming] = [await freePort(), await freePort(), await freePort()];
    const before = resources();
    // A timer that is left behind shall not be over before it is found.
    const limits = { handshakeTimeout: 10 * LIMIT, keepAliveTimeout: 10 * LIMIT, stallTimeout: 10 * LIMIT };
    server = await startServer(aSnapshot(routed(http, 'r0'), secured(https, 0)), { limits });
    const clients = [
      ...Array.from({ length: CLIENTS }, () => new KeepAliveClient(connect(http), '/mcp')),
      ...Array.from({ length: CLIENTS }, () => new KeepAliveClient(connectTls(https, 'a.example'), '/mcp')),
    ];
    await until(() => clients.every(({ answers }) => answers > 0));
    const answered = (): number => clients.reduce((sum, { answers }) => sum + answers, 0);
    const during = resources();
    const early = answered();
    for (let swap = 1; swap <= SWAPS; swap++) {
      // One port comes and goes.
      const others = swap % 10 === 5 ? [aBind(coming)] : [];
      await server.server.apply(aSnapshot(routed(http, `r${swap}`), secured(https, swap), ...others));
      if (others.length > 0) expect(server.server.ports[2]?.bound?.port).toBe(coming);
      // Requests come between the swaps, not only after them.
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(answered() - early).toBeGreaterThan(SWAPS / 10);
    expect(server.server.ports.map(({ bound, connections }) => [bound?.port, connections])).toEqual([
      [http, CLIENTS],
      [https, CLIENTS],
    ]);
    await until(() => Object.entries(resources()).every(([type, count]) => count <= (during[type] ?? 0) + 1));

    await Promise.all(clients.map((client) => client.stop()));
    await until(() => server.records.length === answered());
    expect(server.records.filter(({ response }) => response.status !== 200)).toEqual([]);
    // Those of many swaps, the last among them.
    expect(new Set(server.records.map(({ labels }) => labels.route)).size).toBeGreaterThan(SWAPS / 20);
    expect(server.logs).toEqual([]);

    await server.server.close(1_000);
    await until(() => Object.entries(resources()).every(([type, count]) => count <= (before[type] ?? 0)));
  },
  LIMIT,
);

const GET = 'GET /mcp HTTP/1.1\r\nHost: a.example\r\n\r\n';

test.each<[Bind['protocol'], (port: number) => Bind, (port: number, text: string) => RawClient]>([
  ['HTTP', (port) => aBind(port), connect],
  ['HTTPS', (port) => secured(port, 0), (port, text) => connectTls(port, 'a.example', text)],
])(
  'a port of %s that is dropped ends what it has: the idle at once, the others with their answer',
  async (_, bind, open) => {
    const port = await freePort();
    server = await startServer(aSnapshot(aBind(0), bind(port)), { limits: { handshakeTimeout: 10 * LIMIT } });
    const idle = open(port, GET);
    await until(() => idle.received().endsWith(SERVED));
    const begun = Promise.withResolvers<void>();
    const dropped = Promise.withResolvers<void>();
    server.handle = async ({ response }) => {
      begun.resolve();
      await dropped.promise;
      response.end('late');
    };
    const busy = open(port, GET);
    await begun.promise;
    const silent = connect(port);
    await until(() => server.server.ports[1]?.connections === 3);
    await server.server.apply(aSnapshot(aBind(0)));
    await idle.closed;
    expect(busy.socket.closed).toBe(false);
    // Somebody else may have the port now.
    const other = await startServer(aSnapshot(aBind(port)));
    expect(other.port).toBe(port);
    await other.close();
    dropped.resolve();
    expect(await busy.closed).toMatch(/^HTTP\/1.1 200 .*late$/s);
    await silent.closed;
    expect(server.records.map(({ response }) => response.status)).toEqual([200, 200]);
    expect(server.logs).toEqual([]);
  },
);
