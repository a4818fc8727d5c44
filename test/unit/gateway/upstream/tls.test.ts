import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { identityCheck } from '../../../../gateway/identity.ts';
import type { UpstreamTarget, UpstreamTls } from '../../../../gateway/upstream/target.ts';
import { Upstream } from '../../../../gateway/upstream/upstream.ts';
import { type ServerCertificate, selfSigned } from '../../../support/otlp/certificate.ts';

const NAME = 'api.example.com';
let server: ServerCertificate;
let client: ServerCertificate;
let upstream: Upstream;
let listening: Server | undefined;
/** Connections as the server saw them. */
let sockets: TLSSocket[];

beforeAll(async () => {
  server = await selfSigned(NAME);
  client = await selfSigned('gateway.example.com');
});

afterEach(async () => {
  await upstream.close();
  listening?.closeAllConnections();
  listening?.close();
});

const start = async (options: ServerOptions = {}): Promise<UpstreamTarget> => {
  sockets = [];
  upstream = new Upstream({ connectTimeout: 2_000 });
  listening = createServer({ key: server.key, cert: server.cert, ...options }, (request, response) =>
    response.end(request.headers.host),
  );
  listening.on('secureConnection', (socket: TLSSocket) => sockets.push(socket));
  await new Promise<void>((resolve) => listening?.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  return { ...plain(port), tls: { sni: NAME, ca: server.ca } };
};

const plain = (port: number): UpstreamTarget => ({
  name: 't',
  host: '127.0.0.1',
  port,
  path: '/',
  protocol: 'HTTP',
  tls: undefined,
  credentials: [],
  authority: NAME,
});

/** The body of the answer, or the code of the failure. */
const ask = (target: UpstreamTarget, host = NAME): Promise<string> =>
  new Promise((resolve) => {
    let body = '';
    upstream.send(
      target,
      { method: 'GET', path: '/', headers: ['host', host], body: undefined },
      {
        onHeaders: () => {},
        onData: (chunk) => {
          body += chunk;
        },
        // The connection is free again a turn of the event loop later.
        onEnd: () => setTimeout(resolve, 10, body),
        onError: ({ code }, sent) => resolve(`${code}${sent ? ' (sent)' : ''}`),
      },
    );
  });

const withTls = (target: UpstreamTarget, parts: Partial<UpstreamTls>): UpstreamTarget => ({
  ...target,
  tls: { sni: NAME, ca: server.ca, ...parts },
});

const REFUSED = 'upstream_tls_failed';

test.each<[string, Partial<UpstreamTls> | (() => Partial<UpstreamTls>), string]>([
  ['its own authority', {}, NAME],
  ['no authority of its own: the well-known ones do not know it', { ca: undefined }, REFUSED],
  ['another authority', () => ({ ca: client.ca }), REFUSED],
  ['several authorities', () => ({ ca: `${client.ca}\n${server.ca}` }), NAME],
  ['another name', { sni: 'other.example.com' }, REFUSED],
  ['another name, which is not looked at', { sni: 'other.example.com', verify: 'chain' }, NAME],
  ['another authority, with only the chain looked at', () => ({ ca: client.ca, verify: 'chain' }), REFUSED],
  ['another authority and name, and nothing is looked at', () => ({ ca: client.ca, sni: 'x', verify: 'none' }), NAME],
  ['names of which one is there', { sni: 'other.example.com', subjectAltNames: ['spiffe://a/b', NAME] }, NAME],
  ['names of which none is there', { subjectAltNames: ['spiffe://a/b', 'other.example.com'] }, REFUSED],
  ['an authority that is none', { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }, REFUSED],
  ['a key that is none', { certificate: { certificate: 'x', key: 'y' } }, REFUSED],
])('a target with %s', async (_name, parts, expected) => {
  const target = await start();
  expect(await ask(withTls(target, typeof parts === 'function' ? parts() : parts))).toBe(expected);
});

test('the gateway shows its certificate', async () => {
  const target = await start({ requestCert: true, ca: client.ca });
  const certificate = { certificate: client.cert, key: client.key };
  expect(await ask(withTls(target, { certificate }))).toBe(NAME);
  expect(sockets[0]?.getPeerCertificate().subject.CN).toBe('gateway.example.com');
});

test('one that has to show a certificate, and has none, is not let in', async () => {
  const target = await start({ requestCert: true, ca: client.ca });
  // TLS 1.3 tells it only after the client has begun to speak.
  expect(await ask(target)).toMatch(/^upstream_(closed|tls_failed) \(sent\)$/);
});

test.each<[readonly string[] | undefined, string]>([
  [undefined, 'http/1.1'],
  [['http/1.0'], 'http/1.0'],
  [['h2', 'http/1.1'], 'http/1.1'],
  [['h2'], 'http/1.1'],
])('of the protocols %j, %s is agreed on: HTTP/2 is not spoken', async (alpnProtocols, agreed) => {
  const target = await start({ ALPNProtocols: ['h2', 'http/1.1', 'http/1.0'] });
  expect(await ask(withTls(target, { alpnProtocols }))).toBe(NAME);
  expect(sockets[0]?.alpnProtocol).toBe(agreed);
});

test('requests for different hosts share a connection', async () => {
  const target = await start();
  expect([await ask(target, 'one'), await ask(target, 'two'), await ask(target, '10.0.0.1')]).toEqual([
    'one',
    'two',
    '10.0.0.1',
  ]);
  expect(sockets).toHaveLength(1);
});

test('a further connection resumes the session, and is as closely checked in another pool', async () => {
  const target = await start();
  const resumed: boolean[] = [];
  listening?.on('secureConnection', (socket) => resumed.push(socket.isSessionReused()));
  await ask(target);
  sockets[0]?.destroy();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await ask(target);
  expect(resumed).toEqual([false, true]);
  expect(await ask(withTls(target, { sni: 'other.example.com' }))).toBe(REFUSED);
});

test('a server that never shakes hands costs the target’s own time', async () => {
  upstream = new Upstream();
  const held: Socket[] = [];
  const silent = createTcpServer((socket) => held.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const before = performance.now();
  expect(await ask({ ...plain(port), tls: { sni: NAME }, connectTimeout: 100 })).toBe('upstream_timeout');
  expect(performance.now() - before).toBeLessThan(1_500);
  for (const socket of held) socket.destroy();
  silent.close();
});

describe('a Unix socket', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'upstream-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  test('is connected to in place of host and port', async () => {
    upstream = new Upstream();
    const socketPath = join(folder, 'a.sock');
    const local = createHttpServer((request, response) => response.end(`local ${request.headers.host}`));
    await new Promise<void>((resolve) => local.listen(socketPath, resolve));
    expect(await ask({ ...plain(1), host: 'nowhere.invalid', socketPath })).toBe(`local ${NAME}`);
    local.closeAllConnections();
    local.close();
  });

  test('that is not there cannot be reached', async () => {
    upstream = new Upstream();
    expect(await ask({ ...plain(1), socketPath: join(folder, 'none.sock') })).toBe('upstream_unreachable');
  });
});

