import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  type Progress,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { type EverythingServer, startEverything } from '../../../support/mcp/everything.ts';
import { startGateway, type TestGateway } from '../../../support/mcp/gateway.ts';

/** The official clients get from the reference server through the gateway what they get from it directly. */
let everything: EverythingServer;
let gateway: TestGateway;
const open: Client[] = [];

beforeAll(async () => {
  everything = await startEverything();
  gateway = await startGateway(everything.url);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

afterAll(async () => {
  await gateway.close();
  await everything.close();
});

const connect = async (url: string): Promise<Client> => {
  const client = new Client(
    { name: 'test', version: '1' },
    { capabilities: { sampling: {}, elicitation: { form: {} }, roots: {} } },
  );
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: 'test',
    role: 'assistant' as const,
    content: { type: 'text' as const, text: 'sampled' },
  }));
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'decline' as const }));
  await client.connect(new StreamableHTTPClientTransport(new URL(url)) as Parameters<Client['connect']>[0]);
  open.push(client);
  return client;
};

test.each<[string, (client: Client) => Promise<unknown>]>([
  ['tools', (client) => client.listTools()],
  ['a text', (client) => client.callTool({ name: 'echo', arguments: { message: 'héllo' } })],
  ['an image', (client) => client.callTool({ name: 'get-tiny-image', arguments: {} })],
  [
    'structured content',
    (client) => client.callTool({ name: 'get-structured-content', arguments: { location: 'Chicago' } }),
  ],
  ['a failing tool', (client) => client.callTool({ name: 'get-sum', arguments: { a: 'x' } })],
  [
    'an unknown tool',
    (client) => client.callTool({ name: 'no-such-tool', arguments: {} }).catch((error) => `${error}`),
  ],
  [
    'a sampling round trip',
    (client) => client.callTool({ name: 'trigger-sampling-request', arguments: { prompt: 'hi' } }),
  ],
  ['an elicitation round trip', (client) => client.callTool({ name: 'trigger-elicitation-request', arguments: {} })],
  ['prompts', (client) => client.listPrompts()],
  ['a prompt', (client) => client.getPrompt({ name: 'simple-prompt' })],
  ['resources', (client) => client.listResources()],
  ['resource templates', (client) => client.listResourceTemplates()],
  ['ping', (client) => client.ping()],
])('%s', async (_name, ask) => {
  const [direct, proxied] = [await connect(everything.url), await connect(gateway.url)];
  const expected = await ask(direct);
  expect(expected).toBeDefined();
  expect(await ask(proxied)).toEqual(expected);
});

test('what the client sampled reaches the tool', async () => {
  const client = await connect(gateway.url);
  const result = await client.callTool({ name: 'trigger-sampling-request', arguments: { prompt: 'hi' } });
  expect(JSON.stringify(result)).toContain('sampled');
});

test('progress comes while the tool works', async () => {
  const client = await connect(gateway.url);
  const progress: Progress[] = [];
  const result = await client.callTool(
    { name: 'trigger-long-running-operation', arguments: { duration: 0.4, steps: 4 } },
    undefined,
    {
      onprogress: (step) => progress.push(step),
    },
  );
  expect(progress.map((step) => step.progress)).toEqual([1, 2, 3, 4]);
  expect(JSON.stringify(result)).toContain('completed');
});

test('a subscription brings updates over the GET stream', async () => {
  const client = await connect(gateway.url);
  const { resources } = await client.listResources();
  const uri = resources[0]?.uri ?? '';
  const updated = new Promise<string>((resolve) =>
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => resolve(params.uri)),
  );
  await client.subscribeResource({ uri });
  await client.callTool({ name: 'toggle-subscriber-updates', arguments: {} });
  expect(await updated).toBe(uri);
  await client.callTool({ name: 'toggle-subscriber-updates', arguments: {} });
});

test('a session that was ended is over', async () => {
  const client = await connect(gateway.url);
  const transport = client.transport as StreamableHTTPClientTransport;
  const token = transport.sessionId ?? '';
  await transport.terminateSession();
  const answer = await fetch(gateway.url, {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-session-id': token,
    },
    body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
  });
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
});

describe('client 2.x', () => {
  test.each(['legacy', 'auto'] as const)('with versionNegotiation %s', async (mode) => {
    const client = new ClientV2({ name: 'test', version: '2' }, { versionNegotiation: { mode } });
    await client.connect(new TransportV2(new URL(gateway.url)));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('echo');
    const result = await client.callTool({ name: 'echo', arguments: { message: 'hi' } });
    expect(result.content).toEqual([{ type: 'text', text: 'Echo: hi' }]);
    await client.close();
  });
});
