import { Construct } from 'constructs';
import type { OpenTelemetryCollector } from './collector/collector.ts';
import { dashboards } from './dashboards/all.ts';
import { Grafana } from './grafana.ts';
import { GrafanaPassword } from './grafana-password.ts';
import { KubeStateMetrics } from './kube-state-metrics.ts';
import { gatewayJob, gatewayMonitor, serviceMonitor } from './monitors.ts';
import { JOB_LABEL, NodeExporter } from './node-exporter.ts';
import { Prometheus } from './prometheus.ts';
import { PrometheusOperator } from './prometheus-operator.ts';
import { AlertRules } from './rules/alert-rules.ts';
import type { AlertOptions } from './rules/options.ts';
import type { Tempo } from './tempo/tempo.ts';

export interface KubePrometheusStackProps {
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
}

/** Name of the Prometheus of a release. */
export const prometheusName = (release: string): string => `${release}-prometheus`;

/**
 * Prometheus operator, Prometheus, Grafana, kube-state-metrics and node-exporter under the names of the kube-prometheus-stack chart; the
 * release is the construct's id. Alertmanager is off. The operator's CRDs are a prerequisite.
 */
export class KubePrometheusStack extends Construct {
  /** Base URL of Prometheus. */
  readonly prometheusUrl: string;

  constructor(scope: Construct, id: string, props: KubePrometheusStackProps) {
    super(scope, id);
    const { namespace, tempo, collector } = props;
    const pipeline = [tempo.serviceName, ...(collector === undefined ? [] : [collector.serviceName])];
    const jobs = { gateways: gatewayJob(namespace), pipeline };
    const common = { namespace, instance: id };
    const operator = new PrometheusOperator(this, 'operator', { ...common, name: `${id}-operator` });
    const prometheus = new Prometheus(this, 'prometheus', { ...common, name: prometheusName(id) });
    this.prometheusUrl = prometheus.url;
    const state = new KubeStateMetrics(this, 'kube-state-metrics', { ...common, name: `${id}-kube-state-metrics` });
    const nodes = new NodeExporter(this, 'node-exporter', { ...common, name: `${id}-prometheus-node-exporter` });
    new Grafana(this, 'grafana', {
      ...common,
      name: `${id}-grafana`,
      prometheusUrl: prometheus.url,
      tempoUrl: tempo.queryUrl,
      dashboards: props.dashboards === false ? [] : dashboards(jobs),
    });
    const image = props.image === undefined ? {} : { image: props.image };
    new GrafanaPassword(this, 'grafana-password', { ...common, secretName: `${id}-grafana`, ...image });
    serviceMonitor(this, operator.component, 'http');
    serviceMonitor(this, prometheus.component, 'http-web');
    // Rules and dashboards for the chart select by `job` kube-state-metrics and node-exporter, and by the labels of what these report on.
    serviceMonitor(this, state.component, 'http', { jobLabel: 'app.kubernetes.io/name', honorLabels: true });
    serviceMonitor(this, nodes.component, 'http-metrics', { jobLabel: JOB_LABEL });
    gatewayMonitor(this, namespace, id);
    const { alerts = {} } = props;
    if (alerts !== false) new AlertRules(this, 'alerts', { ...alerts, ...common, jobs });
  }
}
