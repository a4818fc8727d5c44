import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { Gateway } from '../../../../lib/gateway-api/gateway.ts';
import { GatewayWorkload, McpObservabilityStack } from '../../../../lib/index.ts';
import { charts, find, synth, type Written } from '../../../support/charts.ts';
import { validateManifest } from '../../../support/validate-manifest.ts';

interface Selector {
  readonly matchLabels: Readonly<Record<string, string>>;
}

interface Port {
  readonly name: string;
  readonly port?: number;
}

interface Probe {
  readonly httpGet: { readonly port: string | number };
}

interface Probed {
  readonly name: string;
  readonly ports: readonly Port[];
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
}

const NAME = 'kube-prometheus-stack';
let objects: readonly Written[];

beforeAll(() => {
  const { app } = charts();
  const stack = new McpObservabilityStack(app, { controller: false });
  const gateway = new Gateway(stack.gateway, 'mcp-gateway');
  gateway.addListener({ name: 'mcp', port: 3000 });
  new GatewayWorkload(stack.gateway, 'workload', { gateway });
  objects = synth(app);
});

const spec = <T>(kind: string, name: string): T => find(objects, kind, name).spec as T;
const ofKind = (kind: string): readonly Written[] => objects.filter((object) => object.kind === kind);
const selects = ({ matchLabels }: Selector, labels: Readonly<Record<string, string>> = {}): boolean =>
  Object.entries(matchLabels).every(([name, value]) => labels[name] === value);

