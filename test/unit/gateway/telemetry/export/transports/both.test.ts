import { createServer, connect as dialTcp, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type OtlpReceiver,
  type ReceiverOptions,
  startOtlpReceiver,
} from '../../../../../../gateway/demo/otlp-receiver.ts';
import { OtlpEncoder } from '../../../../../../gateway/telemetry/export/protobuf/encode.ts';
import type {
  ExportOutcome,
  Transport,
  TransportOptions,
} from '../../../../../../gateway/telemetry/export/transport.ts';
import { GrpcTransport } from '../../../../../../gateway/telemetry/export/transports/grpc.ts';
import { HttpTransport } from '../../../../../../gateway/telemetry/export/transports/http.ts';
import type { Collector, CollectorTls } from '../../../../../../gateway/telemetry/policy.ts';
import { type ServerCertificate, selfSigned } from '../../../../../support/otlp/certificate.ts';
import { aCollector, aSpan, countingClock } from '../../../../../support/otlp/spans.ts';

const encoder = new OtlpEncoder([{ name: 'service.name', value: 'agentgateway-mcp' }]);
const request = encoder.request([encoder.span(aSpan())]);
const never = new AbortController().signal;
const NAME = 'collector.telemetry.svc.cluster.local';

describe.each(['GRPC', 'HTTP'] as const)('OTLP over %s', (protocol) => {
  const clock = countingClock();
  const cleanups: (() => unknown)[] = [];
  let certificate: ServerCertificate;

  beforeAll(async () => {
    certificate = await selfSigned(NAME);
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    expect(clock.open()).toBe(0);
  });

  const receiver = async (options: Partial<ReceiverOptions> = {}): Promise<OtlpReceiver> => {
    const started = await startOtlpReceiver({ protocol: protocol === 'GRPC' ? 'grpc' : 'http', ...options });
    cleanups.push(() => started.close());
    return started;
  };
  const connect = (
    collector: Partial<Collector> & { port: number },
    options: Partial<TransportOptions> = {},
  ): Transport => {
    const Type = protocol === 'GRPC' ? GrpcTransport : HttpTransport;
    const transport = new Type(aCollector({ protocol, ...collector }), { clock, ...options });
    cleanups.push(() => transport.close());
    return transport;
  };
  const send = (transport: Transport, timeout = 5000): Promise<ExportOutcome> =>
    transport.send(request, timeout, never);

  test('delivers spans, one request after the other', async () => {
    const collector = await receiver();
    const transport = connect({ port: collector.port });
    expect(await send(transport)).toEqual({ ok: true, rejectedSpans: 0, message: '' });
    expect(await send(transport)).toMatchObject({ ok: true });
    expect(collector.spans().map(({ name }) => name)).toEqual(['POST /mcp/*', 'POST /mcp/*']);
  });

  test('dials elsewhere and still checks the certificate against the collector’s name', async () => {
    const collector = await receiver({ tls: certificate });
    const dialled: string[] = [];
    const dial = (host: string, port: number) => {
      dialled.push(`${host}:${port}`);
      return { host: '127.0.0.1', port: collector.port };
    };
    const { ca } = certificate;
    expect(await send(connect({ host: NAME, port: 4317, tls: { sni: NAME, ca } }, { dial }))).toMatchObject({
      ok: true,
    });
    expect(dialled).toEqual([`${NAME}:4317`]);
    const other = connect({ host: NAME, port: 4317, tls: { sni: 'other.example', ca } }, { dial });
    expect(await send(other, 1500)).toMatchObject({ ok: false, retryable: true, reason: 'unreachable' });
    expect(collector.spans()).toHaveLength(1);
  });

  test('does not trust a certificate that nobody vouches for', async () => {
    const collector = await receiver({ tls: certificate });
    const dial = () => ({ host: '127.0.0.1', port: collector.port });
    const transport = connect({ host: NAME, port: 4317, tls: { sni: NAME } }, { dial });
    expect(await send(transport, 1500)).toMatchObject({ ok: false, reason: 'unreachable' });
    expect(collector.requests()).toBe(0);
  });

  test('checks a certificate against what it is told to, and no more', async () => {
    const collector = await receiver({ tls: certificate });
    const dial = () => ({ host: '127.0.0.1', port: collector.port });
    const outcomeOf = (tls: CollectorTls): Promise<ExportOutcome> =>
      send(connect({ host: NAME, port: 4317, tls }, { dial }), 1500);
    const { ca } = certificate;
    const sni = 'other.example';
    expect(await outcomeOf({ sni, ca, subjectAltNames: ['third.example', NAME] })).toMatchObject({ ok: true });
    expect(await outcomeOf({ sni: NAME, ca, subjectAltNames: ['third.example'] })).toMatchObject({ ok: false });
    expect(await outcomeOf({ sni, ca, verify: 'chain' })).toMatchObject({ ok: true });
    expect(await outcomeOf({ sni, verify: 'chain' })).toMatchObject({ ok: false });
    expect(await outcomeOf({ sni, verify: 'none' })).toMatchObject({ ok: true });
  });

  test('shows a certificate to a collector that asks for one', async () => {
    const client = await selfSigned('gateway.example');
    const collector = await receiver({ tls: { ...certificate, clientCa: client.ca } });
    const dial = () => ({ host: '127.0.0.1', port: collector.port });
    const tls = { sni: NAME, ca: certificate.ca };
    const shown = { certificate: client.cert, key: client.key };
    expect(await send(connect({ host: NAME, port: 4317, tls }, { dial }), 1500)).toMatchObject({ ok: false });
    const transport = connect({ host: NAME, port: 4317, tls: { ...tls, certificate: shown } }, { dial });
    expect(await send(transport)).toMatchObject({ ok: true });
  });

  test('sends the credentials of the collector', async () => {
    const collector = await receiver();
    const credentials = [
      { name: 'authorization', value: 'Bearer s3cret' },
      { name: 'x-team', value: 'tools' },
    ];
    expect(await send(connect({ port: collector.port, credentials }))).toMatchObject({ ok: true });
    expect(collector.headers()).toMatchObject({ authorization: 'Bearer s3cret', 'x-team': 'tools' });
  });

  test('a key that cannot be used is an outcome, not an exception', async () => {
    const collector = await receiver({ tls: certificate });
    const shown = { certificate: 'no certificate', key: 'no key' };
    const transport = connect({ host: '127.0.0.1', port: collector.port, tls: { sni: NAME, certificate: shown } });
    expect(await send(transport, 1500)).toMatchObject({ ok: false, retryable: false, reason: 'rejected' });
  });

  test('reports what the collector refused of an accepted request', async () => {
    const collector = await receiver();
    collector.behaviour = { rejectedSpans: 1 };
    expect(await send(connect({ port: collector.port }))).toEqual({
      ok: true,
      rejectedSpans: 1,
      message: 'told to refuse spans',
    });
  });

  test.each([
    ['unavailable', true, 'unreachable'],
    ['reject', false, 'rejected'],
  ] as const)('a collector that says %s: retryable %s, %s', async (behaviour, retryable, reason) => {
    const collector = await receiver();
    collector.behaviour = behaviour;
    expect(await send(connect({ port: collector.port }))).toMatchObject({ ok: false, retryable, reason });
  });

  test('a collector that never answers costs the timeout, and the next attempt works', async () => {
    const collector = await receiver();
    const transport = connect({ port: collector.port });
    collector.behaviour = 'hang';
    const start = Date.now();
    expect(await send(transport, 200)).toMatchObject({ ok: false, retryable: true, reason: 'unreachable' });
    expect(Date.now() - start).toBeLessThan(2000);
    collector.behaviour = 'ok';
    expect(await send(transport)).toMatchObject({ ok: true });
  });

  test('a connection that died silently is replaced', async () => {
    const collector = await receiver();
    const links: Socket[] = [];
    const relay = await listen((socket) => {
      const onward = dialTcp(collector.port, '127.0.0.1');
      links.push(onward);
      for (const end of [socket, onward]) end.on('error', () => {});
      socket.pipe(onward).pipe(socket);
    });
    cleanups.push(relay.close, () => links.forEach((link) => void link.destroy()));
    const transport = connect({ port: relay.port });
    expect(await send(transport)).toMatchObject({ ok: true });
    // From here on nothing comes back over the first connection, and nobody says so.
    links[0]?.unpipe();
    links[0]?.pause();
    expect(await send(transport, 200)).toMatchObject({ ok: false, retryable: true });
    expect(await send(transport, 2000)).toMatchObject({ ok: true });
    expect(links).toHaveLength(2);
  });

  test('a peer that accepts and says nothing at all costs the timeout', async () => {
    const server = await listen((socket) => socket.resume());
    cleanups.push(server.close);
    expect(await send(connect({ port: server.port }), 200)).toMatchObject({ ok: false, reason: 'unreachable' });
  });

  test('a peer that answers with garbage is an outcome, not an exception', async () => {
    const server = await listen((socket) => {
      socket.on('error', () => {});
      socket.end('\u0000garbage\r\n\r\n');
    });
    cleanups.push(server.close);
    expect(await send(connect({ port: server.port }), 1500)).toMatchObject({ ok: false, reason: 'unreachable' });
  });

  test('nobody listening is an outcome, and so is a name that does not exist', async () => {
    const server = await listen(() => {});
    await server.close();
    expect(await send(connect({ port: server.port }), 1500)).toMatchObject({ ok: false, retryable: true });
    const nameless = connect({ host: 'collector.invalid', port: 4317 });
    expect(await send(nameless, 1500)).toMatchObject({ ok: false, retryable: true });
  });

  test('an abort ends a request that is under way, and one that was not begun', async () => {
    const collector = await receiver();
    collector.behaviour = 'hang';
    const transport = connect({ port: collector.port });
    const controller = new AbortController();
    const pending = transport.send(request, 10_000, controller.signal);
    setTimeout(() => controller.abort(), 50);
    expect(await pending).toMatchObject({ ok: false });
    expect(await transport.send(request, 10_000, controller.signal)).toMatchObject({ ok: false });
  });
});

interface RawServer {
  readonly port: number;
  readonly close: () => Promise<void>;
}

async function listen(handle: (socket: Socket) => void): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
