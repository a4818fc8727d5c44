import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority } from '../support/acceptance/authority.ts';
import { eventually } from '../support/acceptance/eventually.ts';
import { type GatewayProcess, startGateway, tooltrail } from '../support/acceptance/gateway.ts';
import { plainManifests, replaced, SEED, SEED_UPSTREAM } from '../support/acceptance/manifests.ts';
import { startToolServer, type ToolServer } from '../support/acceptance/tool-server.ts';
import { closingAfterAll } from '../support/closing.ts';
import { freePort } from '../support/free-port.ts';
import { INITIALIZE, post } from '../support/mcp/client.ts';

/** Configurations that are wrong: each is told by object, place and rule, nothing ends, and what was good goes on. */

/** The post's objects, and beside them a route that no mistake in the former may touch. */
const BYSTANDER = `
---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayBackend
metadata: { name: bystander, namespace: agentgateway-system }
spec:
  mcp:
    targets:
      - name: bystander
        static: { host: ${SEED_UPSTREAM}, port: 443, path: /mcp/, policies: { tls: {} } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: bystander, namespace: agentgateway-system }
spec:
  parentRefs: [{ name: mcp-gateway }]
  rules:
    - matches: [{ path: { type: Exact, value: /bystander } }]
      backendRefs: [{ group: agentgateway.dev, kind: AgentgatewayBackend, name: bystander }]
`;

const keep = closingAfterAll();
let upstream: ToolServer;
let gateway: GatewayProcess;
let good: string;
let folder: string;
let start: (manifests: string, port: number, until?: 'ready' | 'admin') => Promise<GatewayProcess>;

