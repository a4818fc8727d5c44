import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { METRICS } from '../../../lib/api/telemetry/metrics.ts';
import { gatewayJob } from '../../../lib/telemetry/monitoring/monitors.ts';
import { alertsOf, type Jobs } from '../../../lib/telemetry/rules/alerts.ts';
import { DEFAULT_THRESHOLDS } from '../../../lib/telemetry/rules/options.ts';
import { eventually } from '../../support/acceptance/eventually.ts';
import { type GatewayProcess, startGateway } from '../../support/acceptance/gateway.ts';
import { plainManifests } from '../../support/acceptance/manifests.ts';
import { closingAfterAll } from '../../support/closing.ts';
import { freePort } from '../../support/free-port.ts';
import { openSession, post, toolCall } from '../../support/mcp/client.ts';
import { ANSWER, json, startUpstream } from '../../support/mcp/upstream.ts';
import { startCollector } from '../../support/stack/collector.ts';
import { COLLECTOR, TEMPO } from '../../support/stack/configs.ts';
import { type PrometheusProcess, startPrometheus } from '../../support/stack/prometheus.ts';
import { filled, type Question, questions } from '../../support/stack/questions.ts';
import { startTempo, type TempoProcess } from '../../support/stack/tempo.ts';

/**
 * Every question of the dashboards, asked of a real Prometheus and Tempo that have seen a real gateway with calls that go well, fail, are
 * denied and find nobody: each is understood, and has an answer.
 */
const JOBS: Jobs = { gateways: gatewayJob('telemetry'), pipeline: [TEMPO, COLLECTOR] };
/** Until Tempo has made its graph of services. */
const ANSWERED = 90_000;

