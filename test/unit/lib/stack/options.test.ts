import { expect, test } from '@jest/globals';
import { McpObservabilityStack, type McpObservabilityStackProps } from '../../../../lib/index.ts';
import { charts, synth } from '../../../support/charts.ts';
import { configsIn } from '../../../support/stack/configs.ts';

const written = (props: McpObservabilityStackProps) => {
  const { app } = charts();
  new McpObservabilityStack(app, props);
  return synth(app);
};

const COLLECTOR = 'opentelemetry-collector-traces';
type Config = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
const configOf = (props: McpObservabilityStackProps, name: string): Config =>
  configsIn(written(props).filter(({ metadata }) => metadata.name === name))[name] as Config;

test('options of the Collector and Tempo reach them', () => {
  const props = {
    collector: { replicas: 2, tailSampling: { percentage: 1 } },
    tempo: { storage: { kind: 'gcs' as const, bucket: 'traces' }, distributed: {} },
  };
  const names = written(props).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(names).toEqual(expect.arrayContaining([`Deployment ${COLLECTOR}-sampler`, 'StatefulSet tempo-ingester']));
});

test('Tempo sends metrics of spans to the stack’s Prometheus, wherever it is, unless it is told not to', () => {
  const url = 'http://kube-prometheus-stack-prometheus.observe:9090/api/v1/write';
  expect(configOf({ telemetryNamespace: 'observe' }, 'tempo').metrics_generator?.storage).toMatchObject({
    remote_write: [{ url, send_exemplars: true }],
  });
  expect(configOf({ tempo: { metricsGenerator: false } }, 'tempo')).not.toHaveProperty('metrics_generator');
});

test('the grant keeps the post’s name, whatever else is chosen', () => {
  const { app } = charts();
  expect(new McpObservabilityStack(app, { collector: { debug: 'off' } }).collector.grantName).toBe(
    'allow-otel-collector-traces-access',
  );
});
