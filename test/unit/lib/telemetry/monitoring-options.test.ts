import { describe, expect, test } from '@jest/globals';
import { type App, Testing } from 'cdk8s';
import fc from 'fast-check';
import { McpObservabilityStack, type McpObservabilityStackProps } from '../../../../lib/stack.ts';
import type { KubePrometheusStackOptions } from '../../../../lib/telemetry/kube-prometheus-stack.ts';
import { find, problems, synth, type Written } from '../../../support/charts.ts';
import { secretKey } from '../../../support/stack/cases.ts';
import { danglingReferences, unrestricted } from '../../../support/stack/objects.ts';
import { validateManifest } from '../../../support/validate-manifest.ts';

/** What is chosen of Prometheus, Grafana and what goes with them. */
const RELEASE = 'kube-prometheus-stack';
const RUNS = 25;

const appOf = (props: McpObservabilityStackProps): App => {
  const app = Testing.app();
  new McpObservabilityStack(app, props);
  return app;
};
const objectsOf = (prometheus: KubePrometheusStackOptions, more: McpObservabilityStackProps = {}): readonly Written[] =>
  synth(appOf({ ...more, prometheus }));
const spec = (objects: readonly Written[], kind: string, name: string) =>
  find(objects, kind, `${RELEASE}-${name}`).spec as Readonly<Record<string, unknown>>;

