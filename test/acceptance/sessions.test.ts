import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/acceptance/eventually.ts';
import { type GatewayProcess, startGateway } from '../support/acceptance/gateway.ts';
import { plainManifests } from '../support/acceptance/manifests.ts';
import { normalise } from '../support/acceptance/normalise.ts';
import { type Connect, connectV1, connectV2, type OfficialClient } from '../support/acceptance/official-clients.ts';
import { closingAfterAll } from '../support/closing.ts';
import { freePort } from '../support/free-port.ts';
import { INITIALIZE, openSession, post, toolCall } from '../support/mcp/client.ts';
import { type EverythingServer, startEverything } from '../support/mcp/everything.ts';

/** Sessions: many at a time, their streams, their end, and which gateways know them. */
const KEY = randomBytes(32).toString('hex');
const URI = 'demo://resource/static/document/features.md';

const keep = closingAfterAll();
let everything: EverythingServer;
let gateway: GatewayProcess;
/** A replica has the same key. A stranger made up its own. */
let replica: GatewayProcess;
let stranger: GatewayProcess;

beforeAll(async () => {
  everything = keep(await startEverything(), (server) => server.close());
  const start = async (env: Record<string, string>): Promise<GatewayProcess> => {
    const port = await freePort();
    const manifests = plainManifests(port, Number(new URL(everything.url).port));
    return keep(await startGateway({ manifests, port, env }), (process) => process.stop());
  };
  [gateway, replica, stranger] = await Promise.all([
    start({ SESSION_KEY: KEY }),
    start({ SESSION_KEY: KEY }),
    start({}),
  ]);
});

const connect = async (how: Connect, url = gateway.url): Promise<OfficialClient> => {
  const client = await how(url);
  return keep(client, ({ methods }) => methods.close());
};

test('ten sessions at a time keep their answers and their progress apart', async () => {
  const clients = await Promise.all(
    Array.from({ length: 10 }, (_, index) => connect(index % 2 ? connectV1 : connectV2)),
  );
  expect(new Set(clients.map((client) => client.sessionId())).size).toBe(10);
  const answers = await Promise.all(
    clients.flatMap((client, index) => [
      client.callTool('trigger-long-running-operation', { duration: 0.3, steps: index + 1 }),
      client.callTool('echo', { message: `to ${index}` }),
    ]),
  );
  for (const [index, client] of clients.entries()) {
    expect(answers[2 * index]).toMatchObject({ content: [{ text: expect.stringContaining(`Steps: ${index + 1}.`) }] });
    expect(answers[2 * index + 1]).toMatchObject({ content: [{ text: `Echo: to ${index}` }] });
    const progress = client.received.filter(({ what }) => what === 'progress').map(({ params }) => params);
    expect(progress).toEqual(
      Array.from({ length: index + 1 }, (_, step) => ({ progress: step + 1, total: index + 1 })),
    );
  }
});

describe.each<[string, Connect]>([
  ['client 1.x', connectV1],
  ['client 2.x in legacy mode', connectV2],
])('%s', (_name, how) => {
  test('a subscription brings updates and logs to the session that has it, as directly', async () => {
    const follow = async (url: string) => {
      const [subscribed, other] = [await connect(how, url), await connect(how, url)];
      await subscribed.methods.subscribeResource({ uri: URI });
      await Promise.all([subscribed, other].map((client) => client.callTool('toggle-subscriber-updates')));
      const of = (client: OfficialClient, kind: string) => client.received.filter(({ what }) => what === kind);
      await eventually('an update', () => of(subscribed, 'updated').length > 0 || undefined);
      await eventually(
        'the log of the subscription',
        () => of(subscribed, 'log').some(({ params }) => JSON.stringify(params).includes(URI)) || undefined,
      );
      await subscribed.methods.unsubscribeResource({ uri: URI });
      await Promise.all([subscribed, other].map((client) => client.callTool('toggle-subscriber-updates')));
      // The server repeats itself every few seconds.
      return { updated: normalise(of(subscribed, 'updated')[0]), others: of(other, 'updated') };
    };
    const [direct, proxied] = [await follow(everything.url), await follow(gateway.url)];
    expect(direct).toEqual({ updated: { what: 'updated', params: { uri: URI } }, others: [] });
    expect(proxied).toEqual(direct);
  });

  test('an ended session is over, as directly; a new one begins with the same endpoint', async () => {
    const end = async (url: string) => {
      const client = await connect(how, url);
      const session = { 'mcp-session-id': client.sessionId() ?? '' };
      await client.terminate();
      const answer = await post(url, toolCall('echo'), session);
      return { session, id: client.sessionId(), status: answer.status, body: await answer.json() };
    };
    const [direct, proxied] = [await end(everything.url), await end(gateway.url)];
    expect([proxied.id, proxied.status, proxied.body]).toEqual([undefined, direct.status, direct.body]);
    const again = await connect(how);
    expect(again.sessionId()).not.toBe(proxied.session['mcp-session-id']);
    expect(await again.callTool('echo', { message: 'again' })).toMatchObject({ content: [{ text: 'Echo: again' }] });
  });

  test('a cancelled call ends; the session goes on', async () => {
    const client = await connect(how);
    const abort = new AbortController();
    const call = client.callTool(
      'trigger-long-running-operation',
      { duration: 30, steps: 300 },
      { signal: abort.signal },
    );
    await eventually('progress', () => client.received.some(({ what }) => what === 'progress') || undefined);
    abort.abort();
    await expect(call).rejects.toThrow();
    expect(await client.callTool('echo', { message: 'on' })).toMatchObject({ content: [{ text: 'Echo: on' }] });
  });
});

