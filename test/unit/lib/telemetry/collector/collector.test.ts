import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { OtlpCollector } from '../../../../../lib/agentgateway/collector.ts';
import { AgentgatewayPolicy } from '../../../../../lib/agentgateway/policy.ts';
import { Gateway } from '../../../../../lib/gateway-api/gateway.ts';
import {
  OpenTelemetryCollector,
  type OpenTelemetryCollectorProps,
} from '../../../../../lib/telemetry/collector/collector.ts';
import { Tempo } from '../../../../../lib/telemetry/tempo/tempo.ts';
import { charts, find, problems, synth } from '../../../../support/charts.ts';
import { validateManifest } from '../../../../support/validate-manifest.ts';

const NAME = 'opentelemetry-collector-traces';
/** The labels that the post's `kubectl logs -l` selects by, and the chart's name. */
const APP = 'opentelemetry-collector';
const LABELS = { 'app.kubernetes.io/name': APP, 'app.kubernetes.io/instance': NAME };

interface Options extends Partial<OpenTelemetryCollectorProps> {
  readonly tempoNamespace?: string;
}

const setUp = ({ tempoNamespace = 'storage', ...props }: Options = {}) => {
  const { app, in: chart } = charts('edge', 'storage', 'telemetry');
  const tempo = new Tempo(chart.storage, 'tempo', { namespace: tempoNamespace });
  const collector = new OpenTelemetryCollector(chart.telemetry, NAME, { namespace: 'telemetry', tempo, ...props });
  return { app, chart, collector };
};

/** What the collector writes, without Tempo. */
const written = (options: Options = {}) =>
  synth(setUp(options).app).filter(({ metadata }) => metadata.name !== 'tempo');

interface Template {
  readonly metadata: { readonly labels: unknown; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly Readonly<Record<string, unknown>>[] };
}

const templateOf = (options: Options = {}): Template =>
  (find(written(options), 'Deployment', NAME).spec as { template: Template }).template;

const configOf = (options: Options = {}) => {
  const { data } = find(written(options), 'ConfigMap', NAME) as unknown as { data: Record<string, string> };
  expect(Object.keys(data)).toEqual(['relay.yaml']);
  return parse(data['relay.yaml'] ?? '');
};

