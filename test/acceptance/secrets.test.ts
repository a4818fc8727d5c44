import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { DecodedSpan } from '../../gateway/demo/otlp-decode.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../../gateway/demo/otlp-receiver.ts';
import { eventually } from '../support/acceptance/eventually.ts';
import { type GatewayProcess, startGateway } from '../support/acceptance/gateway.ts';
import { plainManifests } from '../support/acceptance/manifests.ts';
import { closingAfterAll } from '../support/closing.ts';
import { freePort } from '../support/free-port.ts';
import { listen, type TestServer } from '../support/mcp/gateway.ts';

/**
 * Secrets of a known spelling go through the gateway wherever one may: none of them is found in anything that it writes. With capture, what
 * was around them is.
 */
const secret = (place: string): string => `ghp_${place}${randomBytes(20).toString('hex')}`;
const SECRETS = {
  argument: secret('argument'),
  password: `plain-${randomBytes(8).toString('hex')}`,
  result: secret('result'),
  header: secret('header'),
  clientToken: secret('clientToken'),
  upstreamToken: secret('upstreamToken'),
  query: secret('query'),
  error: secret('error'),
  rpcError: secret('rpcError'),
  notification: secret('notification'),
  responseHeader: secret('responseHeader'),
};

const keep = closingAfterAll();
let collector: OtlpReceiver;
let server: TestServer;

/** An MCP server that tells what nobody should write down. */
const startServer = (): Promise<TestServer> =>
  listen((request, response) => {
    if (request.headers.authorization !== `Bearer ${SECRETS.upstreamToken}`) {
      response.writeHead(401).end();
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const { id, method, params } = (text === '' ? {} : JSON.parse(text)) as {
        readonly id?: number;
        readonly method?: string;
        readonly params?: { readonly name?: string; readonly arguments?: unknown };
      };
      if (id === undefined) {
        response.writeHead(method === undefined ? 405 : 202).end();
        return;
      }
      const send = (message: object): void =>
        void response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'x-secret': SECRETS.responseHeader,
        ...(method === 'initialize' && { 'mcp-session-id': 'upstream' }),
      });
      if (method === 'initialize') {
        const serverInfo = { name: 'secrets', version: '1' };
        send({ id, result: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo } });
      } else if (params?.name === 'fail') {
        send({ id, error: { code: -32050, message: `failed with ${SECRETS.rpcError}`, data: SECRETS.rpcError } });
      } else {
        send({ method: 'notifications/message', params: { level: 'info', data: SECRETS.notification } });
        const isError = params?.name === 'refuse';
        const content = [{ type: 'text', text: `kept before ${isError ? SECRETS.error : SECRETS.result} and behind` }];
        send({ id, result: { content, isError } });
      }
      response.end();
    });
  });

const more = (port: number, annotations: string): string => `---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayPolicy
metadata: { name: trail, namespace: test, annotations: { ${annotations} } }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gateway }]
  frontend:
    tracing: { url: 'http://127.0.0.1:${port}', protocol: HTTP, path: /v1/traces, randomSampling: 'true' }
    accessLog: { attributes: { add: [{ name: agent, expression: 'request.headers["user-agent"]' }] } }
---
apiVersion: v1
kind: Secret
metadata: { name: token, namespace: test }
stringData: { Authorization: ${SECRETS.upstreamToken} }
---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayPolicy
metadata: { name: auth, namespace: test }
spec:
  targetRefs: [{ group: agentgateway.dev, kind: AgentgatewayBackend, name: backend }]
  backend: { auth: { secretRef: { name: token } } }
`;

const call = async (url: string): Promise<void> => {
  const transport = new StreamableHTTPClientTransport(new URL(`${url}?key=${SECRETS.query}&${SECRETS.query}`), {
    requestInit: { headers: { authorization: `Bearer ${SECRETS.clientToken}`, 'x-secret': SECRETS.header } },
  });
  const client = new Client({ name: 'secrets', version: '1' });
  await client.connect(transport as Transport);
  const args = {
    note: `kept before ${SECRETS.argument} and behind`,
    login: { password: SECRETS.password },
    deep: [[{ apiKey: SECRETS.password }]],
  };
  for (const name of ['succeed', 'refuse', 'fail']) {
    await client.callTool({ name, arguments: args }).catch(() => {});
  }
  await client.close();
};

interface Written {
  readonly spans: readonly DecodedSpan[];
  readonly everything: string;
}

const run = async (annotations: string): Promise<Written> => {
  const port = await freePort();
  const manifests = plainManifests(port, Number(new URL(server.url).port)) + more(collector.port, annotations);
  const gateway: GatewayProcess = keep(await startGateway({ manifests, port, args: ['--audit', 'on'] }), (process) =>
    process.stop(),
  );
  const before = collector.spans().length;
  await call(gateway.url);
  const spans = await eventually('the spans', () => {
    const own = collector.spans().slice(before);
    return own.filter(({ name }) => name.startsWith('tools/call')).length >= 3 ? own : undefined;
  });
  const texts = [gateway.output(), await gateway.metrics(), await gateway.configDump(), print(spans)];
  return { spans, everything: texts.join('\n') };
};

const print = (spans: readonly DecodedSpan[]): string =>
  JSON.stringify(spans, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));

beforeAll(async () => {
  collector = keep(await startOtlpReceiver({ protocol: 'http' }), (receiver) => receiver.close());
  server = keep(await startServer(), (each) => each.close());
});

describe.each([
  ['without capture', ''],
  ['with capture', 'tooltrail.dev/capture: "arguments,results"'],
])('%s', (_, annotations) => {
  let written: Written;

  beforeAll(async () => {
    written = await run(annotations);
  }, 30_000);

  test('everything that is written about the calls is there', () => {
    const { everything, spans } = written;
    expect(everything.match(/"scope":"audit"/g)).toHaveLength(3);
    expect(everything).toMatch(/agentgateway_mcp_requests_total\{method="tools\/call"/);
    expect(everything).toContain('http.path=/mcp?key=REDACTED&REDACTED');
    expect(spans.some(({ events }) => events.some(({ name }) => name === 'notifications/message'))).toBe(true);
    expect(everything).toContain('"snapshot"');
  });

  test.each(Object.keys(SECRETS) as (keyof typeof SECRETS)[])('no secret: %s', (place) => {
    const text = SECRETS[place];
    const at = written.everything.indexOf(text);
    expect(at < 0 ? '' : written.everything.slice(Math.max(0, at - 300), at + text.length)).toBe('');
    expect(written.everything).not.toContain(encodeURIComponent(text));
    expect(written.everything).not.toContain(Buffer.from(text).toString('base64').slice(4, -4));
  });

  test('what was around them is written only with capture', () => {
    const times = written.everything.split('kept before [redacted] and behind').length - 1;
    // Arguments of three calls and results of two, on the span, in the access log and in the audit record.
    expect(times).toBe(annotations === '' ? 0 : 5 * 3);
    expect(written.everything.includes('kept before')).toBe(annotations !== '');
  });
});
