import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority } from '../support/acceptance/authority.ts';
import { eventually } from '../support/acceptance/eventually.ts';
import { type GatewayProcess, startGateway } from '../support/acceptance/gateway.ts';
import { plainManifests, replaced } from '../support/acceptance/manifests.ts';
import { closingAfterAll } from '../support/closing.ts';
import { freePort } from '../support/free-port.ts';
import { INITIALIZE, openSession, post, toolCall } from '../support/mcp/client.ts';
import { ANSWER, events, json, type ScriptedUpstream, startUpstream } from '../support/mcp/upstream.ts';

/** Upstreams that are wrong: the client gets an error it can read, the trail has it, and the next call is served. */
const keep = closingAfterAll();
let upstream: ScriptedUpstream;
let gateway: GatewayProcess;
let session: Record<string, string>;

beforeAll(async () => {
  upstream = keep(await startUpstream((response) => json(response, ANSWER)), (server) => server.close());
  const port = await freePort();
  const manifests = plainManifests(port, Number(new URL(upstream.url).port));
  gateway = keep(await startGateway({ manifests, port }), (process) => process.stop());
  session = await openSession(gateway.url);
});

afterEach(async () => {
  upstream.script = (response) => json(response, ANSWER);
  expect((await post(gateway.url, toolCall('echo'), session)).status).toBe(200);
  expect(gateway.alive()).toBe(true);
  expect(gateway.output()).not.toMatch(/\n\s+at |unforeseen/);
});

const FAILED = /\trequest .* error=.* reason=/;
/** Nothing of the operating system, the library or the code. */
const INTERNAL = /ECONN|ENOTFOUND|errno|UND_ERR|node:|\.ts|127\.0\.0\.1|\bat /;

/** The call, and the line of the access log about its failure. */
const call = async (): Promise<{ answer: Response; text: string; line: string }> => {
  const before = gateway.output().length;
  const answer = await post(gateway.url, toolCall('echo', 'call-1'), session);
  const text = await answer.text();
  return { answer, text, line: await gateway.printed(FAILED, before) };
};

describe('an answer of the upstream passes as it is', () => {
  test.each([401, 404, 500])('%d', async (status) => {
    upstream.script = (response) =>
      response.writeHead(status, { 'content-type': 'text/plain', 'www-authenticate': 'Bearer' }).end('its own words');
    const { answer, text, line } = await call();
    expect([answer.status, text, answer.headers.get('www-authenticate')]).toEqual([status, 'its own words', 'Bearer']);
    expect(line).toContain(` http.status=${status} `);
    expect(line).toContain(`error="mcp: upstream error: ${status}"`);
  });
});

