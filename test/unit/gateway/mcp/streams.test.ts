import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { HEADERS, openSession, post, toolCall } from '../../../support/mcp/client.ts';
import { startGateway, type TestGateway } from '../../../support/mcp/gateway.ts';
import { ANSWER, events, json, type ScriptedUpstream, startUpstream } from '../../../support/mcp/upstream.ts';

let upstream: ScriptedUpstream;
let gateway: TestGateway;
let session: Record<string, string>;

beforeEach(async () => {
  upstream = await startUpstream((response) => json(response, ANSWER));
  gateway = await startGateway(upstream.url);
  session = await openSession(gateway.url);
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

const MIB = 1_024 * 1_024;

/** A tool call whose answer is read only when the test says so. */
const call = (): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(gateway.url);
    httpRequest({ port, method: 'POST', headers: { ...HEADERS, ...session } }, resolve)
      .on('error', reject)
      .end(JSON.stringify(toolCall('echo')));
  });

describe('back-pressure', () => {
  test('an upstream writes no faster than the client reads, and nothing is lost', async () => {
    const size = 64 * MIB;
    const event = `data: ${JSON.stringify({ jsonrpc: '2.0', method: 'x', params: 'y'.repeat(65_000) })}\n\n`;
    let written = 0;
    upstream.script = (response) => {
      events(response);
      const fill = (): void => {
        while (written < size) {
          written += event.length;
          if (!response.write(event)) {
            response.once('drain', fill);
            return;
          }
        }
        response.end(`data: ${JSON.stringify(ANSWER)}\n\n`);
      };
      fill();
    };
    const record = gateway.nextRecord();
    const answer = await call();
    await settled(() => written);
    // Sockets and streams buffer some megabytes between the two, not the whole.
    expect(written).toBeLessThan(size / 4);
    let read = 0;
    for await (const chunk of answer) {
      read += (chunk as Buffer).length;
    }
    expect(read).toBe(written + `data: ${JSON.stringify(ANSWER)}\n\n`.length);
    expect((await record).mcp?.nameKnown).toBe(true);
  });

  test('a large JSON answer arrives whole, and its outcome is known', async () => {
    const text = 'é'.repeat(4 * MIB);
    upstream.script = (response) =>
      json(response, { jsonrpc: '2.0', result: { content: [{ text }], isError: true }, id: 2 });
    const answer = await post(gateway.url, toolCall('echo'), session);
    expect(((await answer.json()) as typeof ANSWER).result.content[0]?.text).toBe(text);
    expect(gateway.records.at(-1)?.mcp?.toolError).toBe(true);
  });
});

describe('a client that leaves', () => {
  const leaving = async (send: (signal: AbortSignal) => Promise<Response>) => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const { script } = upstream;
    upstream.script = (response, request, body) => {
      response.on('close', resolve);
      script(response, request, body);
      arrive();
    };
    const record = gateway.nextRecord();
    const controller = new AbortController();
    const answer = send(controller.signal).catch(() => undefined);
    await arrived;
    await Promise.race([answer, sleep(50)]);
    controller.abort();
    await closed;
    return record;
  };

  test('while the tool works, ends the call', async () => {
    upstream.script = () => {};
    const record = await leaving((signal) => post(gateway.url, toolCall('echo'), session, signal));
    expect(record.error?.type).toBe('client_closed');
    expect(record.upstreamCalls).toMatchObject([{ status: 0, error: { type: 'client_closed' } }]);
  });

  test('during a stream, ends the call', async () => {
    upstream.script = (response) => events(response).write(': \n\n');
    const record = await leaving((signal) => post(gateway.url, toolCall('echo'), session, signal));
    expect(record.error?.type).toBe('client_closed');
  });

  test('with the answer in hand, has not failed', async () => {
    upstream.script = (response) => events(response).write(`data: ${JSON.stringify(ANSWER)}\n\n`);
    const record = await leaving((signal) => post(gateway.url, toolCall('echo'), session, signal));
    expect(record).toMatchObject({ error: undefined, mcp: { nameKnown: true } });
  });

  test('ends its GET stream, as it may at any time', async () => {
    upstream.script = (response) => events(response).write(': \n\n');
    const record = await leaving((signal) =>
      fetch(gateway.url, { headers: { accept: 'text/event-stream', ...session }, signal }),
    );
    expect(record).toMatchObject({
      error: undefined,
      upstreamCalls: [{ operation: 'GET', status: 200, error: undefined }],
    });
  });

  test('does not keep others from being served', async () => {
    upstream.script = () => {};
    await leaving((signal) => post(gateway.url, toolCall('echo'), session, signal));
    upstream.script = (response) => json(response, ANSWER);
    expect((await post(gateway.url, toolCall('echo'), session)).status).toBe(200);
  });
});

test('requests of one session run side by side', async () => {
  const waiting: (() => void)[] = [];
  upstream.script = (response, _request, body) => {
    waiting.push(() => json(response, { ...ANSWER, id: (JSON.parse(body) as { id: number }).id }));
    if (waiting.length === 10) {
      for (const answer of waiting.reverse()) {
        answer();
      }
    }
  };
  const ids = Array.from({ length: 10 }, (_, id) => id);
  const answers = await Promise.all(
    ids.map(async (id) => (await post(gateway.url, toolCall('echo', id), session)).json()),
  );
  expect(answers.map((answer) => (answer as { id: number }).id)).toEqual(ids);
});

/** Waits until a counter stands still. */
const settled = async (count: () => number): Promise<void> => {
  for (let last = -1; last !== count(); await sleep(150)) {
    last = count();
  }
};