describe('OpenTelemetryCollector', () => {
  test('writes five objects of one name, each in the namespace, labelled as the chart’s, and valid', async () => {
    const objects = written();
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)).toEqual([
      `ServiceAccount telemetry/${NAME}`,
      `ConfigMap telemetry/${NAME}`,
      `Service telemetry/${NAME}`,
      `Deployment telemetry/${NAME}`,
      `ServiceMonitor telemetry/${NAME}`,
    ]);
    for (const object of objects) {
      expect(object.metadata.labels).toEqual({ ...LABELS, 'app.kubernetes.io/managed-by': 'tooltrail' });
      await validateManifest(object);
    }
  });

  test('the Service takes OTLP over gRPC and HTTP and selects the pods', () => {
    expect(find(written(), 'Service', NAME).spec).toEqual({
      selector: LABELS,
      ports: [
        { name: 'otlp', port: 4317, targetPort: 4317, protocol: 'TCP' },
        { name: 'otlp-http', port: 4318, targetPort: 4318, protocol: 'TCP' },
        { name: 'metrics', port: 8888, targetPort: 8888, protocol: 'TCP' },
      ],
    });
    expect(find(written(), 'Deployment', NAME).spec).toMatchObject({
      replicas: 1,
      selector: { matchLabels: LABELS },
    });
    expect(templateOf().metadata.labels).toMatchObject(LABELS);
  });

  test('OTLP in; traces in batches to the log and to Tempo, log records to the log; nothing beyond its memory', () => {
    expect(configOf()).toEqual({
      extensions: { health_check: { endpoint: '0.0.0.0:13133' } },
      receivers: {
        otlp: { protocols: { grpc: { endpoint: '0.0.0.0:4317' }, http: { endpoint: '0.0.0.0:4318' } } },
      },
      processors: {
        memory_limiter: { check_interval: '1s', limit_percentage: 80, spike_limit_percentage: 25 },
        batch: {},
      },
      exporters: {
        debug: { verbosity: 'detailed' },
        'otlp/tempo': { endpoint: 'http://tempo.storage.svc.cluster.local:4317', tls: { insecure: true } },
      },
      service: {
        extensions: ['health_check'],
        telemetry: {
          metrics: { readers: [{ pull: { exporter: { prometheus: { host: '0.0.0.0', port: 8888 } } } }] },
        },
        pipelines: {
          traces: {
            receivers: ['otlp'],
            processors: ['memory_limiter', 'batch'],
            exporters: ['debug', 'otlp/tempo'],
          },
          logs: { receivers: ['otlp'], processors: ['memory_limiter', 'batch'], exporters: ['debug'] },
        },
      },
    });
  });

  test('its own metrics are scraped through the Service, unless nobody is there to read the monitor', () => {
    expect(find(written(), 'ServiceMonitor', NAME).spec).toEqual({
      selector: { matchLabels: LABELS },
      endpoints: [{ port: 'metrics', path: '/metrics' }],
    });
    expect(written({ monitor: false }).map(({ kind }) => kind)).not.toContain('ServiceMonitor');
  });

  test('the container runs that file, is probed on its health port, and has no privileges', () => {
    const { spec } = templateOf();
    expect(spec).toMatchObject({
      serviceAccountName: NAME,
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 10001,
        runAsGroup: 10001,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      volumes: [{ name: 'config', configMap: { name: NAME } }],
    });
    const health = { httpGet: { path: '/', port: 13133 } };
    expect(spec.containers).toEqual([
      {
        name: 'opentelemetry-collector',
        image: 'docker.io/otel/opentelemetry-collector-contrib:0.155.0',
        imagePullPolicy: 'IfNotPresent',
        command: ['/otelcol-contrib'],
        args: ['--config=/conf/relay.yaml'],
        env: [{ name: 'GOMEMLIMIT', value: '409MiB' }],
        ports: [
          { name: 'otlp', containerPort: 4317 },
          { name: 'otlp-http', containerPort: 4318 },
          { name: 'metrics', containerPort: 8888 },
        ],
        livenessProbe: health,
        readinessProbe: health,
        resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          readOnlyRootFilesystem: true,
        },
        volumeMounts: [{ name: 'config', mountPath: '/conf', readOnly: true }],
      },
    ]);
  });

  test('image and replicas can be chosen; a number of pods that cannot be fails at synth', () => {
    expect(templateOf({ image: 'mine:1' }).spec.containers).toMatchObject([{ image: 'mine:1' }]);
    expect(find(written({ replicas: 3 }), 'Deployment', NAME).spec).toMatchObject({ replicas: 3 });
    expect(find(written({ replicas: 0 }), 'Deployment', NAME).spec).toMatchObject({ replicas: 0 });
    for (const replicas of [-1, 1.5]) {
      expect(problems(setUp({ replicas }).app)).toEqual([
        `[telemetry/${NAME}] replicas: ${replicas} is not a whole number from 0`,
      ]);
    }
  });

  test('another configuration rolls the pods, the same one does not', () => {
    const digest = (options: Options) => templateOf(options).metadata.annotations['tooltrail.dev/config'];
    expect(digest({})).toMatch(/^[0-9a-f]{16}$/);
    expect(digest({})).toBe(digest({ image: 'mine:1', priorityClassName: 'high' }));
    expect(digest({})).not.toBe(digest({ tempoNamespace: 'elsewhere' }));
  });

  test('it is what tracing policies send to, across namespaces by the grant that it names', () => {
    const { app, chart, collector } = setUp({ grantName: 'welcome' });
    const target: OtlpCollector = collector;
    expect(target).toMatchObject({ namespace: 'telemetry', serviceName: NAME, grpcPort: 4317, httpPort: 4318 });
    expect(setUp().collector.grantName).toBe(`allow-${NAME}-access`);

    const gateway = new Gateway(chart.edge, 'gateway', { listeners: [{ name: 'mcp', port: 3000 }] });
    new AgentgatewayPolicy(chart.edge, 'tracing', { targets: [gateway], tracing: { collector } });
    const objects = synth(app);
    expect(find(objects, 'AgentgatewayPolicy', 'tracing').spec).toMatchObject({
      frontend: { tracing: { backendRef: { name: NAME, namespace: 'telemetry', port: 4317 } } },
    });
    const grant = find(objects, 'ReferenceGrant', 'welcome');
    expect(grant.metadata.namespace).toBe('telemetry');
    expect(grant.spec).toMatchObject({ to: [{ kind: 'Service', name: NAME }] });
  });

  test('two tiers: the Service leads to the first alone, and the logs of both are found by the post’s label', () => {
    const objects = written({ replicas: 2, tailSampling: {} });
    const selectorsOf = (kind: string) =>
      objects.filter((object) => object.kind === kind).map(({ spec }) => (spec as { selector: unknown }).selector);
    const [first, second] = objects
      .filter(({ kind }) => kind === 'Deployment')
      .map(({ spec }) => (spec as { template: Template }).template.metadata.labels as Record<string, string>);
    expect(selectorsOf('Service')).toEqual([LABELS, { ...LABELS, 'app.kubernetes.io/name': `${APP}-sampler` }]);
    expect(first).toMatchObject(LABELS);
    expect(second).toMatchObject({ 'app.kubernetes.io/name': `${APP}-sampler`, 'app.kubernetes.io/instance': NAME });
    expect(find(objects, 'Service', `${NAME}-sampler`).spec).toMatchObject({ clusterIP: 'None' });
  });

  test('one pod decides by itself', () => {
    const objects = written({ tailSampling: {} });
    expect(objects.filter(({ kind }) => kind === 'Deployment')).toHaveLength(1);
    expect(configOf({ tailSampling: {} }).service.pipelines.traces.processors).toEqual([
      'memory_limiter',
      'tail_sampling',
      'batch',
    ]);
  });
});
