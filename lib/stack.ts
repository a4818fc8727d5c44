import { ApiObject, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { GatewayController, type GatewayControllerProps } from './agentgateway/controller.ts';
import { AgentgatewayCrds } from './agentgateway/crd/crds.ts';
import { PROMETHEUS_OPERATOR } from './api/telemetry/prometheus-operator.ts';
import { Namespace } from './core/namespace.ts';
import { NetworkPolicies, type NetworkPolicyOptions } from './network/network-policies.ts';
import { stackNetwork } from './network/stack.ts';
import { OpenTelemetryCollector, type OpenTelemetryCollectorProps } from './telemetry/collector/collector.ts';
import {
  KubePrometheusStack,
  type KubePrometheusStackOptions,
  prometheusName,
} from './telemetry/kube-prometheus-stack.ts';
import { attachLabels } from './telemetry/monitoring/attached.ts';
import { prometheusUrl } from './telemetry/monitoring/prometheus.ts';
import { Tempo, type TempoProps } from './telemetry/tempo/tempo.ts';

export interface McpObservabilityStackProps {
  /**
   * Namespace of the gateway and its objects.
   *
   * @default 'agentgateway-system'
   */
  readonly gatewayNamespace?: string;
  /**
   * Namespace of Tempo, the collector, Prometheus and Grafana.
   *
   * @default 'telemetry'
   */
  readonly telemetryNamespace?: string;
  /**
   * Who deploys the proxies of the Gateways: a controller in the cluster, which does so for every Gateway that is applied; or, if `false`,
   * a `GatewayWorkload` of yours for each.
   *
   * @default - a controller with its own defaults, in the namespace of the gateway
   */
  readonly controller?: Omit<GatewayControllerProps, 'namespace'> | false;
  /** @default - a single binary without persistence, that sends metrics of spans to the stack's Prometheus */
  readonly tempo?: Omit<TempoProps, 'namespace'>;
  /** @default - the post's pipeline */
  readonly collector?: Omit<OpenTelemetryCollectorProps, 'namespace' | 'tempo'>;
  /**
   * Prometheus, Grafana and what goes with them, or a stack of that kind that the cluster has already.
   *
   * @default - one of its own; tooltrail's image is that of the controller
   */
  readonly prometheus?: KubePrometheusStackOptions;
  /**
   * Who may talk to whom, where the cluster's network enforces it: the proxies in the gateway's namespace, the controller, and all of
   * telemetry. `false`: no policies.
   *
   * @default - exactly what the stack needs
   */
  readonly networkPolicies?: NetworkPolicyOptions | false;
}

const RELEASE = 'kube-prometheus-stack';

/**
 * The charts of a whole stack, in the order in which they are applied: CRDs of agentgateway.dev, namespaces, controller, secrets, gateway, Tempo, OpenTelemetry Collector,
 * kube-prometheus-stack, network policies. Secrets go into `secrets`, everything else of yours into `gateway`. The charts are direct children of `scope`,
 * because their ids are the names of the files: `0000-agentgateway-crds.k8s.yaml` and so on.
 */
export class McpObservabilityStack {
  /** For the constructs of Secrets. */
  readonly secrets: Chart;
  /** For Gateways, routes, backends, policies and the gateway's workload. */
  readonly gateway: Chart;
  readonly tempo: Tempo;
  /** What tracing policies send spans to. */
  readonly collector: OpenTelemetryCollector;
  readonly prometheus: KubePrometheusStack;

  constructor(scope: Construct, props: McpObservabilityStackProps = {}) {
    const { gatewayNamespace = 'agentgateway-system', telemetryNamespace: namespace = 'telemetry' } = props;
    const crds = new Chart(scope, 'agentgateway-crds');
    new AgentgatewayCrds(crds, 'agentgateway-crds');
    const namespaces = new Chart(scope, 'namespaces');
    // A field of its own makes kubectl its owner at the first apply: without one, the second apply would still change something.
    const labels = { 'app.kubernetes.io/part-of': 'tooltrail' };
    for (const name of new Set([gatewayNamespace, namespace])) new Namespace(namespaces, name, { labels });
    const controllers: Chart[] = [];
    let controllerName: string | undefined;
    if (props.controller !== false) {
      const chart = new Chart(scope, 'controller', { namespace: gatewayNamespace });
      const controller = new GatewayController(chart, 'controller', {
        ...props.controller,
        namespace: gatewayNamespace,
      });
      controllerName = controller.name;
      controllers.push(chart);
    }
    this.secrets = new Chart(scope, 'secrets', { namespace: gatewayNamespace });
    this.gateway = new Chart(scope, 'gateway', { namespace: gatewayNamespace });

    const tempo = new Chart(scope, 'tempo', { namespace });
    const { attach } = props.prometheus ?? {};
    const remote = attach === undefined ? prometheusUrl(prometheusName(RELEASE), namespace) : attach.remoteWriteUrl;
    const metricsGenerator = remote === undefined ? {} : { metricsGenerator: { prometheusUrl: remote } };
    this.tempo = new Tempo(tempo, 'tempo', { ...metricsGenerator, ...props.tempo, namespace });
    const collector = new Chart(scope, 'opentelemetry-collector-traces', { namespace });
    this.collector = new OpenTelemetryCollector(collector, 'opentelemetry-collector-traces', {
      grantName: 'allow-otel-collector-traces-access',
      ...props.collector,
      namespace,
      tempo: this.tempo,
    });
    const prometheus = new Chart(scope, RELEASE, { namespace });
    const image = props.controller === false ? undefined : props.controller?.image;
    this.prometheus = new KubePrometheusStack(prometheus, RELEASE, {
      ...(image === undefined || attach !== undefined ? {} : { image }),
      ...props.prometheus,
      namespace,
      tempo: this.tempo,
      collector: this.collector,
    });

    const policies: Chart[] = [];
    if (props.networkPolicies !== false) {
      const chart = new Chart(scope, 'network-policies');
      const network = stackNetwork({
        gatewayNamespace,
        telemetryNamespace: namespace,
        controller: controllerName,
        collector: this.collector.serviceName,
        collectorExports: Object.keys(props.collector?.exporters ?? {}).length > 0,
        tempo: this.tempo.serviceName,
        tempoReaches: props.tempo?.storage !== undefined || attach?.remoteWriteUrl !== undefined,
        prometheus: RELEASE,
        kubeStateMetrics: props.prometheus?.kubeStateMetrics !== false,
        alertmanager: props.prometheus?.alertmanager !== undefined,
        grafanaReaches: (props.prometheus?.grafana?.dataSources ?? []).length > 0,
        attached: attach?.namespace,
      });
      new NetworkPolicies(chart, 'network-policies', { ...network, ...props.networkPolicies });
      policies.push(chart);
    }

    if (attach !== undefined) labelMonitors([tempo, collector, prometheus], attachLabels(attach));
    const stack = [this.secrets, this.gateway, tempo, collector, prometheus];
    applyInOrder([crds, namespaces, ...controllers, ...stack, ...policies]);
  }
}

/** By its labels, a stack that is there selects what it scrapes and watches. */
const labelMonitors = (charts: readonly Chart[], labels: Readonly<Record<string, string>>): void => {
  for (const node of charts.flatMap((chart) => chart.node.findAll())) {
    if (!ApiObject.isApiObject(node) || node.apiGroup !== PROMETHEUS_OPERATOR.group) continue;
    for (const [name, value] of Object.entries(labels)) node.metadata.addLabel(name, value);
  }
};

const applyInOrder = (charts: readonly Chart[]): void => {
  for (const [index, chart] of charts.entries()) {
    const previous = charts[index - 1];
    if (previous !== undefined) chart.addDependency(previous);
  }
};
