import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority, type KeyPair } from '../../../../support/acceptance/authority.ts';
import { freePort } from '../../../../support/free-port.ts';
import { connect, startServer, type TestServer, until } from '../../../../support/http/server.ts';
import { aBind, aListener, aSnapshot } from '../../../../support/http/snapshot.ts';
import { aCertificate, aTlsListener, connectTls, shakeHands } from '../../../../support/http/tls.ts';

const UNRECOGNIZED_NAME = '112';
const NO_APPLICATION_PROTOCOL = '120';
const PROTOCOL_VERSION = '70';
const HANDSHAKE_FAILURE = '40';
/** The listeners of one port, in the snapshot's order of precedence. */
const HOSTNAMES = ['exact.wild.example', '*.wild.example', undefined] as const;

let pairs: Readonly<Record<string, KeyPair>>;
let server: TestServer;

const pair = (name: string): KeyPair => pairs[name] ?? { cert: '', key: '' };
/** By the name of its certificate. */
const listener = (hostname: string | undefined, ...names: readonly string[]) =>
  aTlsListener(hostname, ...names.map(pair));
const aTlsBind = (...listeners: ReturnType<typeof listener>[]) => aBind(0, { protocol: 'HTTPS', listeners });
const all = (...hostnames: readonly (string | undefined)[]) =>
  aTlsBind(...hostnames.map((hostname) => listener(hostname, hostname ?? 'any')));

beforeAll(async () => {
  const authority = await createAuthority();
  const issue = async (name: string) => [name, await authority.issue(name)] as const;
  pairs = Object.fromEntries(
    await Promise.all([
      ...['exact.wild.example', '*.wild.example', 'any', 'other.example'].map(issue),
      authority.issue('rsa.example', { key: 'rsa' }).then((issued) => ['rsa.example', issued] as const),
      authority.issue('any', { key: 'shortRsa' }).then((issued) => ['short', issued] as const),
      authority.issue('any', { notAfter: new Date(Date.now() - 60_000) }).then((issued) => ['old', issued] as const),
    ]),
  );
});

afterEach(() => server.close());

const get = (host: string, path = '/mcp'): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

/** Status and route of a request on a connection that named a server. */
const ask = async (serverName: string, host: string) => {
  const client = connectTls(server.port, serverName, get(host));
  const count = server.records.length;
  await until(() => server.records.length > count);
  client.socket.destroy();
  return [server.records[count]?.response.status, server.records[count]?.labels.route];
};

describe('the name that a client sends chooses the listener', () => {
  test.each([
    ['exact.wild.example', 'exact.wild.example'],
    ['Exact.WILD.example', 'exact.wild.example'],
    ['a.wild.example', '*.wild.example'],
    ['a.b.wild.example', '*.wild.example'],
    ['wild.example', 'any'],
    ['', 'any'],
  ])('%j is shown the certificate of %s', async (name, shown) => {
    server = await startServer(aSnapshot(all(...HOSTNAMES)));
    expect(await shakeHands(server.port, name)).toBe(shown);
    expect(await shakeHands(server.port, name, { maxVersion: 'TLSv1.2' })).toBe(shown);
    expect(server.records).toEqual([]);
  });

  test('none for it: it is refused in so many words', async () => {
    server = await startServer(aSnapshot(all('*.wild.example')));
    for (const name of ['wild.example', 'a.wild.example.', 'a b.wild.example', '*.wild.example']) {
      expect([name, await shakeHands(server.port, name)]).toEqual([name, UNRECOGNIZED_NAME]);
    }
    expect(await shakeHands(server.port, 'other.example', { maxVersion: 'TLSv1.2' })).toBe(UNRECOGNIZED_NAME);
    expect(await shakeHands(server.port, '')).toBe(UNRECOGNIZED_NAME);
    expect(await shakeHands(server.port, 'a.wild.example')).toBe('*.wild.example');
    expect([server.records, server.logs]).toEqual([[], []]);
  });

  test('HTTP/1.1 and nothing else, TLS 1.2 and nothing older', async () => {
    server = await startServer(aSnapshot(all(undefined)));
    const { socket } = connectTls(server.port, 'a', '', { ALPNProtocols: ['h2', 'http/1.1'] });
    await until(() => socket.alpnProtocol !== null);
    expect(socket.alpnProtocol).toBe('http/1.1');
    socket.destroy();
    expect(await shakeHands(server.port, 'a', { ALPNProtocols: ['h2'] })).toBe(NO_APPLICATION_PROTOCOL);
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    expect(await shakeHands(server.port, 'a', old)).toBe(PROTOCOL_VERSION);
  });
});

