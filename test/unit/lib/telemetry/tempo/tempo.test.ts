import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { Tempo, type TempoProps } from '../../../../../lib/telemetry/tempo/tempo.ts';
import { charts, find, synth } from '../../../../support/charts.ts';
import { validateManifest } from '../../../../support/validate-manifest.ts';

const LABELS = { 'app.kubernetes.io/name': 'tempo', 'app.kubernetes.io/instance': 'tempo' };

const setUp = (props: Partial<TempoProps> = {}, id = 'tempo') => {
  const { app, in: chart } = charts('telemetry');
  const tempo = new Tempo(chart.telemetry, id, { namespace: 'telemetry', ...props });
  return { tempo, written: synth(app) };
};

interface Template {
  readonly metadata: { readonly labels: unknown; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly Readonly<Record<string, unknown>>[] };
}

const templateOf = ({ written }: ReturnType<typeof setUp>): Template =>
  (find(written, 'StatefulSet', 'tempo').spec as { template: Template }).template;

describe('Tempo', () => {
  test('writes five objects of one name, each in the namespace, labelled, and valid', async () => {
    const { written } = setUp();
    expect(written.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)).toEqual([
      'ServiceAccount telemetry/tempo',
      'ConfigMap telemetry/tempo',
      'Service telemetry/tempo',
      'StatefulSet telemetry/tempo',
      'ServiceMonitor telemetry/tempo',
    ]);
    for (const object of written) {
      expect(object.metadata.labels).toEqual({ ...LABELS, 'app.kubernetes.io/managed-by': 'tooltrail' });
      await validateManifest(object);
    }
  });

  test('tells where it is queried and where spans go', () => {
    expect(setUp().tempo).toMatchObject({
      namespace: 'telemetry',
      serviceName: 'tempo',
      queryUrl: 'http://tempo.telemetry.svc.cluster.local:3100',
      otlpGrpcEndpoint: 'http://tempo.telemetry.svc.cluster.local:4317',
    });
    expect(setUp({ namespace: 'observe' }, 'traces').tempo).toMatchObject({
      namespace: 'observe',
      serviceName: 'traces',
      queryUrl: 'http://traces.observe.svc.cluster.local:3100',
      otlpGrpcEndpoint: 'http://traces.observe.svc.cluster.local:4317',
    });
  });

  test('the Service has both ports and selects the pods', () => {
    const set = setUp();
    expect(find(set.written, 'Service', 'tempo').spec).toEqual({
      selector: LABELS,
      ports: [
        { name: 'otlp-grpc', port: 4317, targetPort: 4317, protocol: 'TCP' },
        { name: 'http', port: 3100, targetPort: 3100, protocol: 'TCP' },
      ],
    });
    expect(find(set.written, 'StatefulSet', 'tempo').spec).toMatchObject({
      replicas: 1,
      serviceName: 'tempo',
      selector: { matchLabels: LABELS },
    });
    expect(templateOf(set).metadata.labels).toMatchObject(LABELS);
  });

  test('it takes OTLP over gRPC, keeps traces for a day on the pod’s disk and reports nothing home', () => {
    const { written } = setUp();
    const { data } = find(written, 'ConfigMap', 'tempo') as unknown as { data: Record<string, string> };
    expect(Object.keys(data)).toEqual(['tempo.yaml']);
    expect(parse(data['tempo.yaml'] ?? '')).toEqual({
      server: { http_listen_port: 3100, grpc_listen_port: 9095 },
      distributor: { receivers: { otlp: { protocols: { grpc: { endpoint: '0.0.0.0:4317' } } } } },
      compactor: { compaction: { block_retention: '24h' } },
      storage: {
        trace: { backend: 'local', local: { path: '/var/tempo/traces' }, wal: { path: '/var/tempo/wal' } },
      },
      usage_report: { reporting_enabled: false },
    });
  });

  test('the container reads that file, writes to its volume only, and has no privileges', () => {
    const { spec } = templateOf(setUp());
    expect(spec).toMatchObject({
      serviceAccountName: 'tempo',
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 10001,
        runAsGroup: 10001,
        fsGroup: 10001,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      volumes: [
        { name: 'config', configMap: { name: 'tempo' } },
        { name: 'data', emptyDir: {} },
      ],
    });
    expect(spec.containers).toEqual([
      {
        name: 'tempo',
        image: 'docker.io/grafana/tempo:2.8.2',
        imagePullPolicy: 'IfNotPresent',
        args: ['-config.file=/conf/tempo.yaml'],
        env: [{ name: 'GOMEMLIMIT', value: '1638MiB' }],
        ports: [
          { name: 'otlp-grpc', containerPort: 4317 },
          { name: 'http', containerPort: 3100 },
        ],
        readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 5 },
        resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '2Gi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          readOnlyRootFilesystem: true,
        },
        volumeMounts: [
          { name: 'config', mountPath: '/conf', readOnly: true },
          { name: 'data', mountPath: '/var/tempo' },
        ],
      },
    ]);
  });

  test('image and retention can be chosen', () => {
    const set = setUp({ image: 'mine:1', retention: '1h' });
    expect(templateOf(set).spec.containers).toMatchObject([{ image: 'mine:1' }]);
    const { data } = find(set.written, 'ConfigMap', 'tempo') as unknown as { data: Record<string, string> };
    expect(parse(data['tempo.yaml'] ?? '').compactor.compaction.block_retention).toBe('1h');
  });

  test('another configuration rolls the pods, the same one does not', () => {
    const digest = (props: Partial<TempoProps>) =>
      templateOf(setUp(props)).metadata.annotations['tooltrail.dev/config'];
    expect(digest({})).toMatch(/^[0-9a-f]{16}$/);
    expect(digest({})).toBe(digest({ retention: '24h', image: 'mine:1' }));
    expect(digest({})).not.toBe(digest({ retention: '1h' }));
  });
});
