import { describe, expect, test } from '@jest/globals';
import { Prometheus, type PrometheusProps } from '../../../../lib/telemetry/monitoring/prometheus.ts';
import { charts, find, synth } from '../../../support/charts.ts';
import { validateManifest } from '../../../support/validate-manifest.ts';

const NAME = 'release-prometheus';
const LABELS = {
  'app.kubernetes.io/name': 'kube-prometheus-stack-prometheus',
  'app.kubernetes.io/instance': 'release',
  'app.kubernetes.io/managed-by': 'tooltrail',
};
const READ = ['get', 'list', 'watch'];

const setUp = (props: Partial<PrometheusProps> = {}) => {
  const { app, in: chart } = charts('telemetry');
  const defaults = { namespace: 'telemetry', name: NAME, instance: 'release' };
  const prometheus = new Prometheus(chart.telemetry, 'prometheus', { ...defaults, ...props });
  return { prometheus, written: synth(app) };
};

describe('Prometheus', () => {
  test('writes its server, Service, account and rules under one name, labelled and valid', async () => {
    const { written } = setUp();
    expect(written.map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name])).toEqual([
      ['ServiceAccount', 'telemetry', NAME],
      ['ClusterRole', undefined, NAME],
      ['ClusterRoleBinding', undefined, NAME],
      ['Service', 'telemetry', NAME],
      ['Prometheus', 'telemetry', NAME],
    ]);
    for (const object of written) {
      expect(object.metadata.labels).toEqual(LABELS);
      await validateManifest(object);
    }
  });

  test('tells the address that data sources use', () => {
    expect(setUp().prometheus.url).toBe('http://release-prometheus.telemetry:9090');
    expect(setUp({ namespace: 'observe', name: 'mine' }).prometheus.url).toBe('http://mine.observe:9090');
  });

  test('the server keeps ten days, takes remote writes and exemplars, and sends no alerts', () => {
    const any = {
      podMonitorSelector: {},
      podMonitorNamespaceSelector: {},
      serviceMonitorSelector: {},
      serviceMonitorNamespaceSelector: {},
      ruleSelector: {},
      ruleNamespaceSelector: {},
      probeSelector: {},
      probeNamespaceSelector: {},
      scrapeConfigSelector: {},
      scrapeConfigNamespaceSelector: {},
    };
    expect(find(setUp().written, 'Prometheus', NAME).spec).toEqual({
      image: 'quay.io/prometheus/prometheus:v3.5.0',
      version: '3.5.0',
      imagePullPolicy: 'IfNotPresent',
      replicas: 1,
      retention: '10d',
      scrapeInterval: '30s',
      portName: 'http-web',
      serviceAccountName: NAME,
      automountServiceAccountToken: true,
      enableRemoteWriteReceiver: true,
      enableFeatures: ['exemplar-storage'],
      resources: { requests: { cpu: '100m', memory: '512Mi' }, limits: { memory: '2Gi' } },
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 2000,
        fsGroup: 2000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      ...any,
    });
  });

  test('the Service selects the pods that the operator makes of this server, not of others', () => {
    expect(find(setUp().written, 'Service', NAME).spec).toEqual({
      selector: { 'app.kubernetes.io/name': 'prometheus', 'operator.prometheus.io/name': NAME },
      ports: [{ name: 'http-web', port: 9090, targetPort: 9090, protocol: 'TCP' }],
    });
  });

  test('it reads what it discovers and scrapes, Secrets not among it, and changes nothing', () => {
    const { rules } = find(setUp().written, 'ClusterRole', NAME);
    expect(rules).toEqual([
      { apiGroups: [''], resources: ['nodes', 'nodes/metrics', 'services', 'endpoints', 'pods'], verbs: READ },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
      { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: READ },
      { nonResourceURLs: ['/metrics'], verbs: ['get'] },
    ]);
  });

  test('version and retention can be chosen', () => {
    const { written } = setUp({ version: '3.6.1', retention: '6h' });
    expect(find(written, 'Prometheus', NAME).spec).toMatchObject({
      image: 'quay.io/prometheus/prometheus:v3.6.1',
      version: '3.6.1',
      retention: '6h',
    });
  });
});