describe('kube-prometheus-stack', () => {
  test('every object passes its typed validator', async () => {
    const own = objects.filter(({ metadata }) => metadata.name.startsWith(NAME));
    expect(own.length).toBeGreaterThan(20);
    for (const object of own) await validateManifest(object);
  });

  test('Prometheus takes remote writes, and monitors and rules of every namespace; Alertmanager is off', () => {
    const prometheus = spec<Record<string, unknown>>('Prometheus', `${NAME}-prometheus`);
    expect(prometheus.enableRemoteWriteReceiver).toBe(true);
    expect(prometheus).not.toHaveProperty('alerting');
    for (const kind of ['podMonitor', 'serviceMonitor', 'rule']) {
      expect([prometheus[`${kind}Selector`], prometheus[`${kind}NamespaceSelector`]]).toEqual([{}, {}]);
    }
  });

  test('each ServiceMonitor selects one Service, by a port that it has', () => {
    const monitors = ofKind('ServiceMonitor');
    expect(monitors.length).toBeGreaterThan(4);
    for (const monitor of monitors) {
      const { selector, endpoints } = monitor.spec as { selector: Selector; endpoints: readonly { port: string }[] };
      const services = ofKind('Service').filter(({ metadata }) => selects(selector, metadata.labels));
      expect(services.map(({ metadata }) => metadata.name)).toEqual([monitor.metadata.name]);
      const ports = services.flatMap(({ spec }) => (spec as { ports: readonly Port[] }).ports.map(({ name }) => name));
      expect(ports).toEqual(expect.arrayContaining(endpoints.map(({ port }) => port)));
    }
  });

  test('the PodMonitor finds the gateway’s pods in any namespace, by a port that their container has', () => {
    const [monitor] = ofKind('PodMonitor').map(
      (object) =>
        object.spec as {
          namespaceSelector: unknown;
          selector: Selector;
          podMetricsEndpoints: readonly { port: string }[];
        },
    );
    const pod = spec<{
      template: { metadata: Written['metadata']; spec: { containers: readonly { ports: readonly Port[] }[] } };
    }>('Deployment', 'mcp-gateway').template;
    expect(monitor?.namespaceSelector).toEqual({ any: true });
    expect(selects(monitor?.selector ?? { matchLabels: { none: '' } }, pod.metadata.labels)).toBe(true);
    const ports = pod.spec.containers.flatMap((container) => container.ports.map(({ name }) => name));
    expect(ports).toContain(monitor?.podMetricsEndpoints[0]?.port);
  });

  test('Grafana has the post’s two data sources, of which one is the default', () => {
    const { data } = find(objects, 'ConfigMap', `${NAME}-grafana`) as unknown as { data: Record<string, string> };
    const { datasources } = parse(data['datasources.yaml'] ?? '') as {
      datasources: readonly Record<string, unknown>[];
    };
    expect(datasources.map(({ uid, url, isDefault }) => [uid, url, isDefault])).toEqual([
      ['prometheus', 'http://kube-prometheus-stack-prometheus.telemetry:9090', true],
      ['tempo', 'http://tempo.telemetry.svc.cluster.local:3100', false],
    ]);
  });

  test('the password of Grafana is in its Secret alone, and that is written empty', () => {
    const secret = find(objects, 'Secret', `${NAME}-grafana`);
    expect(Object.keys(secret).sort()).toEqual(['apiVersion', 'kind', 'metadata', 'type']);
    expect(JSON.stringify(spec('Deployment', `${NAME}-grafana`))).toContain(
      JSON.stringify({ secretKeyRef: { key: 'admin-password', name: `${NAME}-grafana` } }),
    );
  });

  test('rules of the whole cluster have no namespace, and go to the account of the pods that need them', () => {
    const roles = ofKind('ClusterRole').map(({ metadata }) => metadata.name);
    expect(roles).toEqual([`${NAME}-operator`, `${NAME}-prometheus`, `${NAME}-kube-state-metrics`]);
    for (const name of roles) {
      const { metadata, roleRef, subjects } = find(objects, 'ClusterRoleBinding', name);
      expect(metadata).not.toHaveProperty('namespace');
      expect(find(objects, 'ClusterRole', name).metadata).not.toHaveProperty('namespace');
      expect(roleRef).toMatchObject({ kind: 'ClusterRole', name });
      expect(subjects).toEqual([{ kind: 'ServiceAccount', name, namespace: 'telemetry' }]);
      const accounts = ['Deployment', 'Prometheus'].flatMap((kind) =>
        ofKind(kind).flatMap((object) => (object.metadata.name === name ? [JSON.stringify(object.spec)] : [])),
      );
      expect(accounts).toEqual([expect.stringContaining(`"serviceAccountName":"${name}"`)]);
    }
  });

  test('metrics about other objects keep their labels, and jobs are named as the chart names them', () => {
    const own = ofKind('ServiceMonitor').filter(({ metadata }) => metadata.name.startsWith(NAME));
    const jobs = own.map(({ metadata, spec }) => {
      const { jobLabel = '', endpoints } = spec as {
        jobLabel?: string;
        endpoints: readonly { honorLabels?: boolean }[];
      };
      const service = find(objects, 'Service', metadata.name);
      const job = service.metadata.labels?.[jobLabel] ?? service.metadata.name;
      return [job, endpoints.map(({ honorLabels = false }) => honorLabels)];
    });
    expect(jobs).toEqual([
      [`${NAME}-operator`, [false]],
      [`${NAME}-prometheus`, [false]],
      [`${NAME}-grafana`, [false]],
      ['kube-state-metrics', [true]],
      ['node-exporter', [false]],
    ]);
  });

  test('a probe that names a port names one that its container has', () => {
    const containers = ['Deployment', 'DaemonSet', 'StatefulSet'].flatMap((kind) =>
      ofKind(kind).flatMap(
        ({ spec }) => (spec as { template: { spec: { containers: readonly Probed[] } } }).template.spec.containers,
      ),
    );
    const probes = containers.flatMap(({ name, ports, readinessProbe, livenessProbe }) =>
      [readinessProbe, livenessProbe].flatMap((probe) =>
        typeof probe?.httpGet.port === 'string' ? [{ name, ports, port: probe.httpGet.port }] : [],
      ),
    );
    expect(new Set(probes.map(({ name }) => name)).size).toBeGreaterThanOrEqual(5);
    expect(probes.filter(({ ports, port }) => !ports.some(({ name }) => name === port))).toEqual([]);
  });

  test('kube-state-metrics is ready by /readyz: the kubelet hangs up on an answer as large as /metrics', () => {
    const deployment = JSON.stringify(spec('Deployment', `${NAME}-kube-state-metrics`));
    expect(deployment).toContain('"readinessProbe":{"httpGet":{"path":"/readyz","port":"telemetry"}}');
    expect(deployment).toContain('--telemetry-port=8081');
    expect(deployment).toContain('{"containerPort":8081,"name":"telemetry"}');
  });

  test('the operator keeps no endpoints of kubelets, and so may neither list nodes nor write endpoints', () => {
    expect(JSON.stringify(spec('Deployment', `${NAME}-operator`))).toContain('"--kubelet-endpoints=false"');
    const { rules } = find(objects, 'ClusterRole', `${NAME}-operator`) as unknown as {
      rules: readonly { resources: readonly string[] }[];
    };
    const resources = rules.flatMap((rule) => rule.resources);
    expect(resources.filter((resource) => ['nodes', 'endpoints', 'endpointslices'].includes(resource))).toEqual([]);
  });

  test('kube-state-metrics reads no Secret', () => {
    expect(JSON.stringify(find(objects, 'ClusterRole', `${NAME}-kube-state-metrics`))).not.toContain('secrets');
  });
});