describe('requests', () => {
  test('are told of as HTTPS', async () => {
    server = await startServer(aSnapshot(all(undefined)));
    expect(await ask('a.example', 'a.example')).toEqual([200, 'any']);
    expect(server.records[0]).toMatchObject({
      request: { scheme: 'https', host: 'a.example', remoteAddress: '127.0.0.1', localPort: server.port },
    });
  });

  test.each([
    ['exact.wild.example', 'exact.wild.example', 200],
    ['exact.wild.example', 'EXACT.wild.example:443', 200],
    ['a.wild.example', 'b.wild.example', 200],
    ['', 'anything.example', 200],
    // Those of another listener, or of none.
    ['exact.wild.example', 'a.wild.example', 404],
    ['a.wild.example', 'exact.wild.example', 404],
    ['a.wild.example', 'other.example', 404],
    ['', 'exact.wild.example', 404],
  ])('on a connection to %j, for %s: %i', async (name, host, status) => {
    server = await startServer(aSnapshot(all(...HOSTNAMES)));
    expect((await ask(name, host))[0]).toBe(status);
    expect(server.records[0]?.error?.type).toBe(status === 404 ? 'listener_not_found' : undefined);
  });

  test('come one after another, and the connection outlives them', async () => {
    server = await startServer(aSnapshot(all(undefined)));
    const client = connectTls(server.port, 'a', get('a'));
    await until(() => client.received().endsWith('served'));
    client.send(get('a'));
    await until(() => client.received().split('served').length === 3);
    expect(server.server.ports[0]?.connections).toBe(1);
    client.socket.destroy();
  });
});

describe('certificates', () => {
  const shown = (name: string, key?: 'ECDSA' | 'RSA') => {
    const ciphers = `ECDHE-${key}-AES128-GCM-SHA256`;
    return shakeHands(server.port, name, key === undefined ? {} : { ciphers, maxVersion: 'TLSv1.2' });
  };

  test('with keys of different types stand side by side: each client gets one that it can check', async () => {
    server = await startServer(aSnapshot(aTlsBind(listener(undefined, 'rsa.example', 'any'))));
    expect(await shown('a', 'ECDSA')).toBe('any');
    expect(await shown('a', 'RSA')).toBe('rsa.example');
    expect(await shown('', 'RSA')).toBe('rsa.example');
  });

  test('are never those of another listener, whatever keys those have', async () => {
    const listeners = [listener('rsa.example', 'rsa.example'), listener(undefined, 'any')];
    server = await startServer(aSnapshot(aTlsBind(...listeners)));
    expect(await shown('rsa.example')).toBe('rsa.example');
    expect(await shown('rsa.example', 'ECDSA')).toBe(HANDSHAKE_FAILURE);
    expect(await shown('other.example', 'RSA')).toBe(HANDSHAKE_FAILURE);
  });

  test('with keys of the same type are for the names in them; the first is for all others', async () => {
    server = await startServer(aSnapshot(aTlsBind(listener(undefined, 'any', 'other.example', '*.wild.example'))));
    expect(await shown('other.example')).toBe('other.example');
    expect(await shown('a.wild.example')).toBe('*.wild.example');
    expect(await shown('nobody.example')).toBe('any');
    expect(await shown('')).toBe('any');
  });

  test.each<[string, () => ReturnType<typeof listener>]>([
    ['one that TLS refuses', () => listener('bad.example', 'short')],
    ['no PEM', () => aTlsListener('bad.example', { cert: 'x', key: 'y' })],
    ['none', () => aListener({ ...aTlsListener('bad.example'), certificates: undefined })],
  ])('%s: that listener refuses clients, the others go on', async (_what, bad) => {
    const bind = () => aTlsBind(bad(), listener(undefined, 'any'));
    server = await startServer(aSnapshot(bind()));
    await server.server.apply(aSnapshot(bind()));
    expect(await shown('bad.example')).toBe(UNRECOGNIZED_NAME);
    expect(await shown('good.example')).toBe('any');
    expect(await shown('')).toBe('any');
    expect(server.logs).toHaveLength(1);
    expect(server.logs[0]).toMatchObject({ level: 'error', fields: { gateway: 'default/gateway', listener: 'mcp' } });
  });

  test('one of the listener without hostname that TLS refuses', async () => {
    server = await startServer(
      aSnapshot(aTlsBind(listener('exact.wild.example', 'exact.wild.example'), listener(undefined, 'short'))),
    );
    expect(await shown('')).toBe(UNRECOGNIZED_NAME);
    expect(await shown('other.example')).toBe(UNRECOGNIZED_NAME);
    expect(await shown('exact.wild.example')).toBe('exact.wild.example');
  });

  test('one that has expired is served, and told of once', async () => {
    server = await startServer(aSnapshot(aTlsBind(listener(undefined, 'old'))));
    await server.server.apply(aSnapshot(aTlsBind(listener(undefined, 'old'))));
    expect(await shown('a')).toBe('any');
    expect(server.logs.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      'warn: a certificate has expired',
    ]);
  });
});

