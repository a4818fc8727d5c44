import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { parse } from 'yaml';
import { POST_ATTRIBUTES } from '../../../lib/api/telemetry/attributes.ts';
import { createAuthority } from '../../support/acceptance/authority.ts';
import { eventually } from '../../support/acceptance/eventually.ts';
import { type GatewayProcess, startGateway } from '../../support/acceptance/gateway.ts';
import { replaced, SEED, SEED_COLLECTOR, SEED_PORT, SEED_UPSTREAM } from '../../support/acceptance/manifests.ts';
import { startToolServer } from '../../support/acceptance/tool-server.ts';
import { closingAfterAll } from '../../support/closing.ts';
import { freePort } from '../../support/free-port.ts';
import { openSession } from '../../support/mcp/client.ts';
import { type CollectorProcess, startCollector, sumOf } from '../../support/stack/collector.ts';
import { temporaryFolder } from '../../support/stack/program.ts';
import { type PrometheusProcess, startPrometheus } from '../../support/stack/prometheus.ts';
import { type FoundSpan, type FoundTrace, startTempo, type TempoProcess } from '../../support/stack/tempo.ts';

/** The post's call, through gateway, Collector, Tempo and Prometheus as the stack sets them up: what each of them knows of it afterwards. */
interface Walkthrough {
  readonly span: {
    readonly name: string;
    readonly resource: Readonly<Record<string, string>>;
    readonly attributes: readonly { readonly name: string; readonly type: string; readonly value?: unknown }[];
  };
}

const { span: expected } = parse(readFileSync('test/acceptance/walkthrough.yaml', 'utf8')) as Walkthrough;
/** The post's policy, and its access log to the Collector besides. */
const WITH_LOGS = `    accessLog:
      otlp:
        backendRef: { name: opentelemetry-collector-traces, namespace: telemetry, port: 4317 }
        protocol: GRPC
`;
const AGENT = { traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') };
/** Tempo writes metrics every 15 s, and waits 10 s for the other side of a call. */
const METRICS_TIMEOUT = 90_000;
/** Until a trace can be read that was sent. */
const TRACE_TIMEOUT = 30_000;

const keep = closingAfterAll();
let collector: CollectorProcess;
let tempo: TempoProcess;
let prometheus: PrometheusProcess;
let gateway: GatewayProcess;
let found: FoundTrace;

const callGetMe = async (url: string): Promise<void> => {
  const headers = { traceparent: `00-${AGENT.traceId}-${AGENT.spanId}-01` };
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  const client = new Client({ name: 'agent', version: '1' });
  await client.connect(transport as Parameters<Client['connect']>[0]);
  await client.callTool({ name: 'get_me', arguments: {} });
  await client.close();
};

beforeAll(async () => {
  prometheus = keep(await startPrometheus(), (process) => process.stop());
  const metricsGenerator = { prometheusUrl: prometheus.url };
  tempo = keep(await startTempo({ metricsGenerator }), (process) => process.stop());
  collector = keep(await startCollector({}, { tempoPort: tempo.otlpPort }), (process) => process.stop());
  const authority = await createAuthority();
  const folder = keep(temporaryFolder('trail'), (temporary) => temporary.remove());
  writeFileSync(join(folder.path, 'ca.pem'), authority.certificate);
  const upstream = keep(await startToolServer(await authority.issue(SEED_UPSTREAM)), (server) => server.close());
  const port = await freePort();
  gateway = keep(
    await startGateway({
      manifests: replaced(SEED, [`port: ${SEED_PORT}`, `port: ${port}`], ['    accessLog:\n', WITH_LOGS]),
      port,
      env: {
        GITHUB_PAT: 'token',
        NODE_EXTRA_CA_CERTS: join(folder.path, 'ca.pem'),
        OTEL_BSP_SCHEDULE_DELAY: '100',
        OTEL_BLRP_SCHEDULE_DELAY: '100',
      },
      connectTo: { [`${SEED_UPSTREAM}:443`]: upstream.port, [`${SEED_COLLECTOR}:4317`]: collector.grpcPort },
    }),
    (process) => process.stop(),
  );
  await callGetMe(gateway.url);
  // Of nobody's trace.
  await openSession(gateway.url);
  const whole = async (): Promise<FoundTrace | undefined> => {
    const trace = await tempo.trace(AGENT.traceId);
    return trace !== undefined && spansOf(trace).some((span) => attributeOf(span, 'mcp.tool_name') === 'get_me')
      ? trace
      : undefined;
  };
  found = await eventually('the trace', whole, TRACE_TIMEOUT);
}, 180_000);

const spansOf = ({ trace }: FoundTrace): readonly FoundSpan[] =>
  trace.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));

