import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { compileCel } from '../../../../lib/cel/compile.ts';
import { INITIALIZE, openSession, post, toolCall } from '../../../support/mcp/client.ts';
import { startGateway, type TestGateway } from '../../../support/mcp/gateway.ts';
import { ANSWER, events, json, type ScriptedUpstream, startUpstream } from '../../../support/mcp/upstream.ts';

let upstream: ScriptedUpstream;
let gateway: TestGateway;

beforeEach(async () => {
  upstream = await startUpstream((response) => json(response, ANSWER));
  gateway = await startGateway(upstream.url);
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

describe('a request', () => {
  test('answered with JSON is answered with the same JSON', async () => {
    const session = await openSession(gateway.url);
    const answer = await post(gateway.url, toolCall('echo'), session);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toEqual(ANSWER);
  });

  test('answered with events is answered with the same events, each as it comes', async () => {
    const session = await openSession(gateway.url);
    const first = 'id: 7\nevent: message\ndata: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n';
    const second = `data: ${JSON.stringify(ANSWER)}\n\n`;
    let finish = (): void => {};
    upstream.script = (response) => {
      events(response).write(first);
      finish = () => response.end(second);
    };
    const answer = await post(gateway.url, toolCall('echo'), session);
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe(first);
    const record = gateway.nextRecord();
    finish();
    expect((await reader?.read())?.value).toBe(second);
    expect((await reader?.read())?.done).toBe(true);
    expect((await record).mcp).toMatchObject({ method: 'tools/call', name: 'echo', nameKnown: true });
  });

  test('reaches the upstream byte for byte', async () => {
    const session = await openSession(gateway.url);
    const body = '{ "jsonrpc":"2.0",\n "id":2, "method":"tools/call", "params":{"name":"echo","n":1.0e1} }';
    await post(gateway.url, body, session);
    expect(upstream.requests.at(-1)?.body).toBe(body);
  });

  test('is kept for the record when an expression reads it, and only then', async () => {
    const expression = compileCel('string(request.body)');
    const reading = await startGateway(upstream.url, { telemetry: { metricLabels: [{ name: 'body', expression }] } });
    const session = await openSession(reading.url);
    await post(reading.url, toolCall('echo'), session);
    expect(Buffer.from(reading.records.at(-1)?.request.kept?.prefix ?? []).toString()).toBe(
      JSON.stringify(toolCall('echo')),
    );
    await reading.close();
    await openSession(gateway.url);
    expect(gateway.records.at(-1)?.request).toMatchObject({
      kept: undefined,
      bytes: JSON.stringify(INITIALIZE).length,
    });
  });

  test('leaves a record: what was asked, how it went, what the upstream call cost', async () => {
    upstream.script = (response) => json(response, { jsonrpc: '2.0', id: 2, result: { content: [], isError: true } });
    const session = await openSession(gateway.url);
    const record = gateway.nextRecord();
    await post(gateway.url, toolCall('echo'), { ...session, 'mcp-protocol-version': '2025-06-18' });
    const { mcp, upstreamCalls, reason, error } = await record;
    expect(mcp).toEqual({
      method: 'tools/call',
      requestId: 2,
      sessionId: session['mcp-session-id'],
      protocolVersion: '2025-06-18',
      target: 'everything',
      resourceType: 'tool',
      name: 'echo',
      nameKnown: false,
      errorCode: undefined,
      errorMessage: undefined,
      toolError: true,
      cancelled: false,
    });
    const [call] = upstreamCalls;
    expect(call).toMatchObject({
      target: 'everything',
      host: '127.0.0.1',
      operation: 'tools/call',
      status: 200,
      error: undefined,
    });
    expect(call?.responseBytes).toBe(
      JSON.stringify({ jsonrpc: '2.0', id: 2, result: { content: [], isError: true } }).length,
    );
    expect(call?.endTime).toBeGreaterThan(call?.startTime ?? Number.POSITIVE_INFINITY);
    expect([reason, error]).toEqual(['Upstream', undefined]);
  });

  test('a listed tool is known by the next call', async () => {
    const session = await openSession(gateway.url);
    upstream.script = (response) => json(response, { jsonrpc: '2.0', id: 2, result: { tools: [{ name: 'echo' }] } });
    await post(gateway.url, { jsonrpc: '2.0', id: 2, method: 'tools/list' }, session);
    upstream.script = (response) => json(response, { jsonrpc: '2.0', id: 2, error: { code: -32000, message: 'busy' } });
    await post(gateway.url, toolCall('echo'), session);
    expect(gateway.records.at(-1)?.mcp).toMatchObject({
      name: 'echo',
      nameKnown: true,
      errorCode: -32000,
      errorMessage: 'busy',
    });
  });
});

describe('a notification or a response', () => {
  const NOTIFICATION = { jsonrpc: '2.0', method: 'notifications/initialized' };

  test.each([202, 204, 200])('is accepted with 202 and no body when the upstream says %d', async (status) => {
    const session = await openSession(gateway.url);
    upstream.script = (response) => response.writeHead(status).end();
    const answer = await post(gateway.url, NOTIFICATION, session);
    expect([answer.status, await answer.text()]).toEqual([202, '']);
  });

  test('a response travels up as a request does', async () => {
    const session = await openSession(gateway.url);
    upstream.script = (response) => response.writeHead(202).end();
    const response = { jsonrpc: '2.0', id: 'sampling-1', result: { role: 'assistant' } };
    const answer = await post(gateway.url, response, session);
    expect(answer.status).toBe(202);
    expect(upstream.requests.at(-1)?.body).toBe(JSON.stringify(response));
    expect(gateway.records.at(-1)?.upstreamCalls[0]?.operation).toBe('response');
  });

  test('an upstream that never stops answering is not listened to', async () => {
    const session = await openSession(gateway.url);
    const closed = Promise.withResolvers<void>();
    upstream.script = (response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      const timer = setInterval(() => response.write('x'.repeat(16_384)), 1);
      response.on('close', () => {
        clearInterval(timer);
        closed.resolve();
      });
    };
    expect((await post(gateway.url, NOTIFICATION, session)).status).toBe(202);
    await closed.promise;
  });

  test('a stream in answer to it is not followed', async () => {
    const session = await openSession(gateway.url);
    const closed = Promise.withResolvers<void>();
    upstream.script = (response) => {
      events(response).on('close', closed.resolve);
    };
    expect((await post(gateway.url, NOTIFICATION, session)).status).toBe(202);
    await closed.promise;
    expect(gateway.records.at(-1)).toMatchObject({ error: undefined, upstreamCalls: [{ status: 200 }] });
  });

  test('a refusal is relayed', async () => {
    const session = await openSession(gateway.url);
    upstream.script = (response) => json(response, { error: 'no' }, 403);
    const answer = await post(gateway.url, NOTIFICATION, session);
    expect([answer.status, await answer.text()]).toEqual([403, '{"error":"no"}']);
  });
});

describe('GET and DELETE', () => {
  test('GET brings the upstream’s stream, its headers at once', async () => {
    const session = await openSession(gateway.url);
    let send = (): void => {};
    upstream.script = (response) => {
      events(response, { 'cache-control': 'no-cache' });
      send = () => response.end('data: {}\n\n');
    };
    const answer = await fetch(gateway.url, {
      headers: { accept: 'text/event-stream', 'last-event-id': '7', ...session },
    });
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    send();
    expect(await answer.text()).toBe('data: {}\n\n');
    expect(upstream.requests.at(-1)?.request.headers).toMatchObject({
      'mcp-session-id': 'upstream-session',
      'last-event-id': '7',
    });
  });

  test('an upstream without streams says 405, and that is no error', async () => {
    const session = await openSession(gateway.url);
    upstream.script = (response) => response.writeHead(405, { allow: 'POST' }).end();
    const answer = await fetch(gateway.url, { headers: { accept: 'text/event-stream', ...session } });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    expect(gateway.records.at(-1)).toMatchObject({ reason: 'Upstream', error: undefined });
  });

  test('DELETE ends the session where it lives', async () => {
    const session = await openSession(gateway.url);
    upstream.script = (response) => response.writeHead(200).end();
    expect((await fetch(gateway.url, { method: 'DELETE', headers: session })).status).toBe(200);
    expect(upstream.requests.at(-1)?.request).toMatchObject({ method: 'DELETE' });
    expect(upstream.requests.at(-1)?.request.headers['mcp-session-id']).toBe('upstream-session');
    upstream.script = (response) => json(response, { error: 'gone' }, 404);
    expect((await post(gateway.url, toolCall('echo'), session)).status).toBe(404);
  });
});

describe('a session', () => {
  test('opens with initialize: the client holds a sealed id, the upstream sees its own', async () => {
    const answer = await post(gateway.url, INITIALIZE);
    const id = answer.headers.get('mcp-session-id') ?? '';
    expect(id).not.toContain('upstream-session');
    await post(gateway.url, toolCall('echo'), { 'mcp-session-id': id });
    expect(upstream.requests[0]?.request.headers['mcp-session-id']).toBeUndefined();
    expect(upstream.requests[1]?.request.headers['mcp-session-id']).toBe('upstream-session');
    expect(gateway.records.map(({ mcp }) => mcp?.sessionId)).toEqual([id, id]);
  });

  test('keeps its id when the upstream repeats its own, and gets a new one when the upstream changes it', async () => {
    const session = await openSession(gateway.url);
    const answerWith = (id: string) => {
      upstream.script = (response) => json(response, ANSWER, 200, { 'mcp-session-id': id });
    };
    answerWith('upstream-session');
    const same = await post(gateway.url, toolCall('echo'), session);
    expect(same.headers.get('mcp-session-id')).toBe(session['mcp-session-id']);
    answerWith('another-session');
    const other = await post(gateway.url, toolCall('echo'), session);
    const moved = { 'mcp-session-id': other.headers.get('mcp-session-id') ?? '' };
    expect(moved).not.toEqual(session);
    await post(gateway.url, toolCall('echo'), moved);
    expect(upstream.requests.at(-1)?.request.headers['mcp-session-id']).toBe('another-session');
  });

  test('of an upstream without sessions is the gateway’s alone', async () => {
    const stateless = await startUpstream((response) => json(response, ANSWER));
    const front = await startGateway(stateless.url);
    stateless.script = (response) => json(response, { jsonrpc: '2.0', id: 1, result: {} });
    const opened = await post(front.url, JSON.stringify(INITIALIZE).replace('"initialize"', '"\\u0069nitialize"'));
    const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
    expect(session['mcp-session-id']).not.toBe('');
    expect((await post(front.url, toolCall('echo'), session)).status).toBe(200);
    expect(stateless.requests.at(-1)?.request.headers['mcp-session-id']).toBeUndefined();
    await front.close();
    await stateless.close();
  });
});