/** What has no answer as long as all goes well, and why. */
const SILENT: readonly (readonly [part: RegExp, why: string])[] = [
  [/otelcol_exporter_\(send_failed/, 'the Collector counts failures from the first one on'],
  [/label_overflows/, 'nobody makes up hundreds of names'],
];

const asked = (source: Question['source']) =>
  questions().flatMap((question) => (question.source === source ? [[question.name, question.text] as const] : []));

const keep = closingAfterAll();
let prometheus: PrometheusProcess;
let tempo: TempoProcess;
let gateway: GatewayProcess;
let over = false;

const more = (collector: number, nobody: number): string => `---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayBackend
metadata: { name: nobody, namespace: test }
spec: { mcp: { targets: [{ name: nobody, static: { host: 127.0.0.1, port: ${nobody}, path: /mcp, protocol: StreamableHTTP } }] } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: nobody, namespace: test }
spec:
  parentRefs: [{ name: gateway }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /nobody } }]
      backendRefs: [{ group: agentgateway.dev, kind: AgentgatewayBackend, name: nobody }]
---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayPolicy
metadata: { name: trail, namespace: test }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gateway }]
  frontend:
    tracing:
      url: 'http://127.0.0.1:${collector}'
      protocol: HTTP
      path: /v1/traces
      randomSampling: 'true'
      resources: [{ name: service.name, expression: '"gateway"' }]
    accessLog: { otlp: { url: 'http://127.0.0.1:${collector}', protocol: HTTP, path: /v1/logs } }
---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayPolicy
metadata: { name: guard, namespace: test }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: route }]
  traffic:
    authorization: { action: Deny, policy: { matchExpressions: ['default(request.headers["x-role"], "") == "guest"'] } }
`;

/** A round of all that may happen to a call. */
const traffic = async (): Promise<void> => {
  const session = await openSession(gateway.url);
  for (const name of ['well', 'wrong', 'refused']) await (await post(gateway.url, toolCall(name), session)).text();
  await (await post(gateway.url, toolCall('well'), { ...session, 'x-role': 'guest' })).text();
  await (await post(new URL('/nobody', gateway.url).href, toolCall('well'))).text();
  await fetch(gateway.url, { method: 'DELETE', headers: session });
};

/** Until the tests are over: what is asked is about the last seconds. */
const calling = async (): Promise<void> => {
  while (!over) {
    // The last round may find nobody any more.
    await traffic().catch(() => {});
    await sleep(1_000);
  }
};

afterAll(() => {
  over = true;
});

const answerOf = (body: string): unknown => {
  const { id, params } = JSON.parse(body) as { readonly id: number; readonly params: { readonly name: string } };
  if (params.name === 'wrong') return { jsonrpc: '2.0', id, result: { ...ANSWER.result, isError: true } };
  if (params.name === 'refused') return { jsonrpc: '2.0', id, error: { code: -32602, message: 'no such tool' } };
  return { ...ANSWER, id };
};

beforeAll(async () => {
  const upstream = keep(
    await startUpstream((response, request, body) => {
      // Connections are made again and again.
      if (request.method === 'POST') json(response, answerOf(body), 200, { connection: 'close' });
      else response.end();
    }),
    (server) => server.close(),
  );
  prometheus = keep(await startPrometheus(), (process) => process.stop());
  tempo = keep(await startTempo({ metricsGenerator: { prometheusUrl: prometheus.url } }), (process) => process.stop());
  const collector = keep(await startCollector({}, { tempoPort: tempo.otlpPort }), (process) => process.stop());
  const port = await freePort();
  gateway = keep(
    await startGateway({
      manifests: plainManifests(port, Number(new URL(upstream.url).port)) + more(collector.httpPort, await freePort()),
      port,
      env: { OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_BLRP_SCHEDULE_DELAY: '100' },
    }),
    (process) => process.stop(),
  );
  await prometheus.scrape({
    [JOBS.gateways]: gateway.statsPort,
    [COLLECTOR]: collector.metricsPort,
    [TEMPO]: Number(new URL(tempo.url).port),
  });
  void calling();
}, 180_000);

describe('Prometheus answers', () => {
  test.each(asked('prometheus'))(
    '%s: %s',
    async (_, expression) => {
      if (SILENT.some(([part]) => part.test(expression))) {
        // Understood all the same.
        await prometheus.query(filled(expression));
        return;
      }
      const found = await eventually(
        'an answer',
        async () => {
          const series = await prometheus.query(filled(expression));
          return series.length > 0 ? series : undefined;
        },
        ANSWERED,
      );
      expect(found.map(({ value }) => Number(value[1])).some((value) => !Number.isNaN(value))).toBe(true);
    },
    ANSWERED + 10_000,
  );

  test.each(alertsOf(DEFAULT_THRESHOLDS, JOBS).map(({ name, expression }) => [name, expression] as const))(
    'to alert %s, and knows the metrics in it',
    async (_, expression) => {
      await expect(prometheus.query(expression)).resolves.toBeDefined();
      for (const { name, type } of Object.values(METRICS).filter((metric) => expression.includes(metric.name))) {
        const series = type === 'histogram' ? `${name}_count` : name;
        expect([series, (await prometheus.query(series)).length > 0]).toEqual([series, true]);
      }
    },
  );

  test('with exemplars, where a panel shows them', async () => {
    const found = await prometheus.exemplars('mcp_server_operation_duration_seconds_bucket');
    const ids = found.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id ?? ''));
    expect(ids.length).toBeGreaterThan(0);
    await eventually('their trace', async () => tempo.trace(ids.at(-1) ?? ''));
  });
});

describe('Tempo answers', () => {
  const searches = asked('tempo').filter(([, text]) => text !== '');

  test('there are searches', () => expect(searches.length).toBeGreaterThan(3));

  test.each(searches)('%s: %s', async (_, query) => {
    const found = await eventually(
      'traces',
      async () => {
        const response = await fetch(
          `${tempo.url}/api/search?${new URLSearchParams({ q: filled(query), limit: '20' })}`,
        );
        expect(response.status).toBe(200);
        const { traces = [] } = (await response.json()) as { readonly traces?: readonly unknown[] };
        return traces.length > 0 ? traces : undefined;
      },
      30_000,
    );
    expect(found.length).toBeGreaterThan(0);
  });
});
