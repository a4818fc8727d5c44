import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type GatewayProcess, spawnGateway, spawnTooltrail } from '../../../support/cli/process.ts';
import { freePort } from '../../../support/free-port.ts';
import { connect, takePort } from '../../../support/http/server.ts';
import { openSession, post, toolCall } from '../../../support/mcp/client.ts';
import { ANSWER, json, type ScriptedUpstream, startUpstream } from '../../../support/mcp/upstream.ts';

// A process takes a second to start, several on a busy machine.
jest.setTimeout(60_000);

const TOKEN = 'github_pat_11AAAA';

let folder: string;
let upstream: ScriptedUpstream;
let port: number;
let gateway: GatewayProcess;

/** The post's objects, with its upstream in plain text and the Gateway on a free port. */
const objects = async (edit: (text: string) => string = (text) => text): Promise<string> => {
  const text = await readFile('test/acceptance/seed-manifests.yaml', 'utf8');
  return edit(text.replace('port: 3000', `port: ${port}`).replace(/^ +tls: \{\}\n/m, ''));
};

const start = async (text: string, args: readonly string[] = [], env = {}): Promise<void> => {
  await writeFile(join(folder, 'objects.yaml'), text);
  const to = `--connect-to=api.githubcopilot.com:443=127.0.0.1:${new URL(upstream.url).port}`;
  gateway = await spawnGateway([folder], { args: [to, ...args], env: { GITHUB_PAT: TOKEN, ...env } });
};

const readiness = async (): Promise<number> => (await gateway.get(gateway.ports.readiness, '/healthz/ready')).status;

/** Polls until it is so; the test's time limit ends it otherwise. */
const eventually = async (holds: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await holds())) {
    if (gateway.child.exitCode !== null) throw new Error(`the gateway has ended: ${gateway.err()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const ready = (): Promise<void> => eventually(async () => (await readiness()) === 200);
const url = (): string => `http://127.0.0.1:${port}/mcp`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tooltrail-'));
  port = await freePort();
  upstream = await startUpstream((response) => json(response, ANSWER));
});

afterEach(async () => {
  await gateway?.kill();
  await upstream.close();
  await rm(folder, { recursive: true });
});

describe('tooltrail gateway', () => {
  test('serves the objects of a file, and leaves a trail of a tool call', async () => {
    await start(await objects());
    await ready();
    const session = await openSession(url());
    expect(await (await post(url(), toolCall('get_me'), session)).json()).toEqual(ANSWER);
    expect(upstream.requests.at(-1)?.request.headers).toMatchObject({
      host: 'api.githubcopilot.com:443',
      authorization: `Bearer ${TOKEN}`,
      'mcp-session-id': 'upstream-session',
    });

    await eventually(() => gateway.out().includes('tools/call'));
    expect(gateway.out()).toMatch(/ gateway=agentgateway-system\/mcp-gateway .* mcp\.method\.name=tools\/call /);
    const metrics = await gateway.get(gateway.ports.stats, '/metrics');
    expect(metrics.body).toContain(
      `agentgateway_mcp_requests_total{method="tools/call",resource_type="tool",server="github-copilot",resource="get_me",` +
        `bind="${port}/agentgateway-system/mcp-gateway",gateway="agentgateway-system/mcp-gateway",listener="mcp",` +
        `route="agentgateway-system/mcp-route",route_rule="unknown"} 1\n`,
    );
    const dump = await gateway.get(gateway.ports.admin, '/config_dump');
    expect(JSON.parse(dump.body)).toMatchObject({ findings: [], ports: [{ port, bound: { port } }] });

    expect(gateway.err()).toMatch(/SESSION_KEY is not set/);
    expect(gateway.err()).toContain(`url=http://127.0.0.1:${port} routes=1 backends=1`);
    for (const text of [gateway.out(), gateway.err(), metrics.body, dump.body]) expect(text).not.toContain(TOKEN);
  });

  test('JSON, if asked for, on every line', async () => {
    await start(await objects(), ['--log-format', 'json']);
    await ready();
    await gateway.get(port, '/nope');
    await eventually(() => gateway.out() !== '');
    const lines = `${gateway.out()}${gateway.err()}`.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).scope)).toEqual(expect.arrayContaining(['gateway', 'request']));
  });

  test('waits for a configuration that can be served, and follows its files', async () => {
    await start('kind: [\n');
    await eventually(() => gateway.err().includes('nothing is served'));
    expect(gateway.err()).toContain('objects.yaml:2:1: error: not YAML');
    expect(await readiness()).toBe(503);

    await writeFile(join(folder, 'objects.yaml'), await objects());
    await ready();
    expect((await gateway.get(port, '/mcp')).status).toBe(406);

    // What was good stays, what is not is told.
    await writeFile(
      join(folder, 'objects.yaml'),
      await objects((text) => text.replace('protocol: HTTP', 'protocol: [')),
    );
    await eventually(() => gateway.err().split('error: not YAML').length === 3);
    expect((await gateway.get(port, '/mcp')).status).toBe(406);

    const before = port;
    port = await freePort();
    await writeFile(join(folder, 'objects.yaml'), await objects());
    await eventually(async () => (await gateway.get(port, '/mcp')).status === 406);
    expect((await gateway.get(before, '/mcp')).status).toBe(0);
  });

  test('a port in use keeps it from being ready, and nothing else', async () => {
    const taken = await takePort();
    const free = port;
    port = taken.port;
    const second = `    - name: second\n      port: ${free}\n      protocol: HTTP\n`;
    await start(await objects((text) => text.replace('    - name: mcp\n', `${second}    - name: mcp\n`)));
    await eventually(async () => (await gateway.get(free, '/mcp')).status === 406);
    expect(gateway.err()).toContain(
      `a port cannot be bound and is tried again port=${taken.port} listeners="agentgateway-system/mcp-gateway mcp"`,
    );
    expect(await readiness()).toBe(503);
    // The listener's condition says so, for as long as it is so.
    await eventually(() => gateway.err().includes('(Accepted=False/PortUnavailable)'));
    expect(gateway.err()).not.toContain('findings are gone');
    await taken.close();
    await ready();
    await eventually(() => gateway.err().includes('findings are gone'));
  });

  test('goes on when nobody reads what it writes', async () => {
    await start(await objects());
    await ready();
    gateway.child.stdout?.destroy();
    gateway.child.stderr?.destroy();
    for (let count = 0; count < 20; count++) expect((await gateway.get(port, '/nope')).status).toBe(404);
    expect(await readiness()).toBe(200);
  });
});

