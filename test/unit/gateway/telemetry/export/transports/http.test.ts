import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { ExportOutcome } from '../../../../../../gateway/telemetry/export/transport.ts';
import { HttpTransport } from '../../../../../../gateway/telemetry/export/transports/http.ts';
import { MAX_RESPONSE_BYTES } from '../../../../../../gateway/telemetry/export/transports/response.ts';
import type { Collector } from '../../../../../../gateway/telemetry/policy.ts';
import { aCollector, countingClock } from '../../../../../support/otlp/spans.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Sends one request to a server that answers as `listener` says. */
async function exchange(listener: http.RequestListener, collector: Partial<Collector> = {}): Promise<ExportOutcome> {
  const server = http.createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const dial = () => ({ host: '127.0.0.1', port });
  const transport = new HttpTransport(aCollector({ port, ...collector }), { clock: countingClock(), dial });
  cleanups.push(
    () => new Promise((resolve) => server.close(resolve)),
    () => server.closeAllConnections(),
    () => transport.close(),
  );
  return transport.send(Buffer.from('request'), 3000, new AbortController().signal);
}
const answer =
  (status: number, headers: http.OutgoingHttpHeaders = {}, body: string | Buffer = ''): http.RequestListener =>
  (request, response) => {
    request.resume();
    response.writeHead(status, headers).end(body);
  };

describe('an OTLP/HTTP request', () => {
  test('is a POST of protobuf to the collector’s path, under the collector’s name', async () => {
    let seen: http.IncomingMessage | undefined;
    await exchange(
      (request, response) => {
        seen = request;
        answer(200)(request, response);
      },
      { host: 'tempo.telemetry', port: 4318, path: '/otlp/v1/traces' },
    );
    expect(seen).toMatchObject({ method: 'POST', url: '/otlp/v1/traces' });
    expect(seen?.headers).toMatchObject({
      host: 'tempo.telemetry:4318',
      'content-type': 'application/x-protobuf',
      'content-length': '7',
      'user-agent': 'tooltrail',
    });
  });

  test('leaves the default port out of Host', async () => {
    let host: string | undefined;
    await exchange(
      (request, response) => {
        host = request.headers.host;
        answer(200)(request, response);
      },
      { host: 'tempo', port: 80 },
    );
    expect(host).toBe('tempo');
  });

  test('with a path that cannot be sent is refused, not thrown', async () => {
    expect(await exchange(answer(200), { path: '/a b\n' })).toMatchObject({
      ok: false,
      retryable: false,
      reason: 'rejected',
    });
  });
});

describe('the answer', () => {
  test.each([429, 502, 503, 504])('%d may be retried', async (status) => {
    expect(await exchange(answer(status))).toMatchObject({ ok: false, retryable: true, reason: 'unreachable' });
  });

  test.each([301, 307, 400, 401, 404, 413, 500, 501])('%d may not', async (status) => {
    const outcome = await exchange(answer(status, { location: 'http://127.0.0.1:1/' }));
    expect(outcome).toEqual({ ok: false, retryable: false, reason: 'rejected', message: `HTTP ${status}` });
  });

  test('Retry-After counts in seconds or as a date', async () => {
    expect(await exchange(answer(503, { 'retry-after': '7' }))).toMatchObject({ retryAfter: 7000 });
    const date = new Date(Date.now() + 60_000).toUTCString();
    const outcome = await exchange(answer(429, { 'retry-after': date }));
    expect(outcome.ok ? undefined : outcome.retryAfter).toBeGreaterThan(50_000);
    expect(await exchange(answer(503, { 'retry-after': 'soon' }))).not.toHaveProperty('retryAfter');
    expect(await exchange(answer(503, { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }))).toMatchObject({
      retryAfter: 0,
    });
  });

  test('may be longer than is read', async () => {
    const long = Buffer.alloc(MAX_RESPONSE_BYTES * 4);
    const headers = { 'content-type': 'application/x-protobuf' };
    expect(await exchange(answer(200, headers, long))).toEqual({ ok: true, rejectedSpans: 0, message: '' });
    expect(await exchange(answer(500, {}, long))).toMatchObject({ ok: false, message: 'HTTP 500' });
  });

  test('may be anything: a success that is no protobuf is a success', async () => {
    const headers = { 'content-type': 'application/x-protobuf' };
    expect(await exchange(answer(200, headers, 'not protobuf'))).toMatchObject({ ok: true, rejectedSpans: 0 });
    expect(await exchange(answer(204))).toMatchObject({ ok: true });
  });

  test('that breaks off is unreachable when it breaks off before the status', async () => {
    const outcome = await exchange((request) => request.socket.destroy());
    expect(outcome).toMatchObject({ ok: false, retryable: true, reason: 'unreachable' });
  });
});