describe('reload', () => {
  test('new connections get the new certificate, those that are open go on', async () => {
    server = await startServer(aSnapshot(aTlsBind(listener('a.example', 'any'), listener(undefined, 'any'))));
    const named = connectTls(server.port, 'a.example', get('a.example'));
    const nameless = connectTls(server.port, '', get('b.example'));
    await until(() => server.records.length === 2);
    await server.server.apply(
      aSnapshot(aTlsBind(listener('a.example', 'other.example'), listener(undefined, 'rsa.example'))),
    );
    expect(await shakeHands(server.port, 'a.example')).toBe('other.example');
    expect(await shakeHands(server.port, '')).toBe('rsa.example');
    named.send(get('a.example'));
    nameless.send(get('b.example'));
    await until(() => server.records.length === 4);
    expect(server.records.map(({ response }) => response.status)).toEqual([200, 200, 200, 200]);
    named.socket.destroy();
    nameless.socket.destroy();
  });

  test('sessions are resumed where the certificate stays, but not to a listener that is gone', async () => {
    server = await startServer(aSnapshot(all('*.wild.example')));
    const first = connectTls(server.port, 'a.wild.example', get('a.wild.example'));
    const session = await new Promise<Buffer>((resolve) => first.socket.once('session', resolve));
    first.socket.destroy();
    await server.server.apply(aSnapshot(all('*.wild.example')));
    const second = connectTls(server.port, 'a.wild.example', get('a.wild.example'), { session });
    await until(() => second.received().endsWith('served'));
    expect(second.socket.isSessionReused()).toBe(true);
    second.socket.destroy();
    await server.server.apply(aSnapshot(all('exact.wild.example')));
    const third = connectTls(server.port, 'a.wild.example', '', { session });
    expect(await third.closed).toBe('');
  });

  test.each<['HTTP' | 'HTTPS', 'HTTP' | 'HTTPS']>([
    ['HTTP', 'HTTPS'],
    ['HTTPS', 'HTTP'],
  ])(
    'a port that turns from %s to %s: what it served goes on to its end, other ports notice nothing',
    async (from, to) => {
      const [port, other] = [await freePort(), await freePort()];
      const turned = (protocol: 'HTTP' | 'HTTPS') =>
        aSnapshot(aBind(other), aBind(port, { protocol, listeners: [aTlsListener(undefined, pair('any'))] }));
      server = await startServer(turned(from));
      const begun = Promise.withResolvers<void>();
      const turnedRound = Promise.withResolvers<void>();
      server.handle = async ({ request, response }) => {
        if (request.url === '/mcp/slow') {
          begun.resolve();
          await turnedRound.promise;
        }
        response.end('served');
      };
      const open = async (on: number, protocol: 'HTTP' | 'HTTPS', path?: string) =>
        protocol === 'HTTP' ? connect(on, get('a', path)) : connectTls(on, 'a', get('a', path));
      const idle = await open(other, 'HTTP');
      await until(() => idle.received().endsWith('served'));
      const slow = await open(port, from, '/mcp/slow');
      await begun.promise;
      await server.server.apply(turned(to));
      expect(server.server.ports.map(({ bound }) => bound?.port)).toEqual([other, port]);
      const quick = await open(port, to);
      await until(() => quick.received().endsWith('served'));
      turnedRound.resolve();
      expect(await slow.closed).toMatch(/served$/);
      idle.send(get('a'));
      await until(() => idle.received().split('served').length === 3);
      expect(server.logs).toEqual([]);
      for (const { socket } of [idle, quick]) socket.destroy();
    },
  );

  test('many leave nothing behind but what the last one has', async () => {
    server = await startServer(aSnapshot(aTlsBind(listener(undefined, 'any'))));
    for (const name of ['any', 'rsa.example', 'other.example', 'any']) {
      await server.server.apply(aSnapshot(aTlsBind(aListener({ certificates: [aCertificate(pair(name))] }))));
      expect(await shakeHands(server.port, '')).toBe(name);
    }
  });
});
