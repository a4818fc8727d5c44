import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openSession, post, toolCall } from '../../../support/mcp/client.ts';
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
  session = await openSession(gateway.url);
};

describe('time that a route gives', () => {
  const LIMITS: [string, TestGatewayOptions][] = [
    ['the request', { forward: { requestTimeout: 150 } }],
    ['the attempt', { forward: { backendTimeout: 150 } }],
    ['the target', { target: { requestTimeout: 150 } }],
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
      setTimeout(() => response.end(`data: ${JSON.stringify(ANSWER)}\n\n`), 400);
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