test.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])(
  'revision %s is spoken as directly',
  async (revision) => {
    const speak = async (url: string) => {
      const initialize = { ...INITIALIZE, params: { ...INITIALIZE.params, protocolVersion: revision } };
      const opened = await post(url, initialize);
      const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
      const agreed = message(await opened.text());
      const headers = { ...session, 'mcp-protocol-version': revision };
      const notified = await post(url, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers);
      const listed = await post(url, { jsonrpc: '2.0', id: 2, method: 'tools/list' }, headers);
      return {
        agreed,
        notified: notified.status,
        type: listed.headers.get('content-type'),
        tools: message(await listed.text()),
      };
    };
    const [direct, proxied] = [await speak(everything.url), await speak(gateway.url)];
    expect(direct).toMatchObject({ agreed: { result: { protocolVersion: revision } }, notified: 202 });
    expect(proxied).toEqual(direct);
  },
);

test('tasks are begun, asked for, listed and cancelled, as directly', async () => {
  const work = async (url: string) => {
    const session = await openSession(url);
    const ask = async (method: string, params: object): Promise<unknown> => {
      const answer = await post(url, { jsonrpc: '2.0', id: method, method, params }, session);
      return message(await answer.text());
    };
    // Tools that depend on the client's capabilities are there from now on.
    await post(url, { jsonrpc: '2.0', method: 'notifications/initialized' }, session);
    const call = { name: 'simulate-research-query', arguments: { topic: 'gateways' }, task: { ttl: 60_000 } };
    const created = await ask('tools/call', call);
    const { taskId } = (created as { result: { task: { taskId: string } } }).result.task;
    const later = [
      await ask('tasks/get', { taskId }),
      await ask('tasks/list', {}),
      await ask('tasks/cancel', { taskId }),
    ];
    return JSON.parse(JSON.stringify(normalise([created, ...later])).replaceAll(taskId, '(task)'));
  };
  const [direct, proxied] = [await work(everything.url), await work(gateway.url)];
  expect(direct.map(({ error }: { error?: unknown }) => error)).toEqual([undefined, undefined, undefined, undefined]);
  expect(JSON.stringify(direct)).toContain('cancelled');
  expect(proxied).toEqual(direct);
});

test('a stream that broke is resumed where it broke, as directly', async () => {
  const resume = async (url: string) => {
    const session = await openSession(url);
    const abort = new AbortController();
    const call = {
      name: 'trigger-long-running-operation',
      arguments: { duration: 0.6, steps: 3 },
      _meta: { progressToken: 1 },
    };
    const broken = await post(
      url,
      { jsonrpc: '2.0', id: 7, method: 'tools/call', params: call },
      session,
      abort.signal,
    );
    let text = '';
    for await (const chunk of broken.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes('"progress":1')) break;
    }
    abort.abort();
    // This server replays what was said until then, and nothing later.
    await sleep(2_000);
    const [, last = ''] =
      /^id: (.*)\n(?:event: .*\n)?data: .*"progress":1/m.exec(text.replace(/^event: .*\n/gm, '')) ?? [];
    expect(last).not.toBe('');
    const rest = await fetch(url, { headers: { accept: 'text/event-stream', ...session, 'last-event-id': last } });
    const events: string[] = [];
    for await (const chunk of rest.body ?? []) {
      events.push(Buffer.from(chunk).toString());
      if (events.join('').includes('"id":7')) break;
    }
    return normalise(events.join('').match(/^data: .+$/gm));
  };
  const [direct, proxied] = await Promise.all([resume(everything.url), resume(gateway.url)]);
  expect(JSON.stringify(direct)).toContain('"progress\\":3');
  expect(proxied).toEqual(direct);
});

describe('a session id', () => {
  let id: string;

  beforeAll(async () => {
    id = (await connect(connectV1)).sessionId() ?? '';
  });

  const status = async (url: string, session: string): Promise<number> =>
    (await post(url, toolCall('get-tiny-image'), { 'mcp-session-id': session })).status;

  test('tells nothing: the upstream’s own is sealed in it', () => {
    expect(id).toMatch(/^[\x21-\x7e]{40,}$/);
    expect(Buffer.from(id, 'base64').toString('latin1')).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}|server|mcp/);
  });

  test('is good with every replica that has the key', async () => {
    expect(await status(gateway.url, id)).toBe(200);
    expect(await status(replica.url, id)).toBe(200);
  });

  test('of another key is unknown', async () => {
    expect(await status(stranger.url, id)).toBe(404);
  });

  test.each<[string, (sealed: string) => string]>([
    ['forged', () => '8a35d0b8-6a0f-4b3e-9a52-0a3f6f6b2a11'],
    ['truncated', (sealed) => sealed.slice(0, -1)],
    ['cut in half', (sealed) => sealed.slice(0, sealed.length / 2)],
    ['longer by one', (sealed) => `${sealed}A`],
    ['changed in one character', (sealed) => `${sealed.startsWith('A') ? 'B' : 'A'}${sealed.slice(1)}`],
    ['very long', (sealed) => sealed.repeat(40)],
  ])('%s is unknown', async (_how, change) => {
    const answer = await post(gateway.url, toolCall('echo', 'call-1'), { 'mcp-session-id': change(id) });
    expect([answer.status, await answer.json()]).toMatchObject([
      404,
      { jsonrpc: '2.0', id: 'call-1', error: { code: -32001, message: expect.stringContaining('initialize again') } },
    ]);
    expect(gateway.alive()).toBe(true);
  });
});

/** The JSON-RPC message of an answer, from JSON or from its one event. */
const message = (text: string): unknown => JSON.parse(/^data: (\{.*)$/m.exec(text)?.[1] ?? text);
