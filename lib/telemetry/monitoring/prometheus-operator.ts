import { Construct } from 'constructs';
import { PORTS } from '../../api/ports.ts';
import { PROMETHEUS_OPERATOR } from '../../api/telemetry/prometheus-operator.ts';
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

export interface PrometheusOperatorOptions extends PartProps {
  /**
   * Version of the operator and of its config reloader.
   *
   * @default 'v0.85.0'
   */
  readonly version?: string;
  /**
   * Image of that version.
   *
   * @default - `quay.io/prometheus-operator/prometheus-operator:<version>`
   */
  readonly image?: string;
  /**
   * Image of the container that each Prometheus and Alertmanager gets beside it.
   *
   * @default - `quay.io/prometheus-operator/prometheus-config-reloader:<version>`
   */
  readonly reloaderImage?: string;
}

export interface PrometheusOperatorProps extends PrometheusOperatorOptions {
  readonly namespace: string;
  /** Name of all objects. */
  readonly name: string;
  /** Release that the labels name. */
  readonly instance: string;
}

/** The image's own user. */
const USER = 65534;

/** What the operator does on the cluster, without kubelet endpoints. Source: prometheus-operator, RBAC documentation. */
const RULES = [
  {
    apiGroups: [PROMETHEUS_OPERATOR.group],
    resources: [
      'alertmanagers',
      'alertmanagers/finalizers',
      'alertmanagers/status',
      'alertmanagerconfigs',
      'prometheuses',
      'prometheuses/finalizers',
      'prometheuses/status',
      'prometheusagents',
      'prometheusagents/finalizers',
      'prometheusagents/status',
      'thanosrulers',
      'thanosrulers/finalizers',
      'thanosrulers/status',
      'scrapeconfigs',
      'scrapeconfigs/status',
      'servicemonitors',
      'servicemonitors/status',
      'podmonitors',
      'podmonitors/status',
      'probes',
      'probes/status',
      'prometheusrules',
      'prometheusrules/status',
    ],
    verbs: ['*'],
  },
  { apiGroups: ['apps'], resources: ['statefulsets'], verbs: ['*'] },
  { apiGroups: [''], resources: ['configmaps', 'secrets'], verbs: ['*'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['list', 'delete'] },
  {
    apiGroups: [''],
    resources: ['services', 'services/finalizers'],
    verbs: ['get', 'create', 'update', 'delete'],
  },
  { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'list', 'watch'] },
  // The operator writes events of the newer group from v0.86.0 on.
  { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['get'] },
] as const;

/** The operator that turns Prometheus objects into running servers. Its CRDs are a prerequisite. */
export class PrometheusOperator extends Construct {
  /** Labels of its Service, for a ServiceMonitor. */
  readonly component: Component;

  constructor(scope: Construct, id: string, props: PrometheusOperatorProps) {
    super(scope, id);
    const { namespace, name, instance, version = 'v0.85.0' } = props;
    const repository = 'quay.io/prometheus-operator';
    const reloader = props.reloaderImage ?? `${repository}/prometheus-config-reloader:${version}`;
    const component: Component = { namespace, name, app: 'kube-prometheus-stack-prometheus-operator', instance };
    this.component = component;
    write(this, serviceAccount(component));
    writeClusterRole(this, component, RULES);
    write(this, service(component, [{ name: 'http', port: PORTS.prometheusOperator }]));
    const health = { httpGet: { path: '/healthz', port: 'http' } };
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
              name: 'prometheus-operator',
              image: props.image ?? `${repository}/prometheus-operator:${version}`,
              imagePullPolicy: 'IfNotPresent',
              args: [
                `--web.listen-address=:${PORTS.prometheusOperator}`,
                `--prometheus-config-reloader=${reloader}`,
                '--kubelet-endpoints=false',
              ],
              ports: [{ name: 'http', containerPort: PORTS.prometheusOperator }],
              livenessProbe: health,
              readinessProbe: health,
              resources: resourcesOf({ cpu: '50m', memory: '64Mi', memoryLimit: '256Mi', ...props.resources }),
              securityContext: RESTRICTED,
            },
          ],
        },
      }),
    );
    this.node.addValidation({ validate: () => [...partProblems(props)] });
  }
}
