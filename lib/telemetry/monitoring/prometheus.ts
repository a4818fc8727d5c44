import { Construct } from 'constructs';
import { PORTS } from '../../api/ports.ts';
import { type Component, serviceAccount, write, writeClusterRole } from '../component.ts';
import { prometheusDurationProblems, prometheusSizeProblems } from '../pods/amounts.ts';
import type { PartProps } from '../pods/part.ts';
import type { PersistenceProps } from '../pods/persistence.ts';
import type { Alertmanager } from './alertmanager.ts';
import { operatedProblems, writeOperated } from './operated.ts';

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
    const { namespace, name, instance, version = '3.5.0' } = props;
    const component: Component = { namespace, name, app: 'kube-prometheus-stack-prometheus', instance };
    this.component = component;
    this.url = prometheusUrl(name, namespace);
    write(this, serviceAccount(component));
    writeClusterRole(this, component, RULES);
    const defaults = { cpu: '100m', memory: '512Mi', memoryLimit: '2Gi' };
    writeOperated(
      this,
      component,
      'Prometheus',
      PORTS.prometheus,
      { ...props, defaults },
      {
        image: props.image ?? `quay.io/prometheus/prometheus:v${version}`,
        version,
        retention: props.retention ?? '10d',
        ...(props.retentionSize === undefined ? {} : { retentionSize: props.retentionSize }),
        scrapeInterval: props.scrapeInterval ?? SCRAPE_INTERVAL,
        automountServiceAccountToken: true,
        enableRemoteWriteReceiver: true,
        enableFeatures: ['exemplar-storage'],
        ...(props.externalLabels === undefined ? {} : { externalLabels: { ...props.externalLabels } }),
        ...(props.alertmanager === undefined ? {} : { alerting: { alertmanagers: [props.alertmanager.endpoint] } }),
        ...Object.fromEntries(
          SELECTED.flatMap((kind) => [
            [`${kind}Selector`, {}],
            [`${kind}NamespaceSelector`, {}],
          ]),
        ),
      },
    );
    this.node.addValidation({
      validate: () => [
        ...prometheusDurationProblems(props.retention, 'retention'),
        ...prometheusSizeProblems(props.retentionSize, 'retentionSize'),
        ...prometheusDurationProblems(props.scrapeInterval, 'scrapeInterval'),
        ...operatedProblems(props),
      ],
    });
  }
}
