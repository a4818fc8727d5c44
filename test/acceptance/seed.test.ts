import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { parse } from 'yaml';
import type { DecodedAttribute, DecodedSpan } from '../../gateway/demo/otlp-decode.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../../gateway/demo/otlp-receiver.ts';
import { type Authority, createAuthority } from '../support/acceptance/authority.ts';
import { type GatewayProcess, startGateway } from '../support/acceptance/gateway.ts';
import { replaced, SEED, SEED_COLLECTOR, SEED_PORT, SEED_UPSTREAM } from '../support/acceptance/manifests.ts';
import { startToolServer, type ToolServer, WORK } from '../support/acceptance/tool-server.ts';
import { closingAfterAll } from '../support/closing.ts';
import { freePort } from '../support/free-port.ts';

/**
 * The post, end to end: its objects as they stand, an MCP server behind TLS that is made with the official SDK, the official client, and
 * a collector that decodes with the OpenTelemetry project's own definitions. What must come out is in walkthrough.yaml.
 */
interface Walkthrough {
  readonly metric: string;
  readonly span: {
    readonly scope: string;
    readonly name: string;
    readonly kind: string;
    readonly status: string;
    readonly resource: Readonly<Record<string, string>>;
    readonly attributes: readonly {
      readonly name: string;
      readonly type: 'string' | 'int';
      readonly value?: unknown;
    }[];
  };
}

// Of a Linux machine, only who listens on all addresses is there too. Other systems have one loopback address.
const BIND = process.platform === 'linux' ? '127.0.3.1' : '127.0.0.1';
const TOKEN = `github_pat_${randomBytes(16).toString('hex')}`;
/** The client's own credential, which is not for the upstream. */
const CLIENT_TOKEN = randomBytes(16).toString('hex');

