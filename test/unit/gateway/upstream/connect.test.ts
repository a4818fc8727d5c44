import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { GatewayError } from '../../../../gateway/errors.ts';
import { parseConnectTo } from '../../../../gateway/upstream/connect.ts';
import type { UpstreamTarget } from '../../../../gateway/upstream/target.ts';
import { Upstream, type UpstreamOptions } from '../../../../gateway/upstream/upstream.ts';
import { selfSigned } from '../../../support/otlp/certificate.ts';

describe('--connect-to', () => {
  test.each<[string, [string, { host: string; port: number }]]>([
    ['API.example.com:443=127.0.0.1:8443', ['api.example.com:443', { host: '127.0.0.1', port: 8443 }]],
    ['[::1]:80=[fe80::1]:81', ['::1:80', { host: 'fe80::1', port: 81 }]],
  ])('%s', (text, parsed) => {
    expect(parseConnectTo(text)).toEqual(parsed);
  });

  test.each(['', 'a:1', 'a=b', 'a:1=b', 'a:1=b:0', 'a:1=b:65536', 'a:1=b:2=c:3', 'a:x=b:1', '::1:80=a:1', 'a b:1=c:1'])(
    '%j is refused',
    (text) => {
      expect(() => parseConnectTo(text)).toThrow(RangeError);
    },
  );
});

const NAME = 'mcp.example.com';
const servernames: (string | false | null)[] = [];
const hosts: (string | undefined)[] = [];
let server: Server;
let port: number;
let upstream: Upstream | undefined;

beforeAll(async () => {
  const { key, cert, ca } = await selfSigned(NAME);
  // What NODE_EXTRA_CA_CERTS does for a process from its start.
  setDefaultCACertificates([...getCACertificates('default'), ca]);
  server = createServer({ key, cert }, (request, response) => {
    servernames.push((request.socket as unknown as { servername: string | false }).servername);
    hosts.push(request.headers.host);
    response.end('hello');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});

afterEach(async () => {
  await upstream?.close();
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const target = (parts: Partial<UpstreamTarget>): UpstreamTarget => ({
  name: 't',
  host: NAME,
  port: 443,
  path: '/mcp',
  protocol: 'StreamableHTTP',
  tls: { sni: NAME },
  credentials: [],
  authority: NAME,
  ...parts,
});

const fetchFrom = (to: UpstreamTarget, options: UpstreamOptions = {}): Promise<string> => {
  upstream = new Upstream({ connectTimeout: 2_000, ...options });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let body = '';
  upstream.send(
    to,
    { method: 'GET', path: to.path, headers: ['host', to.authority], body: undefined },
    {
      onHeaders: () => {},
      onData: (chunk) => {
        body += chunk.toString();
      },
      onEnd: () => resolve(body),
      onError: (error: GatewayError) => reject(error.code),
    },
  );
  return promise;
};

const here = () => new Map([[`${NAME}:443`, { host: '127.0.0.1', port }]]);

test('dials elsewhere, and still asks for and checks the target’s name', async () => {
  expect(await fetchFrom(target({}), { connectTo: here() })).toBe('hello');
  expect([servernames.at(-1), hosts.at(-1)]).toEqual([NAME, NAME]);
});

test('the name that is checked is the configured one, not the host that is dialled or the Host that is sent', async () => {
  expect(await fetchFrom(target({ host: '127.0.0.1', port, authority: 'other.example.com' }))).toBe('hello');
  expect([servernames.at(-1), hosts.at(-1)]).toEqual([NAME, 'other.example.com']);
});

test.each<[string, Partial<UpstreamTarget>, string]>([
  ['a certificate for another name', { host: '127.0.0.1', tls: { sni: 'other.example.com' } }, 'upstream_tls_failed'],
  ['a certificate for no address', { host: '127.0.0.1', tls: { sni: '127.0.0.1' } }, 'upstream_tls_failed'],
  ['no TLS where TLS is spoken', { host: '127.0.0.1', tls: undefined }, 'upstream_closed'],
  ['a name that does not exist', { host: 'no-such-host.invalid' }, 'upstream_unreachable'],
])('%s', async (_name, parts, code) => {
  await expect(fetchFrom(target({ port, ...parts }))).rejects.toBe(code);
});

test('a certificate that nobody signed', async () => {
  const { key, cert } = await selfSigned(NAME);
  const stranger = createServer({ key, cert }, (_request, response) => response.end());
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  const to = target({ host: '127.0.0.1', port: (stranger.address() as AddressInfo).port });
  await expect(fetchFrom(to)).rejects.toBe('upstream_tls_failed');
  stranger.close();
});