describe('no answer that can be passed on: the client gets a JSON-RPC error', () => {
  const fails = async (status: number, message: string): Promise<void> => {
    const { answer, text, line } = await call();
    expect([answer.status, JSON.parse(text)]).toEqual([
      status,
      { jsonrpc: '2.0', id: 'call-1', error: { code: -32603, message: expect.stringContaining(message) } },
    ]);
    expect(text).not.toMatch(INTERNAL);
    expect(line).toContain(` http.status=${status} `);
    expect(line).toContain(' reason=UpstreamFailure ');
    expect(line).toContain(message);
  };

  test('reset before the answer', async () => {
    upstream.script = (response) => response.socket?.resetAndDestroy();
    await fails(502, 'closed the connection');
  });

  test('closed before the answer', async () => {
    upstream.script = (response) => response.socket?.end();
    await fails(502, 'closed the connection');
  });

  test('garbage', async () => {
    upstream.script = (response) => response.socket?.end('\x00\x01 no HTTP \xff\r\n\r\n');
    await fails(502, 'not HTTP');
  });

  test('a page for people', async () => {
    upstream.script = (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Log in</h1>');
    await fails(502, 'not MCP');
  });

  test('refused connections', async () => {
    const before = gateway.output().length;
    const port = await freePort();
    const served = Number(new URL(gateway.url).port);
    await gateway.rewrite(replaced(plainManifests(served, port), ['name: backend', 'name: refusing']));
    const answer = await eventually('a failure', async () => {
      const response = await post(gateway.url, INITIALIZE);
      return response.status === 200 ? undefined : response;
    });
    const text = await answer.text();
    expect([answer.status, JSON.parse(text)]).toMatchObject([502, { error: { code: -32603 } }]);
    expect(text).toContain('could not be reached');
    expect(text).not.toMatch(INTERNAL);
    expect(await gateway.printed(/ http\.status=502 /, before)).toContain('reason=UpstreamFailure');
    await gateway.rewrite(plainManifests(served, Number(new URL(upstream.url).port)));
    await eventually('the upstream before', async () => (await post(gateway.url, INITIALIZE)).ok || undefined);
  });
});

describe('an answer that breaks off', () => {
  test('as an event stream, ends with an error event for the call', async () => {
    upstream.script = (response) => {
      events(response).write('data: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\ndata: {"jso');
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    };
    const { answer, text, line } = await call();
    expect(answer.status).toBe(200);
    const messages = text.split('\n\n').flatMap((event) => /^data: (.*)$/m.exec(event)?.[1] ?? []);
    expect(JSON.parse(messages[0] ?? '')).toMatchObject({ method: 'notifications/message' });
    expect(JSON.parse(messages.at(-1) ?? '')).toMatchObject({ id: 'call-1', error: { code: -32603 } });
    expect(line).toContain('reason=UpstreamFailure');
  });

  test('as JSON, breaks the connection: half an answer is none', async () => {
    const before = gateway.output().length;
    upstream.script = (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' }).write('{"jsonrpc":');
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    };
    await expect(post(gateway.url, toolCall('echo'), session).then((answer) => answer.text())).rejects.toThrow();
    expect(await gateway.printed(FAILED, before)).toContain('reason=UpstreamFailure');
  });
});

test('an upstream that hangs: the client may leave, the upstream is told, others are served meanwhile', async () => {
  const before = gateway.output().length;
  const left = Promise.withResolvers<void>();
  const hanging = Promise.withResolvers<void>();
  upstream.script = (response, _request, body) => {
    if (!body.includes('"hangs"')) return json(response, ANSWER);
    response.on('close', () => left.resolve());
    hanging.resolve();
  };
  const abort = new AbortController();
  const waiting = post(gateway.url, toolCall('hangs'), session, abort.signal);
  await hanging.promise;
  expect((await post(gateway.url, toolCall('echo'), session)).status).toBe(200);
  abort.abort();
  await expect(waiting).rejects.toThrow();
  await left.promise;
  expect(await gateway.printed(/ http\.status=499 /, before)).toContain('the client closed the connection');
});

test.each<[string, string, boolean]>([
  ['for another name', 'other.example.com', true],
  ['of an unknown authority', 'mcp.example.com', false],
])('a certificate %s is not taken, and the token is not sent', async (_name, host, trusted) => {
  const authority = await createAuthority();
  const folder = await mkdtemp(join(tmpdir(), 'tooltrail-upstream-'));
  const trust = trusted ? authority : await createAuthority();
  await writeFile(join(folder, 'ca.pem'), trust.certificate);
  let requests = 0;
  const server = createTlsServer(await authority.issue(host), (_request, response) => {
    requests += 1;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const tlsPort = (server.address() as AddressInfo).port;
  const port = await freePort();
  const strict = await startGateway({
    manifests: replaced(
      plainManifests(port, 443),
      ['host: 127.0.0.1', 'host: mcp.example.com'],
      ['protocol: StreamableHTTP', 'protocol: StreamableHTTP, policies: { tls: {} }'],
    ),
    port,
    env: { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') },
    connectTo: { 'mcp.example.com:443': tlsPort },
  });
  try {
    const answer = await post(strict.url, INITIALIZE);
    expect([answer.status, await answer.json()]).toMatchObject([
      502,
      { error: { code: -32603, message: expect.stringContaining('TLS') } },
    ]);
    expect(requests).toBe(0);
  } finally {
    await strict.stop();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true, force: true });
  }
});
