import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RequestRecord } from '../../../../gateway/telemetry/record.ts';
import { INITIALIZE, openSession, post, toolCall } from '../../../support/mcp/client.ts';
import { startGateway, type TestGateway, type TestGatewayOptions } from '../../../support/mcp/gateway.ts';
import { ANSWER, events, json, type ScriptedUpstream, startUpstream } from '../../../support/mcp/upstream.ts';

let upstream: ScriptedUpstream;
let gateway: TestGateway;
let session: Record<string, string>;

beforeEach(async () => {
  upstream = await startUpstream((response) => json(response, ANSWER));
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

const start = async (options: TestGatewayOptions): Promise<void> => {
  gateway = await startGateway(upstream.url, options);
  // The first exchange of a process is slow, maybe too slow for a limit.
  do session = await openSession(gateway.url);
  while (session['mcp-session-id'] === '');
};

describe('time that a route gives', () => {
  const LIMITS: [string, TestGatewayOptions][] = [
    ['the request', { forward: { requestTimeout: 800 } }],
    ['the attempt', { forward: { backendTimeout: 800 } }],
    ['the target', { target: { requestTimeout: 800 } }],
  ];

  test.each(LIMITS)('for %s is over before the answer begins', async (_name, options) => {
    await start(options);
    upstream.script = () => {};
    const answer = await post(gateway.url, toolCall('echo'), session);
    expect([answer.status, gateway.records.at(-1)?.error?.type]).toEqual([504, 'upstream_timeout']);
  });

  test.each(LIMITS)('for %s ends when an event stream begins', async (_name, options) => {
    await start(options);
    upstream.script = (response) => {
      events(response).write(': wait\n\n');
      setTimeout(() => response.end(`data: ${JSON.stringify(ANSWER)}\n\n`), 1_200);
    };
    const answer = await post(gateway.url, toolCall('echo'), session);
    expect(await answer.text()).toBe(`: wait\n\ndata: ${JSON.stringify(ANSWER)}\n\n`);
    expect(gateway.records.at(-1)?.error).toBeUndefined();
  });
});

test('what the policies left of the request goes on', async () => {
  await start({
    forward: { host: { name: 'rewritten.example.com' }, headers: ['Content-Type', 'application/json', 'x-new', '1'] },
  });
  const seen = upstream.requests[0]?.request;
  expect(seen?.headers).toMatchObject({ host: 'rewritten.example.com', 'x-new': '1' });
  expect(seen?.headers).not.toHaveProperty('accept');
});

test('credentials go into the query and among the cookies, too', async () => {
  const credentials = [
    { in: 'query', name: 'key', value: 's3cret' },
    { in: 'cookie', name: 'token', value: 's3cret' },
  ] as const;
  await start({ target: { credentials } });
  expect(upstream.requests[0]?.request).toMatchObject({ url: '/mcp?key=s3cret', headers: { cookie: 'token=s3cret' } });
});

describe('a retry', () => {
  const retry = { attempts: 2, backoff: 100 };

  test('is made where nobody listened', async () => {
    await upstream.close();
    gateway = await startGateway(upstream.url, { forward: { retry } });
    expect((await post(gateway.url, INITIALIZE)).status).toBe(502);
    const { upstreamCalls, error } = gateway.records[0] as RequestRecord;
    expect(upstreamCalls.map((call) => call.error?.type)).toEqual(Array(3).fill('upstream_unreachable'));
    expect(error?.type).toBe('upstream_unreachable');
  });

  test('finds an upstream that was late', async () => {
    const { port } = new URL(upstream.url);
    await upstream.close();
    gateway = await startGateway(upstream.url, { forward: { retry: { attempts: 10, backoff: 100 } } });
    const answer = post(gateway.url, INITIALIZE);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const late = createServer((_request, response) => json(response, { ...ANSWER, id: 1 }));
    late.listen(Number(port), '127.0.0.1');
    expect((await answer).status).toBe(200);
    expect(gateway.records[0]).toMatchObject({ reason: 'Upstream', error: undefined });
    late.closeAllConnections();
    late.close();
  });

  test('is not made where the call may have been carried out', async () => {
    await start({ forward: { retry } });
    upstream.script = (response) => response.socket?.destroy();
    expect((await post(gateway.url, toolCall('echo'), session)).status).toBe(502);
    expect(gateway.records.at(-1)?.upstreamCalls).toHaveLength(1);
  });
});
