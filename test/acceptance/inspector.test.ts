import { beforeAll, expect, test } from '@jest/globals';
import { type GatewayProcess, startGateway } from '../support/acceptance/gateway.ts';
import { inspect } from '../support/acceptance/inspector.ts';
import { plainManifests } from '../support/acceptance/manifests.ts';
import { normalise } from '../support/acceptance/normalise.ts';
import { closingAfterAll } from '../support/closing.ts';
import { freePort } from '../support/free-port.ts';
import { type EverythingServer, startEverything } from '../support/mcp/everything.ts';

/** The post's own check: MCP Inspector prints and returns the same through the gateway as directly. */
const keep = closingAfterAll();
let everything: EverythingServer;
let gateway: GatewayProcess;

beforeAll(async () => {
  everything = keep(await startEverything(), (server) => server.close());
  const port = await freePort();
  const manifests = plainManifests(port, Number(new URL(everything.url).port));
  gateway = keep(await startGateway({ manifests, port }), (process) => process.stop());
});

/** Exit code, and a word that is printed. */
test.each<[string, number, string, readonly string[]]>([
  ['tools/list', 0, 'get-tiny-image', []],
  ['tools/call', 0, 'Echo: hi there', ['--tool-name', 'echo', '--tool-arg', 'message=hi there']],
  ['tools/call', 0, 'image/png', ['--tool-name', 'get-tiny-image']],
  ['tools/call', 5, '"isError": true', ['--tool-name', 'get-structured-content', '--tool-arg', 'location=Graz']],
  ['resources/read', 0, 'text/markdown', ['--uri', 'demo://resource/static/document/features.md']],
  ['prompts/get', 0, 'Graz', ['--prompt-name', 'args-prompt', '--prompt-args', 'city=Graz']],
])('%s → %d %s', async (method, exitCode, word, args) => {
  const [direct, proxied] = await Promise.all(
    [everything.url, gateway.url].map((url) => inspect(url, '--method', method, ...args)),
  );
  expect(`${direct?.stdout}${direct?.stderr}`).toContain(word);
  expect(direct?.exitCode).toBe(exitCode);
  expect(normalise(proxied)).toEqual(normalise(direct));
});