describe('names in a certificate', () => {
  const accepts = (name: string, subjectaltname: string | undefined): boolean =>
    identityCheck([name])('', { subject: { CN: 'common.example.com' }, subjectaltname } as never) === undefined;

  test.each<[string, string | undefined, boolean]>([
    ['spiffe://a/b', 'DNS:x, URI:spiffe://a/b', true],
    ['spiffe://a/b', 'URI:spiffe://a/b/c', false],
    ['spiffe://a/b', 'DNS:"x, URI:spiffe://a/b, DNS:y"', false],
    ['spiffe://a/b,c', 'URI:"spiffe://a/b,c"', true],
    ['spiffe://a/b', undefined, false],
    ['a.example.com', 'DNS:*.example.com', true],
    ['*.example.com', 'DNS:*.example.com', true],
    ['*.example.com', 'DNS:a.example.com', false],
    ['10.0.0.1', 'IP Address:10.0.0.1', true],
    // RFC 9525 §2: the common name says nothing.
    ['common.example.com', 'DNS:common.example.com', true],
    ['common.example.com', 'URI:spiffe://a/b', false],
    ['common.example.com', undefined, false],
  ])('%s in %s: %p', (name, names, accepted) => {
    expect(accepts(name, names)).toBe(accepted);
  });
});
