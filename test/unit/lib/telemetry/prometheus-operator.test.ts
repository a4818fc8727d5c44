import { describe, expect, test } from '@jest/globals';
import {
  PrometheusOperator,
  type PrometheusOperatorProps,
} from '../../../../lib/telemetry/monitoring/prometheus-operator.ts';
import { charts, find, synth, type Written } from '../../../support/charts.ts';
import { validateManifest } from '../../../support/validate-manifest.ts';

const NAME = 'release-operator';
const SELECTOR = {
  'app.kubernetes.io/name': 'kube-prometheus-stack-prometheus-operator',
  'app.kubernetes.io/instance': 'release',
};

const setUp = (props: Partial<PrometheusOperatorProps> = {}): readonly Written[] => {
  const { app, in: chart } = charts('telemetry');
  const defaults = { namespace: 'telemetry', name: NAME, instance: 'release' };
  new PrometheusOperator(chart.telemetry, 'operator', { ...defaults, ...props });
  return synth(app);
};

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** What the rules allow on a resource of a group. */
const verbsOn = (written: readonly Written[], group: string, resource: string): readonly string[] => {
  const { rules } = find(written, 'ClusterRole', NAME) as unknown as { rules: readonly Rule[] };
  return rules
    .filter(({ apiGroups, resources }) => apiGroups.includes(group) && resources.includes(resource))
    .flatMap(({ verbs }) => verbs);
};

describe('PrometheusOperator', () => {
  test('writes its workload, Service, account and rules under one name, labelled and valid', async () => {
    const written = setUp();
    expect(written.map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name])).toEqual([
      ['ServiceAccount', 'telemetry', NAME],
      ['ClusterRole', undefined, NAME],
      ['ClusterRoleBinding', undefined, NAME],
      ['Service', 'telemetry', NAME],
      ['Deployment', 'telemetry', NAME],
    ]);
    for (const object of written) {
      expect(object.metadata.labels).toEqual({ ...SELECTOR, 'app.kubernetes.io/managed-by': 'tooltrail' });
      await validateManifest(object);
    }
  });

  test('the CRDs are not among them: they are a prerequisite', () => {
    expect(setUp().map(({ kind }) => kind)).not.toContain('CustomResourceDefinition');
  });

  test('one pod, without privileges, that talks to the API server and answers on one port', () => {
    const { replicas, selector, template } = find(setUp(), 'Deployment', NAME).spec as Record<string, unknown>;
    expect({ replicas, selector }).toEqual({ replicas: 1, selector: { matchLabels: SELECTOR } });
    const health = { httpGet: { path: '/healthz', port: 'http' } };
    expect(template).toMatchObject({
      metadata: { labels: SELECTOR },
      spec: {
        serviceAccountName: NAME,
        automountServiceAccountToken: true,
        securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            image: 'quay.io/prometheus-operator/prometheus-operator:v0.85.0',
            ports: [{ name: 'http', containerPort: 8080 }],
            livenessProbe: health,
            readinessProbe: health,
            securityContext: {
              allowPrivilegeEscalation: false,
              capabilities: { drop: ['ALL'] },
              readOnlyRootFilesystem: true,
            },
          },
        ],
      },
    });
    expect(find(setUp(), 'Service', NAME).spec).toEqual({
      selector: SELECTOR,
      ports: [{ name: 'http', port: 8080, targetPort: 8080, protocol: 'TCP' }],
    });
  });

  test.each([
    ['by default', {}, 'v0.85.0'],
    ['when it is chosen', { version: 'v0.86.1' }, 'v0.86.1'],
  ])('operator and config reloader are of one version, %s', (_, props, version) => {
    const { template } = find(setUp(props), 'Deployment', NAME).spec as {
      template: { spec: { containers: readonly { image: string; args: readonly string[] }[] } };
    };
    expect(template.spec.containers.map(({ image, args }) => [image, args])).toEqual([
      [
        `quay.io/prometheus-operator/prometheus-operator:${version}`,
        [
          '--web.listen-address=:8080',
          `--prometheus-config-reloader=quay.io/prometheus-operator/prometheus-config-reloader:${version}`,
          '--kubelet-endpoints=false',
        ],
      ],
    ]);
  });

  test.each([
    ['monitoring.coreos.com', 'prometheuses', ['*']],
    ['monitoring.coreos.com', 'prometheuses/status', ['*']],
    ['monitoring.coreos.com', 'podmonitors', ['*']],
    ['monitoring.coreos.com', 'servicemonitors', ['*']],
    ['monitoring.coreos.com', 'prometheusrules', ['*']],
    ['apps', 'statefulsets', ['*']],
    ['', 'configmaps', ['*']],
    ['', 'secrets', ['*']],
    ['', 'pods', ['list', 'delete']],
    ['', 'services', ['get', 'create', 'update', 'delete']],
    ['', 'namespaces', ['get', 'list', 'watch']],
    ['', 'events', ['create', 'patch']],
    ['networking.k8s.io', 'ingresses', ['get', 'list', 'watch']],
    ['storage.k8s.io', 'storageclasses', ['get']],
    // What it has no business with.
    ['', 'nodes', []],
    ['', 'endpoints', []],
    ['discovery.k8s.io', 'endpointslices', []],
    ['', 'pods/exec', []],
    ['apps', 'deployments', []],
    ['rbac.authorization.k8s.io', 'clusterroles', []],
  ])('of %j, its rules allow on %s: %j', (group, resource, verbs) => {
    expect(verbsOn(setUp(), group, resource)).toEqual(verbs);
  });

  test('no rule is for every group or every resource', () => {
    const { rules } = find(setUp(), 'ClusterRole', NAME) as unknown as { rules: readonly Rule[] };
    expect(rules.flatMap(({ apiGroups, resources }) => [...apiGroups, ...resources])).not.toContain('*');
  });
});