/** The agent's span, in which the model chose the tool. */
const AGENT = { traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') };

const keep = closingAfterAll();
let walkthrough: Walkthrough;
let authority: Authority;
let folder: string;

beforeAll(async () => {
  walkthrough = parse(await readFile('test/acceptance/walkthrough.yaml', 'utf8'));
  authority = await createAuthority();
  folder = keep(await mkdtemp(join(tmpdir(), 'tooltrail-seed-')), (path) => rm(path, { recursive: true }));
  await writeFile(join(folder, 'ca.pem'), authority.certificate);
});

describe.each([
  { protocol: 'grpc' as const, port: 4317, manifests: SEED, log: 'text' },
  {
    protocol: 'http' as const,
    port: 4318,
    manifests: replaced(SEED, ['protocol: GRPC', 'protocol: HTTP'], ['port: 4317', 'port: 4318']),
    log: 'json',
  },
])('the post over OTLP/$protocol', ({ protocol, port, manifests, log }) => {
  /** The post's, unless something of this machine has it. */
  let gatewayPort: number;
  let upstream: ToolServer;
  let collector: OtlpReceiver;
  let gateway: GatewayProcess;
  let metrics: string;
  let configDump: string;
  let sessionId: string | undefined;
  let answer: unknown;
  let spans: readonly DecodedSpan[];
  let server: DecodedSpan;
  let client: DecodedSpan;

  beforeAll(async () => {
    upstream = keep(await startToolServer(await authority.issue(SEED_UPSTREAM)), (server) => server.close());
    collector = keep(await startOtlpReceiver({ protocol }), (receiver) => receiver.close());
    gatewayPort = await freePort(SEED_PORT, BIND);
    gateway = await startGateway({
      manifests: replaced(manifests, [`port: ${SEED_PORT}`, `port: ${gatewayPort}`]),
      port: gatewayPort,
      bind: BIND,
      env: { GITHUB_PAT: TOKEN, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') },
      connectTo: { [`${SEED_UPSTREAM}:443`]: upstream.port, [`${SEED_COLLECTOR}:${port}`]: collector.port },
      args: ['--log-format', log],
    });
    ({ answer, sessionId } = await callGetMe(gateway.url));
    metrics = await gateway.metrics();
    configDump = await gateway.configDump();
    // Its end sends the spans that still wait.
    await gateway.stop();
    spans = collector.spans();
    server = find(
      spans,
      ({ kind, attributes }) => kind === 'SERVER' && value(attributes, 'mcp.tool_name') === 'get_me',
    );
    client = find(spans, ({ kind, name }) => kind === 'CLIENT' && name === 'tools/call get_me');
  });

  test('the tool answers', () => {
    expect(answer).toMatchObject({ content: [{ type: 'text', text: '{"login":"octocat"}' }] });
  });

  test('the upstream gets the token exactly once per request, behind TLS for its own name', () => {
    expect(upstream.requests.length).toBeGreaterThanOrEqual(3);
    for (const request of upstream.requests) {
      expect([request.serverName, request.path]).toEqual([SEED_UPSTREAM, '/mcp/']);
      expect(request.header('authorization')).toEqual([`Bearer ${TOKEN}`]);
      expect(request.header('host')).toEqual([SEED_UPSTREAM]);
    }
  });

  test('the metric is exactly the post’s', () => {
    const metric = replaced(walkthrough.metric, [`bind="${SEED_PORT}/`, `bind="${gatewayPort}/`]);
    expect(metrics.split('\n')).toContain(metric);
  });

  test('the span is the post’s: scope, name, kind, status, resource', () => {
    const { scope, name, kind, status, resource } = walkthrough.span;
    expect(server.scope.name).toBe(scope);
    expect(server.name).toBe(name);
    expect([server.kind, server.status.code].map((text) => text.toLowerCase())).toEqual([kind, status]);
    expect(Object.fromEntries(server.resource.map((attribute) => [attribute.name, attribute.value]))).toEqual(resource);
  });

  test('the span has the post’s 25 attributes, in order, with their types and values', () => {
    const { attributes } = walkthrough.span;
    const post = server.attributes.slice(0, 25);
    expect(attributes).toHaveLength(25);
    expect(post.map(({ name, type }) => [name, type])).toEqual(
      attributes.map(({ name, type }) => [name, `${type}Value`]),
    );
    const exact = attributes.filter((attribute) => attribute.value !== undefined);
    const asNumber = ({ type, value: of }: DecodedAttribute): unknown => (type === 'intValue' ? Number(of) : of);
    expect(exact.map(({ name }) => [name, asNumber(post.find((attribute) => attribute.name === name)!)])).toEqual(
      exact.map((attribute) => [attribute.name, attribute.value]),
    );
    expect(server.attributes.map(({ name }) => name)).toEqual([...new Set(server.attributes.map(({ name }) => name))]);
  });

  test('the attributes that the post leaves open are those of this call', () => {
    const { attributes } = server;
    expect(value(attributes, 'src.addr')).toMatch(/^127\.\d+\.\d+\.\d+:\d{2,5}$/);
    expect(value(attributes, 'http.host')).toBe(BIND);
    expect(value(attributes, 'trace.id')).toBe(AGENT.traceId);
    expect(value(attributes, 'span.id')).toBe(server.spanId);
    expect(sessionId).toBeDefined();
    expect(value(attributes, 'mcp.session.id')).toBe(sessionId);
    expect(value(attributes, 'mcp.session_id')).toBe(sessionId);
    const [, milliseconds] = /^(\d+)ms$/.exec(String(value(attributes, 'duration'))) ?? [];
    expect(Number(milliseconds)).toBeGreaterThanOrEqual(WORK - 5);
  });

  test('the agent’s trace goes on: agent, SERVER span, CLIENT span, upstream', () => {
    expect([server.traceId, server.parentSpanId]).toEqual([AGENT.traceId, AGENT.spanId]);
    expect([client.traceId, client.parentSpanId]).toEqual([AGENT.traceId, server.spanId]);
    // Sampled; it is known whether the parent is remote; it is, and then it is not (opentelemetry-proto, SpanFlags).
    expect([server.flags, client.flags]).toEqual([0x301, 0x101]);
    const traceparents = upstream.requests.flatMap((request) => request.header('traceparent'));
    expect(traceparents).toContain(`00-${AGENT.traceId}-${client.spanId}-01`);
    expect(new Set(traceparents).size).toBe(upstream.requests.length);
  });

  test('the CLIENT span lasts until the answer has ended, within the SERVER span', () => {
    const [toolEnd] = upstream.toolEnds;
    expect(Number(client.endTimeUnixNano) / 1e6).toBeGreaterThanOrEqual(toolEnd ?? Number.NaN);
    expect(client.startTimeUnixNano).toBeGreaterThanOrEqual(server.startTimeUnixNano);
    expect(client.endTimeUnixNano).toBeLessThanOrEqual(server.endTimeUnixNano);
  });

  test('the access log has the call, with the attributes that the post adds last', () => {
    const line = gateway
      .output()
      .split('\n')
      .find((text) => text.includes(server.spanId));
    const added = { 'mcp.tool_name': 'get_me', 'mcp.tool_target': 'github-copilot', 'mcp.method_name': 'tools/call' };
    if (log === 'json') {
      expect(Object.entries(JSON.parse(line ?? '')).slice(-3)).toEqual(Object.entries(added));
    } else {
      const text = Object.entries(added).map(([name, of]) => ` ${name}="${of}"`);
      expect(line).toMatch(new RegExp(`${text.join('').replaceAll('.', '\\.')}$`));
    }
  });

  test('the token is nowhere but with the upstream', () => {
    const readable = JSON.stringify(spans, (_key, of) => (typeof of === 'bigint' ? String(of) : of));
    for (const text of [gateway.output(), configDump, metrics, readable]) {
      expect(text.length).toBeGreaterThan(100);
      expect(text).not.toContain(TOKEN);
      expect(text).not.toContain(Buffer.from(`Bearer ${TOKEN}`).toString('base64'));
      expect(text).not.toContain(CLIENT_TOKEN);
    }
  });
});

/** As an agent does that is itself traced. */
const callGetMe = async (url: string): Promise<{ answer: unknown; sessionId: string | undefined }> => {
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: {
      headers: { traceparent: `00-${AGENT.traceId}-${AGENT.spanId}-01`, authorization: `Bearer ${CLIENT_TOKEN}` },
    },
  });
  const client = new Client({ name: 'agent', version: '1' });
  // The SDK's types were not written for exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<Client['connect']>[0]);
  const { sessionId } = transport;
  const answer = await client.callTool({ name: 'get_me', arguments: {} });
  await transport.terminateSession();
  await client.close();
  return { answer, sessionId };
};

const value = (attributes: readonly DecodedAttribute[], name: string): DecodedAttribute['value'] =>
  attributes.find((attribute) => attribute.name === name)?.value;

const find = (spans: readonly DecodedSpan[], predicate: (span: DecodedSpan) => boolean): DecodedSpan => {
  const found = spans.filter(predicate);
  if (found.length !== 1)
    throw new Error(`${found.length} such spans among ${spans.map(({ name }) => name).join(', ')}`);
  return found[0]!;
};
