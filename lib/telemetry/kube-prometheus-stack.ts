import { Construct } from 'constructs';
import type { OpenTelemetryCollector } from './collector/collector.ts';
import { dashboards } from './dashboards/all.ts';
import { Grafana, type GrafanaOptions } from './grafana/grafana.ts';
import { GrafanaPassword } from './grafana/password.ts';
import { Alertmanager, type AlertmanagerOptions } from './monitoring/alertmanager.ts';
import { AttachedGrafana, type AttachOptions } from './monitoring/attached.ts';
import { KubeStateMetrics, type KubeStateMetricsOptions } from './monitoring/kube-state-metrics.ts';
import { gatewayJob, gatewayMonitor, serviceMonitor } from './monitoring/monitors.ts';
import { JOB_LABEL, NodeExporter, type NodeExporterOptions } from './monitoring/node-exporter.ts';
import { WEB_PORT } from './monitoring/operated.ts';
import { Prometheus, type PrometheusOptions, SCRAPE_INTERVAL } from './monitoring/prometheus.ts';
import { PrometheusOperator, type PrometheusOperatorOptions } from './monitoring/prometheus-operator.ts';
import { AlertRules } from './rules/alert-rules.ts';
import type { Jobs } from './rules/alerts.ts';
import type { AlertOptions } from './rules/options.ts';
import type { Tempo } from './tempo/tempo.ts';

export interface KubePrometheusStackOptions {
  /** @default - one pod without a disk, samples kept for 10 days */
  readonly server?: PrometheusOptions;
  /** @default - with its own defaults */
  readonly operator?: PrometheusOperatorOptions;
  /** @default - without a disk */
  readonly grafana?: GrafanaOptions;
  /**
   * `false`: nobody counts the cluster's objects.
   *
   * @default - with its own defaults
   */
  readonly kubeStateMetrics?: KubeStateMetricsOptions | false;
  /**
   * `false`: nobody measures the nodes.
   *
   * @default - on every node
   */
  readonly nodeExporter?: NodeExporterOptions | false;
  /**
   * Who tells people of alerts.
   *
   * @default - nobody: Prometheus and Grafana show them
   */
  readonly alertmanager?: AlertmanagerOptions;
  /**
   * When alerts fire; `false`: there are none.
   *
   * @default - those of docs/alerts.md, with their defaults
   */
  readonly alerts?: AlertOptions | false;
  /**
   * Whether Grafana has our dashboards.
   *
   * @default true
   */
  readonly dashboards?: boolean;
  /**
   * Image of tooltrail, which makes Grafana's password.
   *
   * @default - `tooltrail/tooltrail:<version of this package>`
   */
  readonly image?: string;
  /**
   * A kube-prometheus-stack that the cluster has already: only monitors, alerts, dashboards and a data source are written, for it to take up.
   * Options of its own parts are not taken then.
   *
   * @default - one of this stack's own
   */
  readonly attach?: AttachOptions;
}

export interface KubePrometheusStackProps extends KubePrometheusStackOptions {
  /** Namespace of all objects. */
  readonly namespace: string;
  /** Grafana's data source for traces. */
  readonly tempo: Tempo;
  /**
   * The collector that alerts and dashboards are about.
   *
   * @default - none
   */
  readonly collector?: OpenTelemetryCollector;
}

/** Name of the Prometheus of a release. */
export const prometheusName = (release: string): string => `${release}-prometheus`;

/** What an own stack has and one that is there brings itself. */
const OWN_PARTS = [
  'server',
  'operator',
  'grafana',
  'kubeStateMetrics',
  'nodeExporter',
  'alertmanager',
  'image',
] as const;

/**
 * Prometheus operator, Prometheus, Grafana, kube-state-metrics and node-exporter under the names of the kube-prometheus-stack chart; the
 * release is the construct's id. Alertmanager is there if it is asked for. The operator's CRDs are a prerequisite.
 */
export class KubePrometheusStack extends Construct {
  constructor(scope: Construct, id: string, props: KubePrometheusStackProps) {
    super(scope, id);
    const { namespace, tempo, collector, alerts = {}, attach } = props;
    const pipeline = [tempo.serviceName, ...(collector === undefined ? [] : [collector.serviceName])];
    const jobs: Jobs = { gateways: gatewayJob(namespace), pipeline };
    // Labels of a release that is there are its own: what keeps books by them would take ours for its.
    const instance = attach === undefined ? id : 'tooltrail';
    const own = props.dashboards === false ? [] : dashboards(jobs);
    if (attach === undefined) {
      this.#install(id, props, own);
    } else {
      new AttachedGrafana(this, 'grafana', { attach, instance, tempoUrl: tempo.queryUrl, dashboards: own });
    }
    gatewayMonitor(this, namespace, instance);
    if (alerts !== false) new AlertRules(this, 'alerts', { ...alerts, namespace, instance, jobs });
    this.node.addValidation({
      validate: () =>
        attach === undefined
          ? []
          : OWN_PARTS.filter((part) => props[part] !== undefined).map(
              (part) => `${part}: the stack that is attached to has its own: leave it out`,
            ),
    });
  }

  #install(id: string, props: KubePrometheusStackProps, own: ReturnType<typeof dashboards>): void {
    const { namespace, tempo, kubeStateMetrics = {}, nodeExporter = {} } = props;
    const part = (name: string) => ({ namespace, instance: id, name: `${id}-${name}` });
    const operator = new PrometheusOperator(this, 'operator', { ...props.operator, ...part('operator') });
    const alertmanager =
      props.alertmanager === undefined
        ? undefined
        : new Alertmanager(this, 'alertmanager', { ...props.alertmanager, ...part('alertmanager') });
    const prometheus = new Prometheus(this, 'prometheus', {
      ...props.server,
      ...part('prometheus'),
      ...(alertmanager === undefined ? {} : { alertmanager }),
    });
    const grafana = new Grafana(this, 'grafana', {
      ...props.grafana,
      ...part('grafana'),
      prometheusUrl: prometheus.url,
      tempoUrl: tempo.queryUrl,
      scrapeInterval: props.server?.scrapeInterval ?? SCRAPE_INTERVAL,
      ...(alertmanager === undefined ? {} : { alertmanagerUrl: alertmanager.url }),
      dashboards: own,
    });
    const image = props.image === undefined ? {} : { image: props.image };
    new GrafanaPassword(this, 'grafana-password', { namespace, instance: id, secretName: `${id}-grafana`, ...image });
    serviceMonitor(this, operator.component, 'http');
    serviceMonitor(this, prometheus.component, WEB_PORT);
    serviceMonitor(this, grafana.component, 'http-web');
    if (alertmanager !== undefined) serviceMonitor(this, alertmanager.component, WEB_PORT);
    // Rules and dashboards for the chart select by `job` kube-state-metrics and node-exporter, and by the labels of what these report on.
    if (kubeStateMetrics !== false) {
      const state = new KubeStateMetrics(this, 'kube-state-metrics', {
        ...kubeStateMetrics,
        ...part('kube-state-metrics'),
      });
      serviceMonitor(this, state.component, 'http', { jobLabel: 'app.kubernetes.io/name', honorLabels: true });
    }
    if (nodeExporter !== false) {
      const nodes = new NodeExporter(this, 'node-exporter', { ...nodeExporter, ...part('prometheus-node-exporter') });
      serviceMonitor(this, nodes.component, 'http-metrics', { jobLabel: JOB_LABEL });
    }
  }
}
