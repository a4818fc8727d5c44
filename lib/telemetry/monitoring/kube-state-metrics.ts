import { Construct } from 'constructs';
import { PORTS } from '../../api/ports.ts';
import {
  type Component,
  RESTRICTED,
  service,
  serviceAccount,
  workload,
  write,
  writeClusterRole,
} from '../component.ts';
import { type PartProps, partProblems, placementOf } from '../pods/part.ts';
import { resourcesOf } from '../pods/resources.ts';

export interface KubeStateMetricsOptions extends PartProps {
  /**
   * Image of kube-state-metrics.
   *
   * @default 'registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.15.0'
   */
  readonly image?: string;
}

export interface KubeStateMetricsProps extends KubeStateMetricsOptions {
  readonly namespace: string;
  /** Name of all objects. */
  readonly name: string;
  /** Release that the labels name. */
  readonly instance: string;
}

/** The image's own user. */
const USER = 65534;

/** What it watches by default, Secrets left out: their metrics are of no use here, and listing them is reading them. */
const WATCHED: Readonly<Record<string, readonly string[]>> = {
  '': [
    'configmaps',
    'endpoints',
    'limitranges',
    'namespaces',
    'nodes',
    'persistentvolumeclaims',
    'persistentvolumes',
    'pods',
    'replicationcontrollers',
    'resourcequotas',
    'services',
  ],
  'admissionregistration.k8s.io': ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
  apps: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'],
  autoscaling: ['horizontalpodautoscalers'],
  batch: ['cronjobs', 'jobs'],
  'certificates.k8s.io': ['certificatesigningrequests'],
  'coordination.k8s.io': ['leases'],
  'networking.k8s.io': ['ingresses', 'networkpolicies'],
  policy: ['poddisruptionbudgets'],
  'storage.k8s.io': ['storageclasses', 'volumeattachments'],
};

/** State of the cluster's objects as metrics. */
export class KubeStateMetrics extends Construct {
  /** Labels of its Service, for a ServiceMonitor. */
  readonly component: Component;

  constructor(scope: Construct, id: string, props: KubeStateMetricsProps) {
    super(scope, id);
    const { namespace, name, instance } = props;
    const component: Component = { namespace, name, app: 'kube-state-metrics', instance };
    this.component = component;
    const rules = Object.entries(WATCHED).map(([group, resourceNames]) => ({
      apiGroups: [group],
      resources: resourceNames,
      verbs: ['list', 'watch'],
    }));
    const collected = Object.values(WATCHED).flat().sort();
    write(this, serviceAccount(component));
    writeClusterRole(this, component, rules);
    write(this, service(component, [{ name: 'http', port: PORTS.kubeStateMetrics }]));
    write(
      this,
      workload(component, {
        kind: 'Deployment',
        user: USER,
        pod: {
          serviceAccountName: name,
          ...placementOf(props),
          automountServiceAccountToken: true,
          containers: [
            {
              name: 'kube-state-metrics',
              image: props.image ?? 'registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.15.0',
              imagePullPolicy: 'IfNotPresent',
              args: [
                `--port=${PORTS.kubeStateMetrics}`,
                `--telemetry-port=${PORTS.kubeStateMetricsTelemetry}`,
                `--resources=${collected.join(',')}`,
              ],
              ports: [
                { name: 'http', containerPort: PORTS.kubeStateMetrics },
                { name: 'telemetry', containerPort: PORTS.kubeStateMetricsTelemetry },
              ],
              livenessProbe: { httpGet: { path: '/livez', port: 'http' } },
              // Not /metrics: the kubelet hangs up on an answer of that size.
              readinessProbe: { httpGet: { path: '/readyz', port: 'telemetry' } },
              resources: resourcesOf({ cpu: '20m', memory: '64Mi', memoryLimit: '256Mi', ...props.resources }),
              securityContext: RESTRICTED,
            },
          ],
        },
      }),
    );
    this.node.addValidation({ validate: () => [...partProblems(props)] });
  }
}
