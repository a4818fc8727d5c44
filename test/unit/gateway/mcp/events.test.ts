import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { UpstreamCall } from '../../../../gateway/telemetry/record.ts';
import { HEADERS, openSession, post, toolCall } from '../../../support/mcp/client.ts';
import { startGateway, type TestGateway } from '../../../support/mcp/gateway.ts';
import { ANSWER, events, json, type ScriptedUpstream, startUpstream } from '../../../support/mcp/upstream.ts';
import { aTrace } from '../../../support/telemetry/record.ts';

const TRACE = aTrace();

let upstream: ScriptedUpstream;
let gateway: TestGateway;
let session: Record<string, string>;

beforeEach(async () => {
  upstream = await startUpstream((response) => json(response, ANSWER));
  gateway = await startGateway(upstream.url, { trace: TRACE });
  session = await openSession(gateway.url);
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

const event = (message: object): string => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
const print = (call: UpstreamCall | undefined) => call?.events.map(({ name, attributes }) => [name, ...attributes]);
const callOf = (method: string): UpstreamCall | undefined =>
  gateway.records.find(({ mcp }) => mcp?.method === method)?.upstreamCalls[0];

describe('events of a call', () => {
  test('tell what the server sent before it answered, without what it said', async () => {
    upstream.script = (response) => {
      events(response);
      response.write(event({ method: 'notifications/progress', params: { progressToken: 1, progress: 1, total: 4 } }));
      response.write(event({ method: 'notifications/progress', params: { progressToken: 1, progress: 0.5 } }));
      response.write(event({ method: 'notifications/message', params: { level: 'info', data: 'secret' } }));
      response.write(event({ method: 'notifications/tools/list_changed' }));
      response.write(event({ method: 'vendor/secret' }));
      response.end(event({ id: 2, result: { content: [] } }));
    };
    await (await post(gateway.url, toolCall('echo'), session)).text();
    expect(print(callOf('tools/call'))).toEqual([
      ['notifications/progress', ['mcp.progress', 1], ['mcp.progress.total', 4]],
      ['notifications/progress', ['mcp.progress', 0.5]],
      ['notifications/message', ['mcp.log.level', 'info']],
      ['notifications/tools/list_changed'],
      ['unknown'],
    ]);
    expect(JSON.stringify(callOf('tools/call'))).not.toContain('secret');
  });

  test.each(['sampling/createMessage', 'elicitation/create'])('tell of a round trip of %s', async (method) => {
    let answered = (): void => {};
    upstream.script = (response, _, body) => {
      if (!body.includes('tools/call')) {
        response.writeHead(202).end();
        answered();
        return;
      }
      events(response).write(event({ id: 7, method, params: {} }));
      answered = () => response.end(event({ id: 2, result: { content: [] } }));
    };
    const answer = await post(gateway.url, toolCall('echo'), session);
    await answer.body?.getReader().read();
    const reply = { jsonrpc: '2.0', id: 7, result: { role: 'assistant' } };
    expect((await post(gateway.url, reply, session)).status).toBe(202);
    await eventual(() => callOf('tools/call') !== undefined);
    const call = callOf('tools/call');
    expect(print(call)).toEqual([
      [method, ['jsonrpc.request.id', '7']],
      [`${method} response`, ['jsonrpc.request.id', '7']],
    ]);
    // The client's reply came on a request of its own: its span leads to the call's.
    const record = gateway.records.find(({ mcp }) => mcp !== undefined && mcp.method === undefined);
    expect(record?.trace?.links).toEqual([{ traceId: TRACE.traceId, spanId: call?.spanId, flags: 1 }]);
  });

  test('tell that the client took the call back', async () => {
    let end = (): void => {};
    upstream.script = (response, _, body) => {
      if (body.includes('tools/call')) {
        events(response).write(': begins\n\n');
        end = () => response.end();
      } else {
        response.writeHead(202).end();
        end();
      }
    };
    const answer = await post(gateway.url, toolCall('echo', 'a'), session);
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'a', reason: 'secret' } };
    await post(gateway.url, cancel, session);
    await answer.text();
    await eventual(() => callOf('tools/call') !== undefined);
    expect(print(callOf('tools/call'))).toEqual([['notifications/cancelled']]);
    expect(gateway.records.find(({ mcp }) => mcp?.method === 'tools/call')?.mcp?.cancelled).toBe(true);
  });

  test('of another session cannot be made', async () => {
    upstream.script = (response, _, body) => {
      if (body.includes('tools/call')) setTimeout(() => json(response, ANSWER), 50);
      else response.writeHead(202).end();
    };
    const other = await openSession(gateway.url);
    const answer = post(gateway.url, toolCall('echo'), session);
    await post(gateway.url, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 2 } }, other);
    await (await answer).text();
    expect(callOf('tools/call')?.events).toEqual([]);
  });

  test('are bounded, and the others counted', async () => {
    upstream.script = (response) => {
      events(response);
      for (let index = 0; index < 300; index++) response.write(event({ method: 'notifications/message', params: {} }));
      response.end(event({ id: 2, result: { content: [] } }));
    };
    await (await post(gateway.url, toolCall('echo'), session)).text();
    expect(callOf('tools/call')?.events).toHaveLength(128);
    expect(callOf('tools/call')?.droppedEvents).toBe(172);
  });

  test('of the stream that a client listens to are there as well', async () => {
    upstream.script = (response) => {
      events(response).end(event({ method: 'notifications/resources/updated', params: { uri: 'x' } }));
    };
    await (await fetch(gateway.url, { headers: { ...HEADERS, ...session } })).text();
    await eventual(() => gateway.records.length === 2);
    expect(print(gateway.records.at(-1)?.upstreamCalls[0])).toEqual([['notifications/resources/updated']]);
  });
});

describe('the message that goes on', () => {
  const bodies = () => upstream.requests.map(({ body }) => JSON.parse(body) as { params?: { _meta?: unknown } });

  test('carries the trace context of its call, as the header does', async () => {
    await (await post(gateway.url, toolCall('echo'), session)).text();
    const traceparent = `00-${TRACE.traceId}-${callOf('tools/call')?.spanId}-01`;
    expect(bodies().at(-1)?.params?._meta).toEqual({ traceparent });
    expect(upstream.requests.at(-1)?.request.headers.traceparent).toBe(traceparent);
  });

  test('does so also as a notification, and is left alone as a response', async () => {
    upstream.script = (response) => response.writeHead(202).end();
    await post(gateway.url, { jsonrpc: '2.0', method: 'notifications/initialized' }, session);
    expect(bodies().at(-1)?.params?._meta).toHaveProperty('traceparent');
    const reply = '{ "jsonrpc":"2.0", "id":7, "result":{} }';
    await post(gateway.url, reply, session);
    expect(upstream.requests.at(-1)?.body).toBe(reply);
  });
});

const eventual = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};
