import { createServer as createTlsServer, type Server } from 'node:https';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Authority, createAuthority } from '../support/acceptance/authority.ts';
import { eventually } from '../support/acceptance/eventually.ts';
import { type GatewayProcess, startGateway } from '../support/acceptance/gateway.ts';
import { closingAfterAll } from '../support/closing.ts';
import { freePort } from '../support/free-port.ts';

/** A Service that asks for TLS by a BackendTLSPolicy, from files: it is reached as that says, or not at all. */
const NAME = 'web.example.com';
const IDENTITY = 'spiffe://example.com/web';
const keep = closingAfterAll();
let authority: Authority;
let stranger: Authority;
/** Speaks TLS, and answers with the server name that it was asked for. */
let backend: Server;
/** In front of it: the first byte of each connection. */
let front: ReturnType<typeof createServer>;
let firstBytes: number[];
let port: number;
let gateway: GatewayProcess;

const listen = async (server: { listen(port: number, host: string, done: () => void): unknown }): Promise<void> =>
  new Promise((resolve) => void server.listen(0, '127.0.0.1', resolve));
const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;

interface Parts {
  readonly validation: object;
  /** Text of the ConfigMap's `ca.crt`. */
  readonly ca?: string;
}

const manifests = ({ validation, ca }: Parts): string =>
  [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'gateway', namespace: 'a' },
      spec: { gatewayClassName: 'agentgateway', listeners: [{ name: 'http', port, protocol: 'HTTP' }] },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'route', namespace: 'a' },
      spec: { parentRefs: [{ name: 'gateway' }], rules: [{ backendRefs: [{ name: 'web', port: 443 }] }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'a' },
      spec: { ports: [{ name: 'https', port: 443 }] },
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'authority', namespace: 'a' },
      data: ca === undefined ? {} : { 'ca.crt': ca },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'BackendTLSPolicy',
      metadata: { name: 'tls', namespace: 'a' },
      spec: { targetRefs: [{ group: '', kind: 'Service', name: 'web', sectionName: 'https' }], validation },
    },
  ]
    .map((object) => JSON.stringify(object))
    .join('\n---\n');

const CA = { caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'authority' }] };
const names = (...subjectAltNames: readonly object[]) => ({ ...CA, hostname: NAME, subjectAltNames });

beforeAll(async () => {
  [authority, stranger] = [await createAuthority(), await createAuthority('Stranger')];
  backend = createTlsServer(await authority.issue(NAME, { uris: [IDENTITY] }), ({ socket }, response) =>
    response.end(String((socket as TLSSocket).servername)),
  );
  await listen(backend);
  keep(backend, (server) => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  firstBytes = [];
  const sockets = new Set<Socket>();
  front = createServer((socket) => {
    const behind = connect(portOf(backend), '127.0.0.1');
    for (const end of [socket, behind]) sockets.add(end.on('error', () => {}));
    socket.once('data', (chunk) => firstBytes.push(chunk[0] as number));
    socket.pipe(behind).pipe(socket);
  });
  await listen(front);
  keep(front, (server) => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  port = await freePort();
  gateway = keep(
    await startGateway({
      manifests: manifests({ validation: { ...CA, hostname: NAME }, ca: authority.certificate }),
      port,
      connectTo: { 'web.a.svc.cluster.local:443': portOf(front) },
    }),
    (process) => process.stop(),
  );
});

afterEach(() => {
  // RFC 8446 §5.1: a handshake record. Anything else would be clear text.
  expect(firstBytes.filter((byte) => byte !== 22)).toEqual([]);
});

const ask = async (): Promise<string> => {
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  return `${answer.status} ${answer.ok ? await answer.text() : ''}`.trimEnd();
};

const asked = async (parts: Parts, expected: string): Promise<void> => {
  await gateway.rewrite(manifests(parts));
  await eventually(`answer ${expected}`, async () => ((await ask()) === expected ? true : undefined));
};

/** What everything is changed from: otherwise an answer could be that of the test before. */
beforeAll(async () => {
  await eventually('the first answer', async () => ((await ask()) === `200 ${NAME}` ? true : undefined));
});

test.each<[string, object, string]>([
  ['the name that it has', { ...CA, hostname: NAME }, `200 ${NAME}`],
  ['another name', { ...CA, hostname: 'other.example.com' }, '502'],
  [
    'its name in place of the one that is sent',
    { ...names({ type: 'Hostname', hostname: NAME }), hostname: 'sent.example.com' },
    '200 sent.example.com',
  ],
  ['another name in place of the one that is sent', names({ type: 'Hostname', hostname: 'other.example.com' }), '502'],
  ['its URI', { ...names({ type: 'URI', uri: IDENTITY }), hostname: 'uri.example.com' }, '200 uri.example.com'],
  ['another URI', names({ type: 'URI', uri: `${IDENTITY}/other` }), '502'],
  [
    'one of several',
    {
      ...names({ type: 'URI', uri: `${IDENTITY}/other` }, { type: 'Hostname', hostname: NAME }),
      hostname: 'one.example.com',
    },
    '200 one.example.com',
  ],
  ['authorities that everybody knows, and it is not of', { hostname: NAME, wellKnownCACertificates: 'System' }, '502'],
  ['authorities that nobody knows', { hostname: NAME, wellKnownCACertificates: 'example.com/ours' }, '500'],
])('%s', async (_name, validation, expected) => {
  await asked({ validation, ca: authority.certificate }, expected);
});

test('another authority, none, and the right one again', async () => {
  const validation = { ...CA, hostname: NAME };
  await asked({ validation, ca: authority.certificate }, `200 ${NAME}`);
  await asked({ validation, ca: stranger.certificate }, '502');
  const since = gateway.output().length;
  await asked({ validation }, '500');
  await gateway.printed(
    /BackendTLSPolicy a\/tls: ConfigMap a\/authority has no key "ca.crt" .*NoValidCACertificate/,
    since,
  );
  const dialled = firstBytes.length;
  expect(await ask()).toBe('500');
  expect(firstBytes).toHaveLength(dialled);
  await asked({ validation, ca: `${stranger.certificate}\n${authority.certificate}` }, `200 ${NAME}`);
});
