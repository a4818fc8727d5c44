import { Construct } from 'constructs';
import { PORTS } from '../../api/ports.ts';
import { type Component, metadataOf, serviceAccount, write, writeClusterRole } from '../component.ts';
import { countProblems, prometheusDurationProblems, prometheusSizeProblems } from '../pods/amounts.ts';
import { disruptionBudget, spread } from '../pods/availability.ts';
import { type PartProps, partProblems, placementOf } from '../pods/part.ts';
import { operatorStorage, type PersistenceProps, persistenceProblems } from '../pods/persistence.ts';
import { resourcesOf } from '../pods/resources.ts';
import type { Alertmanager } from './alertmanager.ts';

export interface PrometheusOptions extends PartProps {
  /**
   * Version of Prometheus.
   *
   * @default '3.5.0'
   */
  readonly version?: string;
  /**
   * Image of that version.
   *
   * @default - `quay.io/prometheus/prometheus:v<version>`
   */
  readonly image?: string;
  /**
   * How long samples are kept, as a Prometheus duration.
   *
   * @default '10d'
   */
  readonly retention?: string;
  /**
   * Bytes of samples from which on the oldest go, such as `45GB`: choose less than the disk has.
   *
   * @default - time alone decides
   */
  readonly retentionSize?: string;
  /**
   * How often it scrapes what says nothing of it, as a Prometheus duration. Gateways are scraped every 15 seconds.
   *
   * @default '30s'
   */
  readonly scrapeInterval?: string;
  /**
   * Pods; each scrapes everything, and what Tempo writes is at one of them.
   *
   * @default 1
   */
  readonly replicas?: number;
  /**
   * A disk for samples.
   *
   * @default - they go with the pod
   */
  readonly persistence?: PersistenceProps;
  /**
   * Labels of all that is sent on, by which clusters are told apart.
   *
   * @default - none
   */
  readonly externalLabels?: Readonly<Record<string, string>>;
}

export interface PrometheusProps extends PrometheusOptions {
  readonly namespace: string;
  /** Name of all objects. */
  readonly name: string;
  /** Release that the labels name. */
  readonly instance: string;
  /**
   * Where alerts go.
   *
   * @default - they are shown and go nowhere
   */
  readonly alertmanager?: Alertmanager;
}

export const SCRAPE_INTERVAL = '30s';
/** The image's own user. */
const USER = 1000;
const GROUP = 2000;
/** Source: Kubernetes API group of the operator. */
const API_VERSION = 'monitoring.coreos.com/v1';

/** Kinds that are taken wherever they are. */
const SELECTED = ['podMonitor', 'serviceMonitor', 'rule', 'probe', 'scrapeConfig'];

/** What discovery and scraping need. Source: prometheus-operator, RBAC documentation. */
const RULES = [
  {
    apiGroups: [''],
    resources: ['nodes', 'nodes/metrics', 'services', 'endpoints', 'pods'],
    verbs: ['get', 'list', 'watch'],
  },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
  // Probes find their targets by Ingress.
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: ['get', 'list', 'watch'] },
  { nonResourceURLs: ['/metrics'], verbs: ['get'] },
] as const;

/** Base URL of a Prometheus, for parts that are made before it. */
export const prometheusUrl = (name: string, namespace: string): string =>
  `http://${name}.${namespace}:${PORTS.prometheus}`;

/** A Prometheus server, run by the operator: it takes monitors and rules of every namespace, and remote writes. */
export class Prometheus extends Construct {
  /** Base URL for data sources, as the post has it. */
  readonly url: string;
  /** Labels of its Service, for a ServiceMonitor. */
  readonly component: Component;

  constructor(scope: Construct, id: string, props: PrometheusProps) {
    super(scope, id);
    const { namespace, name, instance, version = '3.5.0', replicas = 1 } = props;
    // Labels that the operator gives the pods.
    const pods = { 'app.kubernetes.io/name': 'prometheus', 'operator.prometheus.io/name': name };
    const component: Component = { namespace, name, app: 'kube-prometheus-stack-prometheus', instance };
    this.component = component;
    this.url = prometheusUrl(name, namespace);
    write(this, serviceAccount(component));
    writeClusterRole(this, component, RULES);
    write(this, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadataOf(component),
      spec: {
        selector: pods,
        ports: [{ name: 'http-web', port: PORTS.prometheus, targetPort: PORTS.prometheus, protocol: 'TCP' }],
      },
    });
    write(this, {
      apiVersion: API_VERSION,
      kind: 'Prometheus',
      metadata: metadataOf(component),
      spec: {
        image: props.image ?? `quay.io/prometheus/prometheus:v${version}`,
        version,
        imagePullPolicy: 'IfNotPresent',
        replicas,
        retention: props.retention ?? '10d',
        ...(props.retentionSize === undefined ? {} : { retentionSize: props.retentionSize }),
        scrapeInterval: props.scrapeInterval ?? SCRAPE_INTERVAL,
        portName: 'http-web',
        serviceAccountName: name,
        automountServiceAccountToken: true,
        enableRemoteWriteReceiver: true,
        enableFeatures: ['exemplar-storage'],
        ...(props.externalLabels === undefined ? {} : { externalLabels: { ...props.externalLabels } }),
        ...(props.alertmanager === undefined ? {} : { alerting: { alertmanagers: [props.alertmanager.endpoint] } }),
        ...(props.persistence === undefined ? {} : { storage: operatorStorage(props.persistence) }),
        ...placementOf(props),
        ...spread(component, replicas, pods),
        resources: resourcesOf({ cpu: '100m', memory: '512Mi', memoryLimit: '2Gi', ...props.resources }),
        securityContext: {
          runAsNonRoot: true,
          runAsUser: USER,
          runAsGroup: GROUP,
          fsGroup: GROUP,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        ...Object.fromEntries(
          SELECTED.flatMap((kind) => [
            [`${kind}Selector`, {}],
            [`${kind}NamespaceSelector`, {}],
          ]),
        ),
      },
    });
    if (replicas > 1) write(this, disruptionBudget(component, pods));
    this.node.addValidation({
      validate: () => [
        ...countProblems(props.replicas, 'replicas', 1),
        ...prometheusDurationProblems(props.retention, 'retention'),
        ...prometheusSizeProblems(props.retentionSize, 'retentionSize'),
        ...prometheusDurationProblems(props.scrapeInterval, 'scrapeInterval'),
        ...persistenceProblems(props.persistence, 'persistence'),
        ...partProblems(props),
      ],
    });
  }
}
