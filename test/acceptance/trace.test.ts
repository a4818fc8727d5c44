import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { DecodedSpan } from '../../gateway/demo/otlp-decode.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../../gateway/demo/otlp-receiver.ts';
import { TRACE_CONTEXT_MODES } from '../../lib/api/agentgateway/annotations.ts';
import { eventually } from '../support/acceptance/eventually.ts';
import { startGateway } from '../support/acceptance/gateway.ts';
import { plainManifests } from '../support/acceptance/manifests.ts';
import { closingAfterAll } from '../support/closing.ts';
import { NODE_COMPILE_CACHE } from '../support/compile-cache.ts';
import { freePort } from '../support/free-port.ts';

/**
 * One trace through three processes: an agent (this one, with the official client), the gateway, and a server on the official SDK that
 * answers with the trace context it was called with. For each way in which an agent may send its context, and for each mode.
 */
const SENT = ['header', 'meta', 'both', 'none'] as const;
const FORMATS = ['json', 'sse'] as const;
type Sent = (typeof SENT)[number];

interface Seen {
  readonly meta: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly foreign: unknown;
}

const keep = closingAfterAll();
let collector: OtlpReceiver;
/** By mode, format and what was sent. */
const calls = new Map<string, Call>();

interface Call {
  readonly header: Caller | undefined;
  readonly meta: Caller | undefined;
  readonly seen: Seen;
}

const policy = (mode: string, port: number): string => `
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayPolicy
metadata: { name: tracing, namespace: test, annotations: { tooltrail.dev/trace-context: ${mode} } }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gateway }]
  frontend: { tracing: { url: 'http://127.0.0.1:${port}', protocol: HTTP, path: /v1/traces, randomSampling: 'true' } }
`;

const startServer = async (format: string): Promise<number> => {
  const port = await freePort();
  const args = ['--import', './test/support/end-with-tests.ts', 'test/support/acceptance/tracing-server.ts'];
  const child = spawn(process.execPath, [...args, String(port), format], {
    env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  for (const handle of [child, child.stdin]) (handle as { unref(): void }).unref();
  keep(child, async (process) => process.kill('SIGKILL'));
  await eventually('the server listens', () =>
    fetch(`http://127.0.0.1:${port}`).then(
      () => true,
      () => undefined,
    ),
  );
  return port;
};

beforeAll(async () => {
  collector = keep(await startOtlpReceiver({ protocol: 'http' }), (receiver) => receiver.close());
  for (const format of FORMATS) {
    const server = await startServer(format);
    for (const mode of TRACE_CONTEXT_MODES) {
      const port = await freePort();
      const manifests = `${plainManifests(port, server)}---${policy(mode, collector.port)}`;
      const gateway = keep(await startGateway({ manifests, port }), (process) => process.stop());
      for (const sent of SENT) {
        const header = sent === 'header' || sent === 'both' ? aCaller() : undefined;
        const meta = sent === 'meta' || sent === 'both' ? aCaller() : undefined;
        calls.set(`${mode} ${format} ${sent}`, { header, meta, seen: await call(gateway.url, header, meta) });
      }
    }
  }
}, 60_000);

interface Caller {
  readonly traceId: string;
  readonly spanId: string;
}

const aCaller = (): Caller => ({ traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') });
const carrier = ({ traceId, spanId }: Caller, from: string) => ({
  traceparent: `00-${traceId}-${spanId}-01`,
  tracestate: `from=${from}`,
  baggage: `from=${from}`,
});

const call = async (url: string, header: Caller | undefined, meta: Caller | undefined): Promise<Seen> => {
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: header === undefined ? {} : carrier(header, 'header') },
  });
  const client = new Client({ name: 'agent', version: '1' });
  await client.connect(transport as Transport);
  try {
    const _meta = { ...(meta && carrier(meta, 'meta')), 'io.example/kept': { deep: [1.5, 'é'] } };
    const { content } = await client.callTool({ name: 'trace', arguments: {}, _meta });
    return JSON.parse((content as readonly { readonly text: string }[])[0]?.text ?? '') as Seen;
  } finally {
    await client.close();
  }
};

const attribute = (span: DecodedSpan, name: string): unknown =>
  span.attributes.find((each) => each.name === name)?.value;

/** Spans of the call whose upstream saw that parent. */
const spansOf = (traceparent: string): Promise<readonly [server: DecodedSpan, client: DecodedSpan]> =>
  eventually('both spans', () => {
    const [, traceId, spanId] = traceparent.split('-');
    const client = collector.spans().find((span) => span.traceId === traceId && span.spanId === spanId);
    const server = collector.spans().find((span) => span.traceId === traceId && span.spanId === client?.parentSpanId);
    return client && server && ([server, client] as const);
  });

describe.each(TRACE_CONTEXT_MODES)('a gateway that is told: %s', (mode) => {
  describe.each(FORMATS)('answers as %s', (format) => {
    test.each(SENT)('context sent: %s', async (sent: Sent) => {
      const { header, meta, seen } = calls.get(`${mode} ${format} ${sent}`)!;
      const nearest = meta ?? header;

      // The server was told the same in both places, and of the span that called it.
      expect(seen.meta).toEqual(seen.headers);
      expect(seen.foreign).toEqual({ deep: [1.5, 'é'] });
      const [server, client] = await spansOf(seen.meta.traceparent!);
      expect([server.kind, client.kind]).toEqual(['SERVER', 'CLIENT']);
      expect(attribute(server, 'mcp.method.name')).toBe('tools/call');
      expect(attribute(client, 'gen_ai.tool.name')).toBe('trace');

      const from = sent === 'none' ? undefined : meta === undefined ? 'header' : 'meta';
      const parent = mode === 'parent' ? nearest : undefined;
      expect(server.parentSpanId).toBe(parent?.spanId ?? '');
      if (parent === undefined) expect([header?.traceId, meta?.traceId]).not.toContain(server.traceId);
      else expect(server.traceId).toBe(parent.traceId);
      expect(server.links.map(({ traceId, spanId }) => ({ traceId, spanId }))).toEqual(
        mode === 'ignore' ? [] : [meta, header].filter((caller) => caller !== undefined && caller !== parent),
      );
      // Vendor state goes with its parent, baggage with the request.
      expect(seen.meta.tracestate).toBe(parent === undefined ? undefined : `from=${from}`);
      expect(seen.meta.baggage).toBe(from === undefined ? undefined : `from=${from}`);
    });
  });
});
