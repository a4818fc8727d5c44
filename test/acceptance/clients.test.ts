import { beforeAll, describe, expect, test } from '@jest/globals';
import { type GatewayProcess, startGateway } from '../support/acceptance/gateway.ts';
import { plainManifests } from '../support/acceptance/manifests.ts';
import { normalise } from '../support/acceptance/normalise.ts';
import { type Connect, connectV1, connectV2, type OfficialClient } from '../support/acceptance/official-clients.ts';
import { closingAfterAll } from '../support/closing.ts';
import { freePort } from '../support/free-port.ts';
import { type EverythingServer, startEverything } from '../support/mcp/everything.ts';

/** Both generations of the official client get through the gateway what they get from the reference server directly. */
const keep = closingAfterAll();
let everything: EverythingServer;
let gateway: GatewayProcess;

beforeAll(async () => {
  everything = keep(await startEverything(), (server) => server.close());
  const port = await freePort();
  const manifests = plainManifests(port, Number(new URL(everything.url).port));
  gateway = keep(await startGateway({ manifests, port }), (process) => process.stop());
});

type Ask = (client: OfficialClient) => Promise<unknown>;

const tool =
  (name: string, args?: Record<string, unknown>): Ask =>
  (client) =>
    client.callTool(name, args);
const prompt =
  (name: string, args: Record<string, string> = {}): Ask =>
  ({ methods }) =>
    methods.getPrompt({ name, arguments: args });
const resource =
  (uri: string): Ask =>
  ({ methods }) =>
    methods.readResource({ uri });

/** Each with a word that the answer must hold: two empty answers would be equal too. */
const CASES: readonly (readonly [string, Ask, string])[] = [
  [
    'who the server is',
    async ({ methods }) => [methods.getServerCapabilities(), methods.getServerVersion(), methods.getInstructions()],
    'Everything Reference Server',
  ],
  ['ping', ({ methods }) => methods.ping(), '{}'],
  ['tools', ({ methods }) => methods.listTools(), 'trigger-sampling-request'],
  ['a text', tool('echo', { message: 'héllo ✓ \u2028' }), 'héllo ✓'],
  ['a long text', tool('echo', { message: 'x'.repeat(300_000) }), 'x'.repeat(300_000)],
  ['an image', tool('get-tiny-image'), 'image/png'],
  ['annotations', tool('get-annotated-message', { messageType: 'error', includeImage: true }), 'priority'],
  ['structured content', tool('get-structured-content', { location: 'Chicago' }), 'structuredContent'],
  ['links to resources', tool('get-resource-links', { count: 3 }), 'resource_link'],
  ['an embedded resource', tool('get-resource-reference', { resourceType: 'Text', resourceId: 2 }), '"resource"'],
  ['a failing tool', tool('get-sum', { a: 'x' }), '"isError":true'],
  ['an unknown tool', tool('no-such-tool'), 'no-such-tool'],
  ['a long operation', tool('trigger-long-running-operation', { duration: 0.4, steps: 4 }), '"progress":4'],
  ['sampling', tool('trigger-sampling-request', { prompt: 'hi' }), 'What the model says'],
  ['elicitation', tool('trigger-elicitation-request'), 'Ada'],
  ['elicitation by URL', tool('trigger-url-elicitation', { url: 'https://example.com/' }), 'https://example.com/'],
  [
    'elicitation by an error',
    tool('trigger-url-elicitation', { url: 'https://example.com/', elicitationId: '1', errorPath: true }),
    '-32042',
  ],
  ['roots', tool('get-roots-list'), 'file:///home/ada'],
  ['resources', ({ methods }) => methods.listResources(), 'features.md'],
  ['resource templates', ({ methods }) => methods.listResourceTemplates(), '{resourceId}'],
  ['a resource', resource('demo://resource/static/document/features.md'), 'text/markdown'],
  ['a resource of a template', resource('demo://resource/dynamic/text/7'), 'Resource 7'],
  ['an unknown resource', resource('demo://resource/none'), '"code":-32'],
  ['prompts', ({ methods }) => methods.listPrompts(), 'args-prompt'],
  ['a prompt', prompt('simple-prompt'), 'messages'],
  ['a prompt with arguments', prompt('args-prompt', { city: 'Graz', state: 'Styria' }), 'Styria'],
  ['a prompt with a resource', prompt('resource-prompt', { resourceType: 'Text', resourceId: '3' }), '"resource"'],
  ['a prompt without its arguments', prompt('args-prompt'), '"code":-32602'],
  [
    'completion of a prompt',
    ({ methods }) =>
      methods.complete({
        ref: { type: 'ref/prompt', name: 'completable-prompt' },
        argument: { name: 'name', value: 'A' },
        context: { arguments: { department: 'Engineering' } },
      }),
    'Alice',
  ],
  [
    'completion of a template',
    ({ methods }) =>
      methods.complete({
        ref: { type: 'ref/resource', uri: 'demo://resource/dynamic/text/{resourceId}' },
        argument: { name: 'resourceId', value: '5' },
      }),
    '"5"',
  ],
  ['the logging level', ({ methods }) => methods.setLoggingLevel('error'), '{}'],
  // Last: whoever does this takes the resource from the lists of all other sessions of that server.
  [
    'a compressed resource',
    tool('gzip-file-as-resource', { name: 'a.gz', data: 'data:text/plain,hi', outputType: 'resource' }),
    'application/gzip',
  ],
];

describe.each<[string, Connect]>([
  ['client 1.x', connectV1],
  ['client 2.x in legacy mode', connectV2],
])('%s', (_name, connect) => {
  const keepClient = closingAfterAll();
  let direct: OfficialClient;
  let proxied: OfficialClient;

  beforeAll(async () => {
    const open = async (url: string) => keepClient(await connect(url), ({ methods }) => methods.close());
    [direct, proxied] = await Promise.all([open(everything.url), open(gateway.url)]);
  });

  test.each(CASES)('%s', async (_what, ask, word) => {
    const [expected, actual] = await Promise.all([transcript(direct, ask), transcript(proxied, ask)]);
    expect(JSON.stringify(expected)).toContain(JSON.stringify(word).slice(1, -1).replaceAll('\\"', '"'));
    expect(actual).toEqual(expected);
  });
});

/** The answer or the error, and what the server asked and told meanwhile. Logs come whenever they come. */
const transcript = async (client: OfficialClient, ask: Ask): Promise<unknown> => {
  const from = client.received.length;
  const answer = await ask(client).catch(({ code, message, data }) => ({ code, message, data }));
  return normalise({
    answer,
    meanwhile: client.received.slice(from).filter(({ what }) => what !== 'log' && what !== 'roots'),
  });
};