const attributeOf = ({ attributes }: FoundSpan, name: string): unknown => {
  const { value } = attributes.find(({ key }) => key === name) ?? {};
  return value?.intValue === undefined ? value?.stringValue : Number(value.intValue);
};

const called = (): FoundSpan =>
  spansOf(found).find((span) => span.kind === 'SPAN_KIND_SERVER' && attributeOf(span, 'mcp.tool_name') === 'get_me')!;

describe('the trace, by its id from Tempo', () => {
  test('is the post’s: name, resource and scope', () => {
    const [{ resource, scopeSpans } = { resource: { attributes: [] }, scopeSpans: [] }] = found.trace.resourceSpans;
    expect(called().name).toBe(expected.name);
    expect(Object.fromEntries(resource.attributes.map(({ key, value }) => [key, value.stringValue]))).toEqual(
      expected.resource,
    );
    expect(scopeSpans.map(({ scope }) => scope.name)).toEqual(['agentgateway']);
  });

  test.each(expected.attributes.map((attribute) => [attribute.name, attribute] as const))(
    'has attribute %s',
    (name, { type, value }) => {
      const of = attributeOf(called(), name);
      expect(typeof of).toBe(type === 'int' ? 'number' : 'string');
      if (value !== undefined) expect(of).toBe(value);
    },
  );

  test('has all 25 of them, and begins where the agent said', () => {
    const names = new Set(called().attributes.map(({ key }) => key));
    expect(POST_ATTRIBUTES.filter((name) => !names.has(name))).toEqual([]);
    expect(POST_ATTRIBUTES).toHaveLength(25);
    expect(attributeOf(called(), 'trace.id')).toBe(AGENT.traceId);
  });
});

describe('the Collector', () => {
  test('has printed the span, as the post reads it', () => {
    const log = collector.log();
    for (const text of [AGENT.traceId, 'mcp.tool_name: Str(get_me)', 'InstrumentationScope agentgateway']) {
      expect(log).toContain(text);
    }
  });

  test('takes the access log too, and prints it', async () => {
    const metrics = await eventually('log records', async () => {
      const text = await collector.metrics();
      return sumOf(text, 'otelcol_receiver_accepted_log_records') > 1 ? text : undefined;
    });
    expect(sumOf(metrics, 'otelcol_receiver_refused_log_records')).toBe(0);
    await eventually('it is printed', () => (/LogRecord #0[\s\S]*get_me/.test(collector.log()) ? true : undefined));
  });

  test('tells in its metrics that it took and passed on all of it', async () => {
    const metrics = await collector.metrics();
    expect(sumOf(metrics, 'otelcol_receiver_accepted_spans')).toBeGreaterThanOrEqual(2);
    expect(metrics).toMatch(/^otelcol_exporter_sent_spans\{[^}]*exporter="otlp\/tempo"[^}]*\} [1-9]/m);
  });
});

describe('metrics of spans, from Tempo in Prometheus', () => {
  const eventual = (expression: string) =>
    eventually(
      expression,
      async () => {
        const series = await prometheus.query(expression);
        return series.length > 0 ? series : undefined;
      },
      METRICS_TIMEOUT,
    );

  test(
    'count and time the gateway’s spans',
    async () => {
      const labels = '{service="agentgateway-mcp",span_kind="SPAN_KIND_SERVER",span_name="POST /mcp/*"}';
      const [series] = await eventual(`traces_spanmetrics_calls_total${labels}`);
      expect(Number(series?.value[1])).toBeGreaterThanOrEqual(1);
      await eventual(`traces_spanmetrics_latency_bucket${labels}`);
    },
    METRICS_TIMEOUT,
  );

  test(
    'have exemplars that open their trace in Tempo',
    async () => {
      const exemplars = await eventually(
        'exemplars',
        async () => {
          const series = await prometheus.exemplars('traces_spanmetrics_latency_bucket');
          return series.length > 0 ? series : undefined;
        },
        METRICS_TIMEOUT,
      );
      const ids = new Set(exemplars.flatMap((series) => series.exemplars.map(({ labels }) => labels.trace_id ?? '')));
      expect([...ids]).toContain(AGENT.traceId);
    },
    METRICS_TIMEOUT,
  );

  test(
    'draw the graph: who calls the gateway, and which target it calls',
    async () => {
      const [target] = await eventual('traces_service_graph_request_total{client="agentgateway-mcp"}');
      expect(target?.metric).toMatchObject({ server: 'github-copilot' });
      const [caller] = await eventual('traces_service_graph_request_total{server="agentgateway-mcp"}');
      expect(caller?.metric).toMatchObject({ client: 'user' });
    },
    METRICS_TIMEOUT,
  );
});