beforeAll(async () => {
  const authority = await createAuthority();
  folder = keep(await mkdtemp(join(tmpdir(), 'tooltrail-configuration-')), (path) => rm(path, { recursive: true }));
  await writeFile(join(folder, 'ca.pem'), authority.certificate);
  upstream = keep(await startToolServer(await authority.issue(SEED_UPSTREAM)), (server) => server.close());
  start = (manifests, port, until = 'ready') =>
    startGateway({
      manifests,
      port,
      until,
      env: { GITHUB_PAT: 'secret-of-the-test', NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') },
      connectTo: { [`${SEED_UPSTREAM}:443`]: upstream.port },
    });
  const port = await freePort();
  good = replaced(SEED, ['port: 3000', `port: ${port}`]) + BYSTANDER;
  gateway = keep(await start(good, port), (process) => process.stop());
});

/** Status of an `initialize`, and what the gateway says when it is an error. */
const initialize = async (url = gateway.url): Promise<{ status: number; text: string }> => {
  const answer = await post(url, INITIALIZE);
  return { status: answer.status, text: await answer.text() };
};

const bystander = (): Promise<{ status: number }> => initialize(gateway.url.replace('/mcp', '/bystander'));

/** Rewrites the file; resolves to the line that it is told by. Afterwards the good file is back. */
const withMistake = async (
  changes: readonly (readonly [string, string])[],
  told: RegExp,
  then: (line: string, changed: string) => Promise<void>,
): Promise<void> => {
  const changed = replaced(good, ...changes);
  const before = gateway.output().length;
  await gateway.rewrite(changed);
  await then(await gateway.printed(told, before), changed);
  await gateway.rewrite(good);
  await gateway.printed(/findings are gone .*left=0$/, before);
  expect((await initialize()).status).toBe(200);
};

/** `line:column` of a piece of text. */
const place = (text: string, piece: string): string => {
  const before = text.slice(0, text.indexOf(piece)).split('\n');
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
};

describe('a file with objects that cannot be read: their last good version serves', () => {
  test.each<[string, [string, string], string, RegExp]>([
    ['not YAML', ['kind: Secret', 'kind: "Secret'], '', /not YAML: .*\(not-yaml\)$/],
    [
      'an unknown field',
      ['      backendRefs:', '      backendRfs:'],
      'backendRfs',
      /HTTPRoute agentgateway-system\/mcp-route: unknown field spec\.rules\[0\]\.backendRfs of HTTPRoute; did you mean backendRefs\? \(unknown-field\)$/,
    ],
    [
      'a wrong type',
      ['          port: 443\n          path', '          port: "443"\n          path'],
      '"443"',
      /AgentgatewayBackend agentgateway-system\/github-mcp-server: .*\.static\.port must be an integer, is a string \(wrong-type\)$/,
    ],
    [
      'a value that is out of range',
      ['        type: PathPrefix', '        type: PathStart'],
      'PathStart',
      /HTTPRoute agentgateway-system\/mcp-route: .*\.path\.type .*PathPrefix.*\(invalid-value\)$/,
    ],
    [
      'a variable that is not set',
      ['GITHUB_PAT', 'GITHUB_TOKEN'],
      '"Bearer $',
      /Secret agentgateway-system\/github-pat: key "Authorization": environment variable GITHUB_TOKEN is not set \(missing-variable\)$/,
    ],
  ])('%s', async (_name, change, piece, told) => {
    await withMistake([change], told, async (line, changed) => {
      expect(line).toContain(`${gateway.file}:${piece === '' ? '' : place(changed, piece)}`);
      expect(line).toMatch(/:\d+:\d+: error: /);
      expect([(await initialize()).status, (await bystander()).status]).toEqual([200, 200]);
      expect(await gateway.configDump()).toContain(JSON.stringify(/\((\S+)\)$/.exec(line)?.[1]));
    });
  });
});

describe('a reference that leads nowhere: its route says so, the others serve', () => {
  test.each<[string, [string, string][], RegExp]>([
    [
      'a backend that is not there',
      [['        - name: github-mcp-server', '        - name: nowhere']],
      /HTTPRoute agentgateway-system\/mcp-route.*: Backend not found: agentgateway-system\/nowhere \(ResolvedRefs=False\/BackendNotFound\)$/,
    ],
    [
      'a backend of another namespace without a grant',
      [
        [
          '  name: github-mcp-server\n  namespace: agentgateway-system',
          '  name: github-mcp-server\n  namespace: other',
        ],
        ['          namespace: agentgateway-system\n          group', '          namespace: other\n          group'],
      ],
      /HTTPRoute agentgateway-system\/mcp-route.*other\/github-mcp-server.*: a ReferenceGrant in namespace other is missing \(ResolvedRefs=False\/RefNotPermitted\)$/,
    ],
    [
      'a Secret that is not there',
      [['                name: github-pat', '                name: no-pat']],
      /AgentgatewayBackend agentgateway-system\/github-mcp-server: .*github-copilot: Secret agentgateway-system\/no-pat not found/,
    ],
    [
      'a Secret without the key',
      [['  Authorization: "Bearer', '  Authorisation: "Bearer']],
      /AgentgatewayBackend agentgateway-system\/github-mcp-server: .*Secret agentgateway-system\/github-pat has no key "Authorization", only Authorisation/,
    ],
  ])('%s', async (_name, changes, told) => {
    await withMistake(changes, told, async () => {
      const { status, text } = await initialize();
      expect([status, text]).toEqual([500, expect.stringContaining('backend that cannot be used')]);
      expect((await bystander()).status).toBe(200);
    });
  });
});

describe('a policy that is wrong in part: requests are served, and the policy says so', () => {
  test.each<[string, [string, string], RegExp]>([
    [
      'no grant for the collector of another namespace',
      ['      kind: AgentgatewayPolicy\n', '      kind: HTTPRoute\n'],
      /AgentgatewayPolicy agentgateway-system\/mcp-tracing: frontend\.tracing\.backendRef: RefNotPermitted: Service telemetry\/opentelemetry-collector-traces: a ReferenceGrant in namespace telemetry/,
    ],
    [
      'an expression that does not compile',
      [`'default(mcp.tool.target, "")'`, `'default(mcp.tool.target, '`],
      /AgentgatewayPolicy agentgateway-system\/mcp-tracing: .*tracing\.attributes\.add\[3\]\.expression: .*accessLog\.attributes\.add\[1\]\.expression: /,
    ],
  ])('%s', async (_name, change, told) => {
    await withMistake([change], told, async () => {
      expect([(await initialize()).status, (await bystander()).status]).toEqual([200, 200]);
    });
  });
});

test('after a mistake, a good file that differs takes effect', async () => {
  const moved = replaced(good, ['value: /mcp\n', 'value: /moved\n']);
  const before = gateway.output().length;
  await gateway.rewrite(good.slice(0, good.indexOf('kind: AgentgatewayBackend') + 40));
  await gateway.printed(/ error: /, before);
  expect((await initialize()).status).toBe(200);
  await gateway.rewrite(moved);
  const atNewPath = await eventually('the new path', async () => {
    const answer = await initialize(gateway.url.replace('/mcp', '/moved'));
    return answer.status === 200 ? answer : undefined;
  });
  expect(atNewPath.status).toBe(200);
  expect((await initialize()).status).toBe(404);
  await gateway.rewrite(good);
  await eventually('the path before', async () => (await initialize()).status === 200 || undefined);
});

test('a gateway that is started on a file that is not YAML waits for a good one', async () => {
  const port = await freePort();
  const other = await start('kind: "Gateway', port, 'admin');
  try {
    expect(await other.printed(/not YAML/)).toContain(`${other.file}:1:`);
    expect(await other.ready()).toBe(false);
    await other.rewrite(plainManifests(port, upstream.port));
    await eventually('readiness', async () => (await other.ready()) || undefined);
  } finally {
    await other.stop();
  }
});

describe('a port in use', () => {
  let taken: Server;
  let port: number;

  beforeAll(async () => {
    taken = keep(createServer().listen(0, '127.0.0.1'), async (server) => server.close());
    await once(taken, 'listening');
    port = (taken.address() as { port: number }).port;
  });

  test('of a listener is told by Gateway and listener; the others serve, and it is bound once it is free', async () => {
    const before = gateway.output().length;
    const listener = `    - { name: second, port: ${port}, protocol: HTTP }\n`;
    await gateway.rewrite(replaced(good, ['  listeners:\n', `  listeners:\n${listener}`]));
    const line = await gateway.printed(/cannot be bound/, before);
    expect(line).toContain(`port=${port}`);
    expect(line).toContain('agentgateway-system/mcp-gateway second');
    expect(line).toContain('it is in use');
    expect((await initialize()).status).toBe(200);
    await new Promise((resolve) => taken.close(resolve));
    await gateway.printed(/is bound now/, before);
    expect((await initialize(`http://127.0.0.1:${port}/mcp`)).status).toBe(200);
    taken.listen(0, '127.0.0.1');
    await gateway.rewrite(good);
  });

  test('of its own interfaces ends the start, with its name', async () => {
    const { port: other } = taken.address() as { port: number };
    const run = await tooltrail('gateway', '--config', gateway.file, '--admin', `127.0.0.1:${other}`);
    expect(run.exitCode).toBe(1);
    expect(run.output).toContain(`--admin: 127.0.0.1:${other} cannot be bound: it is in use`);
  });
});

test('tooltrail check tells a mistake as the gateway does, and fails', async () => {
  const file = join(folder, 'checked.yaml');
  await writeFile(file, replaced(good, ['  rules:', '  rulez:']));
  const run = await tooltrail('check', file);
  expect(run.exitCode).toBe(1);
  expect(run.output).toContain(
    `${file}:${place(replaced(good, ['  rules:', '  rulez:']), 'rulez')}: error: HTTPRoute `,
  );
});

test('a path that is not there ends the start, by its name', async () => {
  const run = await tooltrail('gateway', '--config', join(folder, 'nothing.yaml'));
  expect(run.exitCode).toBe(1);
  expect(run.output).toContain(join(folder, 'nothing.yaml'));
});

test('through all of it the process lived, and told no secret and no stack', () => {
  expect(gateway.alive()).toBe(true);
  expect(gateway.output()).not.toContain('secret-of-the-test');
  expect(gateway.output()).not.toMatch(/\n\s+at |unforeseen/);
});
