import { afterEach, describe, expect, test } from '@jest/globals';
import type { UpstreamTarget } from '../../../../gateway/upstream/target.ts';
import { freePort } from '../../../support/free-port.ts';
import { until } from '../../../support/http/server.ts';
import { type Endpoint, startEndpoint } from '../../../support/proxy/endpoint.ts';
import { anEndpoint, type ProxyGateway, type ProxyGatewayOptions, startProxy } from '../../../support/proxy/gateway.ts';

const endpoints: Endpoint[] = [];
let gateway: ProxyGateway;
/** Which endpoint got a request, and the body that came with it. */
let served: [name: string, body: string][];

afterEach(async () => {
  await gateway.close();
  for (const endpoint of endpoints.splice(0)) await endpoint.close();
});

const endpointNamed = async (name: string): Promise<UpstreamTarget> => {
  const endpoint = await startEndpoint((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      served.push([name, body]);
      response.end(name);
    });
  });
  endpoints.push(endpoint);
  return anEndpoint(endpoint.port);
};

const refusing = async (): Promise<UpstreamTarget> => anEndpoint(await freePort());

/** The first of two equals is chosen: the gateway's dice always show 0. */
const start = async (targets: readonly UpstreamTarget[], options: ProxyGatewayOptions = {}): Promise<void> => {
  served = [];
  gateway = await startProxy(targets, options);
};

const ask = async (body?: string): Promise<number> =>
  (await fetch(gateway.server.url('/'), { method: 'POST', body: body ?? null })).status;

const statusesOf = async (record: number): Promise<number[]> =>
  (await gateway.records(record))[record - 1]?.upstreamCalls.map(({ status }) => status) ?? [];

describe('an endpoint that cannot be connected to', () => {
  test('is left alone for a while', async () => {
    await start([await refusing(), await endpointNamed('b')]);
    expect([await ask(), await ask(), await ask()]).toEqual([502, 200, 200]);
    expect(await statusesOf(2)).toEqual([200]);
  });

  test('is tried again after that', async () => {
    let time = 0;
    await start([await refusing(), await endpointNamed('b')], { upstream: { now: () => time } });
    expect([await ask(), await ask()]).toEqual([502, 200]);
    time = 1_000;
    expect([await ask(), await ask()]).toEqual([502, 200]);
    // Twice as long, the second time.
    time = 2_999;
    expect(await ask()).toBe(200);
    time = 3_000;
    expect(await ask()).toBe(502);
  });

  test('is tried all the same if there is no other', async () => {
    const port = await freePort();
    await start([anEndpoint(port), await refusing()]);
    expect([await ask(), await ask(), await ask()]).toEqual([502, 502, 502]);
  });

  test('is forgotten with the configuration that named it', async () => {
    const targets = [await refusing(), await endpointNamed('b')];
    await start(targets);
    expect([await ask(), await ask()]).toEqual([502, 200]);
    gateway.upstream.retain([]);
    expect(await ask()).toBe(502);
  });
});

describe('a retry', () => {
  const retry = { attempts: 2, backoff: 20 };

  test('goes to another endpoint, with the whole body, after a pause', async () => {
    await start([await refusing(), await refusing(), await endpointNamed('c')], { forward: { retry } });
    const before = performance.now();
    expect(await ask('body')).toBe(200);
    expect(performance.now() - before).toBeGreaterThan(2 * retry.backoff - 2);
    expect(served).toEqual([['c', 'body']]);
    expect(await statusesOf(1)).toEqual([0, 0, 200]);
    const [record] = await gateway.records(1);
    expect(record).toMatchObject({ error: undefined, reason: 'Upstream', request: { bytes: 4 } });
    expect(record?.upstreamCalls.map(({ error }) => error?.type)).toEqual([
      'upstream_unreachable',
      'upstream_unreachable',
      undefined,
    ]);
  });

  test('is the last one when so many were allowed', async () => {
    await start([await refusing(), await refusing(), await refusing(), await endpointNamed('d')], {
      forward: { retry },
    });
    expect(await ask()).toBe(502);
    expect(await statusesOf(1)).toEqual([0, 0, 0]);
    expect(await ask()).toBe(200);
  });

  test('never follows what an endpoint may have seen', async () => {
    const closing = await startEndpoint((request) => request.socket.destroy());
    endpoints.push(closing);
    await start([anEndpoint(closing.port), await endpointNamed('b')], { forward: { retry } });
    expect(await ask('body')).toBe(502);
    expect([served, await statusesOf(1)]).toEqual([[], [0]]);
  });

  test('is not begun when the request’s time would be over', async () => {
    await start([await refusing(), await endpointNamed('b')], {
      forward: { retry: { attempts: 1, backoff: 500 }, requestTimeout: 400 },
    });
    const before = performance.now();
    expect(await ask()).toBe(502);
    expect(performance.now() - before).toBeLessThan(400);
  });

  test('has what is left of the request’s time, no more', async () => {
    const silent = await startEndpoint(() => {});
    endpoints.push(silent);
    await start([await refusing(), anEndpoint(silent.port)], {
      forward: { retry: { attempts: 1, backoff: 400 }, requestTimeout: 600 },
    });
    expect(await ask()).toBe(504);
    const [record] = await gateway.records(1);
    expect((record?.endTime ?? 0) - (record?.startTime ?? 0)).toBeLessThan(900);
    expect(record?.upstreamCalls).toHaveLength(2);
  });

  test('ends with its client', async () => {
    await start([await refusing()], { forward: { retry: { attempts: 1, backoff: 60_000 } } });
    const given = new AbortController();
    const asked = fetch(gateway.server.url('/'), { signal: given.signal }).catch(() => 'gone');
    await until(() => gateway.server.server.ports[0]?.connections === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    given.abort();
    expect(await asked).toBe('gone');
    expect(await gateway.records(1)).toMatchObject([{ response: { status: 499 }, error: { type: 'client_closed' } }]);
  });
});

test('of two endpoints, the one with less to do gets the next request', async () => {
  const held: (() => void)[] = [];
  const holding = await startEndpoint((_request, response) => void held.push(() => response.end('a')));
  endpoints.push(holding);
  await start([anEndpoint(holding.port), await endpointNamed('b')]);
  const first = ask();
  await until(() => held.length === 1);
  expect(await ask('x')).toBe(200);
  expect(served).toEqual([['b', 'x']]);
  held[0]?.();
  await first;
});