const optional = <T extends object>(shape: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) =>
  fc.record(shape, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
const bytes = fc.constantFrom('64Mi', '1Gi', '500M');
const part = {
  resources: optional({ cpu: fc.constantFrom('10m', '2'), memory: bytes, memoryLimit: bytes }),
  priorityClassName: fc.constant('high'),
  nodeSelector: fc.constant({ pool: 'telemetry' }),
  tolerations: fc.constant([{ key: 'pool', value: 'telemetry', effect: 'NoSchedule' as const }]),
};
const persistence = fc.record({ size: bytes, storageClass: fc.constant('fast') }, { requiredKeys: ['size'] });
const replicas = fc.integer({ min: 1, max: 3 });

const options = optional({
  server: optional({
    ...part,
    persistence,
    replicas,
    externalLabels: fc.constant({ cluster: 'a' }),
    image: fc.constant('mirror.example.com/prometheus:v3.5.0'),
    retention: fc.constantFrom('6h', '10d', '1y2w'),
    retentionSize: fc.constantFrom('512MB', '45GB'),
    scrapeInterval: fc.constantFrom('15s', '1m'),
  }),
  operator: optional(part),
  grafana: optional({
    ...part,
    persistence,
    env: fc.constant({ GF_SERVER_ROOT_URL: 'https://grafana.example.com' }),
    dataSources: fc.constant([
      {
        name: 'Loki',
        type: 'loki',
        uid: 'loki',
        url: 'http://loki:3100',
        secureJsonData: { basicAuthPassword: secretKey('owned', 'password') },
      },
    ]),
  }),
  kubeStateMetrics: fc.oneof(fc.constant(false as const), optional(part)),
  nodeExporter: fc.oneof(fc.constant(false as const), optional(part)),
  alertmanager: optional({ ...part, persistence, replicas, configSecret: fc.constant('owned') }),
  alerts: fc.oneof(
    fc.constant(false as const),
    optional({ toolErrorRatio: fc.double({ min: 0, max: 1, noNaN: true }) }),
  ),
  dashboards: fc.boolean(),
}) as fc.Arbitrary<KubePrometheusStackOptions>;

test('random options write what is valid, whole and without privileges, but for node-exporter', async () => {
  await fc.assert(
    fc.asyncProperty(options, async (chosen) => {
      const objects = objectsOf(chosen);
      const own = objects.filter(({ metadata }) => metadata.namespace === 'telemetry');
      for (const object of own) await validateManifest(object);
      const names = own.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      expect(new Set(names).size).toBe(names.length);
      expect(policiesWithoutPods(own)).toEqual([]);
      expect(unrestricted(own).filter((what) => !what.includes('node-exporter'))).toEqual([]);
      const workloads = own.filter(({ kind }) =>
        /Deployment|StatefulSet|DaemonSet|ConfigMap|Secret|ServiceAccount/.test(kind),
      );
      expect(danglingReferences(workloads, ['owned']).filter((what) => !/Service /.test(what))).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

interface Labelled {
  readonly matchLabels: Readonly<Record<string, string>>;
}

/** NetworkPolicies and budgets of the release that are for nobody. */
const policiesWithoutPods = (objects: readonly Written[]): readonly string[] => {
  const pods = objects.flatMap(({ kind, metadata, spec }) => {
    const { template } = (spec ?? {}) as { readonly template?: { readonly metadata: Written['metadata'] } };
    // What the operator makes of these has labels of its own.
    if (kind === 'Prometheus') return [{ 'operator.prometheus.io/name': metadata.name }];
    if (kind === 'Alertmanager') return [{ alertmanager: metadata.name }];
    return template === undefined ? [] : [template.metadata.labels ?? {}];
  });
  return objects.flatMap(({ kind, metadata, spec }) => {
    const { podSelector, selector } = (spec ?? {}) as { readonly podSelector?: Labelled; readonly selector?: Labelled };
    const labels = { NetworkPolicy: podSelector, PodDisruptionBudget: selector }[kind]?.matchLabels;
    if (labels === undefined || !metadata.name.startsWith(RELEASE)) return [];
    const wanted = Object.entries(labels).filter(([, value]) => value !== 'prometheus' && value !== 'alertmanager');
    const isFor = (pod: Readonly<Record<string, string>>) => wanted.every(([name, value]) => pod[name] === value);
    return pods.some(isFor) ? [] : [`${kind} ${metadata.name}`];
  });
};

describe('options reach their pods', () => {
  test('disks', () => {
    const objects = objectsOf({
      server: { persistence: { size: '50Gi', storageClass: 'fast' } },
      grafana: { persistence: { size: '1Gi' } },
    });
    expect(spec(objects, 'Prometheus', 'prometheus').storage).toMatchObject({
      volumeClaimTemplate: {
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'fast',
          resources: { requests: { storage: '50Gi' } },
        },
      },
    });
    expect(spec(objects, 'PersistentVolumeClaim', 'grafana')).toMatchObject({
      resources: { requests: { storage: '1Gi' } },
    });
    // A second pod would wait for the disk of the first.
    expect(spec(objects, 'Deployment', 'grafana').strategy).toEqual({ type: 'Recreate' });
  });

  test('nodes, where a part has nodes of its own already', () => {
    const chosen = { nodeSelector: { pool: 'a' }, tolerations: [{ operator: 'Exists' as const }] };
    const objects = objectsOf({ nodeExporter: chosen, kubeStateMetrics: chosen });
    const pod = (kind: string, name: string) => spec(objects, kind, name).template as { readonly spec: unknown };
    expect(pod('DaemonSet', 'prometheus-node-exporter').spec).toMatchObject({
      nodeSelector: { 'kubernetes.io/os': 'linux', pool: 'a' },
      tolerations: [{ operator: 'Exists' }],
    });
    expect(pod('Deployment', 'kube-state-metrics').spec).toMatchObject(chosen);
  });

  test('images of a registry of one’s own, the config reloader’s included', () => {
    const objects = objectsOf({
      server: { image: 'mirror/prometheus' },
      operator: { image: 'mirror/operator', reloaderImage: 'mirror/reloader' },
      alertmanager: { image: 'mirror/alertmanager' },
    });
    expect(spec(objects, 'Prometheus', 'prometheus').image).toBe('mirror/prometheus');
    expect(spec(objects, 'Alertmanager', 'alertmanager').image).toBe('mirror/alertmanager');
    const operator = JSON.stringify(spec(objects, 'Deployment', 'operator'));
    expect(operator).toContain('"image":"mirror/operator"');
    expect(operator).toContain('"--prometheus-config-reloader=mirror/reloader"');
  });

  test('several pods keep apart, and are drained one at a time', () => {
    const objects = objectsOf({ server: { replicas: 2 }, alertmanager: {} });
    const labels = { matchLabels: { 'operator.prometheus.io/name': `${RELEASE}-prometheus` } };
    expect(spec(objects, 'PodDisruptionBudget', 'prometheus')).toMatchObject({ maxUnavailable: 1, selector: labels });
    expect(spec(objects, 'Prometheus', 'prometheus').topologySpreadConstraints).toEqual([
      expect.objectContaining({ topologyKey: 'topology.kubernetes.io/zone' }),
      expect.objectContaining({ topologyKey: 'kubernetes.io/hostname' }),
    ]);
    expect(spec(objects, 'Alertmanager', 'alertmanager')).not.toHaveProperty('topologySpreadConstraints');
    expect(
      objects.filter(({ kind, metadata }) => kind === 'PodDisruptionBudget' && /alertmanager/.test(metadata.name)),
    ).toEqual([]);
  });

  test('Alertmanager, which Prometheus tells and scrapes', () => {
    const objects = objectsOf({ alertmanager: { replicas: 3, configSecret: 'routing' } });
    expect(spec(objects, 'Alertmanager', 'alertmanager')).toMatchObject({ replicas: 3, configSecret: 'routing' });
    expect(spec(objects, 'Prometheus', 'prometheus').alerting).toEqual({
      alertmanagers: [{ namespace: 'telemetry', name: `${RELEASE}-alertmanager`, port: 'http-web' }],
    });
    expect(spec(objects, 'Service', 'alertmanager')).toMatchObject({ ports: [{ name: 'http-web', port: 9093 }] });
    expect(spec(objects, 'ServiceMonitor', 'alertmanager')).toMatchObject({ endpoints: [{ port: 'http-web' }] });
    const policy = spec(objects, 'NetworkPolicy', 'alertmanager') as { readonly ingress: readonly unknown[] };
    expect(JSON.stringify(policy.ingress)).toMatch(/9093.*9094.*UDP/s);
    const { alertmanagerConfigSelector, alertmanagerConfigNamespaceSelector } = spec(
      objects,
      'Alertmanager',
      'alertmanager',
    );
    expect([alertmanagerConfigSelector, alertmanagerConfigNamespaceSelector]).toEqual([{}, {}]);
  });

  test('what is left out is not there, its monitor included', () => {
    const objects = objectsOf({ nodeExporter: false, kubeStateMetrics: false, alerts: false });
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join('\n');
    expect(names).not.toMatch(/node-exporter|PrometheusRule/);
    expect(names).not.toMatch(/kube-state-metrics/);
  });

  test.each<[string, KubePrometheusStackOptions, RegExp]>([
    ['a size', { server: { persistence: { size: 'much' } } }, /persistence\.size: "much" is no amount of bytes/],
    ['a number of pods', { alertmanager: { replicas: 0 } }, /replicas: 0 is not a whole number from 1/],
    ['a duration', { server: { retention: 'ages' } }, /retention: "ages" is no duration/],
    ['an amount of samples', { server: { retentionSize: '45Gi' } }, /retentionSize: "45Gi" is no size: write 45GB/],
    ['an interval', { server: { scrapeInterval: '0s' } }, /scrapeInterval: "0s" is no duration/],
    ['a toleration', { grafana: { tolerations: [{ value: 'a' }] } }, /tolerations\[0\]: without a key/],
    ['an amount', { operator: { resources: { cpu: 'all' } } }, /resources\.cpu: "all" is no amount of processors/],
    [
      'a secret',
      { grafana: { env: { GF_SECURITY_ADMIN_PASSWORD: 'x' } } },
      /env\.GF_SECURITY_ADMIN_PASSWORD is a secret, and would be in the manifest/,
    ],
    ['a ratio', { alerts: { toolErrorRatio: 2 } }, /alerts\.toolErrorRatio: 2 is not from 0 to 1/],
  ])('%s that is none is refused', (_, wrong, message) => {
    expect(problems(appOf({ prometheus: wrong }))).toContainEqual(expect.stringMatching(message));
  });
});

describe('a stack that is there already', () => {
  const attach = { namespace: 'monitoring', labels: { release: 'prom' } };
  const objects = objectsOf({ attach });
  const chart = objects.filter(({ metadata }) => ['telemetry', 'monitoring'].includes(metadata.namespace ?? ''));
  const monitoring = chart.filter(({ apiVersion }) => apiVersion.startsWith('monitoring.coreos.com/'));

  test('gets monitors and alerts that it selects by its labels', () => {
    expect(monitoring.map(({ kind }) => kind).sort()).toEqual([
      'PodMonitor',
      'PrometheusRule',
      'ServiceMonitor',
      'ServiceMonitor',
    ]);
    for (const { metadata } of monitoring) expect(metadata.labels).toMatchObject(attach.labels);
  });

  test('gets dashboards and Tempo’s data source, where its Grafana looks', () => {
    const there = chart.filter(({ metadata }) => metadata.namespace === 'monitoring');
    expect(there.map(({ kind, metadata }) => [kind, metadata.name])).toEqual([
      ['ConfigMap', 'tooltrail-dashboards'],
      ['ConfigMap', 'tooltrail-data-sources'],
    ]);
    expect(there.map(({ metadata }) => metadata.labels)).toEqual([
      expect.objectContaining({ grafana_dashboard: '1' }),
      expect.objectContaining({ grafana_datasource: '1' }),
    ]);
  });

  test('stays as it is: nothing of its own parts is written', () => {
    const kinds = new Set(chart.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    expect([...kinds].filter((name) => /prometheus-stack|Grafana|Prometheus /.test(name))).toEqual([]);
  });

  test('may talk to what it scrapes and shows', () => {
    const policy = find(objects, 'NetworkPolicy', 'tempo').spec as { readonly ingress: readonly unknown[] };
    expect(JSON.stringify(policy.ingress)).toMatch(/"kubernetes.io\/metadata.name":"monitoring"/);
  });

  test('is written to by Tempo only where it takes that', () => {
    const config = (written: readonly Written[]) => JSON.stringify(find(written, 'ConfigMap', 'tempo').data);
    expect(config(objects)).not.toContain('remote_write');
    const taking = objectsOf({ attach: { ...attach, remoteWriteUrl: 'http://prom.monitoring:9090' } });
    expect(config(taking)).toContain('http://prom.monitoring:9090');
    // Wherever that is.
    const typesOf = (written: readonly Written[]) =>
      (find(written, 'NetworkPolicy', 'tempo').spec as { readonly policyTypes: readonly string[] }).policyTypes;
    expect([typesOf(objects), typesOf(taking)]).toEqual([['Ingress', 'Egress'], ['Ingress']]);
  });

  test('has its own options: ours are refused', () => {
    const app = appOf({ prometheus: { attach, grafana: {}, server: {} } });
    expect(problems(app)).toEqual([
      expect.stringMatching(/server: the stack that is attached to has its own/),
      expect.stringMatching(/grafana: the stack that is attached to has its own/),
    ]);
  });

  test('has labels of its release to itself', () => {
    const instances = chart.map(({ metadata }) => metadata.labels?.['app.kubernetes.io/instance']);
    expect(instances).not.toContain(RELEASE);
  });

  test('gets no dashboards that are not wanted', () => {
    const names = objectsOf({ attach, dashboards: false }).map(({ metadata }) => metadata.name);
    expect(names).toContain('tooltrail-data-sources');
    expect(names).not.toContain('tooltrail-dashboards');
  });

  test('every object is valid', async () => {
    for (const object of chart) await validateManifest(object);
  });
});
