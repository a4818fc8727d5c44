import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Exporters } from '../../../gateway/telemetry/export/registry.ts';
import { TRACES } from '../../../gateway/telemetry/export/signal.ts';
import { eventually } from '../../support/acceptance/eventually.ts';
import { closingAfterAll } from '../../support/closing.ts';
import { aCollector, aSpan, aTracingPolicy, countingClock } from '../../support/otlp/spans.ts';
import { type CollectorProcess, startCollector } from '../../support/stack/collector.ts';
import { type PrometheusProcess, startPrometheus } from '../../support/stack/prometheus.ts';
import { startTempoCluster, type TempoCluster } from '../../support/stack/tempo-cluster.ts';

/** The distributed Tempo on the configuration that the construct writes: components find one another, and one ingester may be missing. */
const MEMBERS = {
  distributor: 'distributor',
  'ingester-0': 'ingester',
  'ingester-1': 'ingester',
  'ingester-2': 'ingester',
  querier: 'querier',
  frontend: 'query-frontend',
  compactor: 'compactor',
  generator: 'metrics-generator',
};
const TIMEOUT = 90_000;

const keep = closingAfterAll();
let tempo: TempoCluster;
let collector: CollectorProcess;
let prometheus: PrometheusProcess;

beforeAll(async () => {
  prometheus = keep(await startPrometheus(), (process) => process.stop());
  const options = {
    storage: { kind: 'gcs' as const, bucket: 'traces' },
    distributed: {},
    metricsGenerator: { prometheusUrl: prometheus.url },
  };
  tempo = keep(await startTempoCluster(options, MEMBERS), (cluster) => cluster.stop());
  collector = keep(await startCollector({ debug: 'basic' }, { tempoPort: tempo.otlpPort }), (each) => each.stop());
}, 180_000);

/** Sends a span through the Collector; its trace id. */
const send = async (): Promise<string> => {
  const traceId = randomBytes(16).toString('hex');
  const exporters = new Exporters({ signal: TRACES, clock: countingClock(), log: () => {}, batch: { delay: 5 } });
  const now = Date.now();
  exporters
    .sink(aTracingPolicy(aCollector({ port: collector.grpcPort })))
    .export([aSpan({ traceId, startTime: now - 200, endTime: now })]);
  await exporters.shutdown(5_000);
  expect(exporters.stats()[0]).toMatchObject({ exported: 1 });
  return traceId;
};

const found = (id: string): Promise<object> => eventually(`trace ${id}`, () => tempo.trace(id), TIMEOUT);

describe('a distributed Tempo', () => {
  test(
    'takes spans at the distributor, and has the trace at the query frontend',
    async () => {
      expect(JSON.stringify(await found(await send()))).toContain('POST /mcp/*');
    },
    TIMEOUT,
  );

  test(
    'sends metrics of spans to Prometheus',
    async () => {
      const look = async () => {
        const [series] = await prometheus.query('traces_spanmetrics_calls_total{service="agentgateway-mcp"}');
        return series;
      };
      expect((await eventually('the metric', look, TIMEOUT)).metric).toMatchObject({ span_name: 'POST /mcp/*' });
    },
    TIMEOUT,
  );

  test(
    'loses nothing with one of three ingesters: each trace is in all',
    async () => {
      const before = await send();
      await found(before);
      await tempo.members.get('ingester-1')?.program.stop();
      await found(before);
      await found(await send());
    },
    TIMEOUT,
  );
});