describe('SIGTERM', () => {
  /** A tool call that the upstream answers when told to. */
  const slowCall = async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    upstream.script = (response) => {
      asked.resolve();
      void answer.promise.then(() => json(response, ANSWER));
    };
    const result = post(url(), toolCall('slow'), await openSession(url())).then(
      (response) => response.json(),
      () => 'cut off',
    );
    await asked.promise;
    return { result, answer };
  };

  test('lets requests end, takes no new ones, and exits with 0', async () => {
    // No collector: its name cannot be resolved, and spans would be tried for as long as they may.
    await start(
      await objects((text) =>
        text
          .replace('clientSampling: "true"', 'clientSampling: "false"')
          .replace('randomSampling: "true"', 'randomSampling: "false"'),
      ),
    );
    await ready();
    const { result, answer } = await slowCall();
    gateway.child.kill('SIGTERM');
    await eventually(async () => (await readiness()) === 503);
    const { socket } = connect(port);
    expect(await new Promise((resolve) => socket.on('error', resolve).on('connect', resolve))).toMatchObject({
      code: 'ECONNREFUSED',
    });
    answer.resolve();
    expect(await result).toEqual(ANSWER);
    expect(await gateway.exited).toBe(0);
    // Its access-log line is written before the end.
    expect(gateway.out()).toMatch(/mcp\.method\.name=tools\/call/);
    expect(gateway.err()).toMatch(/stopping.* signal=SIGTERM\n.*stopped\n$/s);
  });

  test('serves new requests first, for as long as it is told', async () => {
    await start(await objects(), [], { CONNECTION_MIN_TERMINATION_DEADLINE: '1s' });
    await ready();
    gateway.child.kill('SIGTERM');
    await eventually(async () => (await readiness()) === 503);
    expect((await gateway.get(port, '/nope')).status).toBe(404);
    expect(await gateway.exited).toBe(0);
  });

  test('twice: ends at once', async () => {
    await start(await objects());
    await ready();
    const { result } = await slowCall();
    gateway.child.kill('SIGTERM');
    await eventually(() => gateway.err().includes('stopping'));
    gateway.child.kill('SIGTERM');
    expect(await gateway.exited).toBe(143);
    expect(await result).toBe('cut off');
  });
});

describe('what keeps it from starting is one line and an exit code', () => {
  const fails = async (args: readonly string[], env = {}) => {
    const tooltrail = spawnTooltrail(args, env);
    const code = await tooltrail.exited;
    return [code, tooltrail.out(), tooltrail.err().split('\n').at(-2)];
  };

  test('an address of its own that is in use', async () => {
    const taken = await takePort();
    const rest = ['--stats', '127.0.0.1:0', '--readiness', '127.0.0.1:0'];
    expect(await fails(['gateway', folder, '--admin', `127.0.0.1:${taken.port}`, ...rest])).toEqual([
      1,
      '',
      `tooltrail gateway: --admin: 127.0.0.1:${taken.port} cannot be bound: it is in use`,
    ]);
    await taken.close();
  });

  test('a session key that is none', async () => {
    const [code, , line] = await fails(['gateway', folder], { SESSION_KEY: 'c0ffee' });
    expect(code).toBe(2);
    expect(line).toMatch(/^tooltrail gateway: SESSION_KEY must be 64 hexadecimal digits/);
    expect(line).not.toContain('c0ffee');
  });

  test('the version is the package’s', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));
    const tooltrail = spawnTooltrail(['--version']);
    expect([await tooltrail.exited, tooltrail.out()]).toEqual([0, `${version}\n`]);
  });
});
