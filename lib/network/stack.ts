import { GATEWAY_CLASS } from '../api/kinds.ts';
import { PORTS } from '../api/ports.ts';
import { operatedPods } from '../api/telemetry/prometheus-operator.ts';
import type { Arrow, Member } from './arrows.ts';
import type { Pods } from './peers.ts';

/** The parts of a stack, as far as they talk. */
export interface StackNetwork {
  /** Namespace of the Gateways whose proxies are confined, and of the controller. */
  readonly gatewayNamespace: string;
  readonly telemetryNamespace: string;
  /** Name of the controller; absent: there is none. */
  readonly controller: string | undefined;
  /** Release of the collector: its name, and that of all its tiers. */
  readonly collector: string;
  /** The collector sends to others than Tempo. */
  readonly collectorExports: boolean;
  readonly tempo: string;
  /** Tempo keeps its blocks in object storage, or writes metrics to a Prometheus of others. */
  readonly tempoReaches: boolean;
  /** Release of Prometheus, Grafana and all that goes with them. */
  readonly prometheus: string;
  /** There are kube-state-metrics of the release. */
  readonly kubeStateMetrics: boolean;
  /** There is an Alertmanager of the release. */
  readonly alertmanager: boolean;
  /** Grafana asks others than Prometheus and Tempo. */
  readonly grafanaReaches: boolean;
  /** Namespace of a Prometheus and a Grafana that were there before; absent: they are of the release. */
  readonly attached: string | undefined;
}

const NAME = 'app.kubernetes.io/name';
const INSTANCE = 'app.kubernetes.io/instance';
const ANY_POD: Pods = { name: 'any pod of the cluster', labels: {} };
/** Of TCP. */
const LAST_PORT = 65_535;

/** Who is in a stack, and who talks to whom: docs/stack.md has them as a table. */
export const stackNetwork = (
  options: StackNetwork,
): { readonly members: readonly Member[]; readonly arrows: readonly Arrow[] } => {
  const { gatewayNamespace, telemetryNamespace: namespace, prometheus: release } = options;
  const gatewayLabels = { 'gateway.networking.k8s.io/gateway-class-name': GATEWAY_CLASS };
  const part = (name: string, app: string) => ({ name, namespace, labels: { [NAME]: app, [INSTANCE]: release } });
  const ofInstance = (name: string) => ({ name, namespace, labels: { [INSTANCE]: name } });

  const gateways = { name: 'gateways', namespace: gatewayNamespace, labels: gatewayLabels };
  const controllers = options.controller === undefined ? [] : [options.controller];
  const collector = ofInstance(options.collector);
  const tempo = ofInstance(options.tempo);
  const prometheusName = `${release}-prometheus`;
  // What a stack that was there calls itself is not known: whatever Prometheus its namespace has.
  const prometheus =
    options.attached === undefined
      ? {
          name: prometheusName,
          namespace,
          labels: operatedPods.Prometheus(prometheusName),
        }
      : { name: 'prometheus', namespace: options.attached, labels: { [NAME]: 'prometheus' } };
  const grafana =
    options.attached === undefined
      ? part(`${release}-grafana`, 'grafana')
      : { name: 'grafana', namespace: options.attached, labels: { [NAME]: 'grafana' } };
  const password = part(`${release}-grafana-password`, 'grafana-password');
  const operator = part(`${release}-operator`, 'kube-prometheus-stack-prometheus-operator');
  const state = part(`${release}-kube-state-metrics`, 'kube-state-metrics');
  const alertmanagerName = `${release}-alertmanager`;
  const alertmanager = {
    name: alertmanagerName,
    namespace,
    labels: operatedPods.Alertmanager(alertmanagerName),
  };
  const own: readonly Member[] = [
    // It takes monitors of every namespace.
    { pods: prometheus, reach: 'anywhere' },
    { pods: grafana, reach: options.grafanaReaches ? 'anywhere' : 'stack' },
    { pods: password, reach: 'api' },
    { pods: operator, reach: 'api' },
    ...(options.kubeStateMetrics ? [{ pods: state, reach: 'api' } as const] : []),
    // Whom it tells is configured elsewhere.
    ...(options.alertmanager ? [{ pods: alertmanager, reach: 'anywhere' } as const] : []),
  ];

  const members: readonly Member[] = [
    // MCP servers are anywhere; so is who calls tools. What only Prometheus may ask for stands among the arrows.
    {
      pods: gateways,
      reach: 'anywhere',
      open: [
        { port: 1, endPort: PORTS.stats - 1 },
        { port: PORTS.readiness, endPort: LAST_PORT },
      ],
    },
    ...controllers.map(
      (name): Member => ({ pods: { name, namespace: gatewayNamespace, labels: { [NAME]: name } }, reach: 'api' }),
    ),
    { pods: collector, reach: options.collectorExports ? 'anywhere' : 'stack' },
    { pods: tempo, reach: options.tempoReaches ? 'anywhere' : 'stack' },
    ...(options.attached === undefined ? own : []),
  ];
  const arrows: readonly Arrow[] = [
    // Gateways, and agents and servers with spans of their own: a trace begins where the prompt came from.
    { from: ANY_POD, to: collector, ports: [PORTS.otlpGrpc, PORTS.otlpHttp] },
    { from: collector, to: collector, ports: [PORTS.otlpGrpc] },
    { from: collector, to: tempo, ports: [PORTS.otlpGrpc] },
    { from: tempo, to: tempo, ports: [PORTS.tempoGrpc, PORTS.tempoGossip, PORTS.tempoHttp] },
    { from: tempo, to: prometheus, ports: [PORTS.prometheus] },
    { from: grafana, to: tempo, ports: [PORTS.tempoHttp] },
    { from: grafana, to: prometheus, ports: [PORTS.prometheus] },
    { from: prometheus, to: gateways, ports: [PORTS.stats] },
    { from: prometheus, to: collector, ports: [PORTS.collectorMetrics] },
    { from: prometheus, to: tempo, ports: [PORTS.tempoHttp] },
    { from: prometheus, to: grafana, ports: [PORTS.grafana] },
    { from: prometheus, to: alertmanager, ports: [PORTS.alertmanager] },
    { from: grafana, to: alertmanager, ports: [PORTS.alertmanager] },
    { from: alertmanager, to: alertmanager, ports: [PORTS.alertmanagerGossip], udp: true },
    { from: prometheus, to: operator, ports: [PORTS.prometheusOperator] },
    { from: prometheus, to: state, ports: [PORTS.kubeStateMetrics, PORTS.kubeStateMetricsTelemetry] },
  ];
  const absent = [
    ...(options.alertmanager ? [] : [alertmanager.name]),
    ...(options.kubeStateMetrics ? [] : [state.name]),
  ];
  const isThere = ({ name }: Pods): boolean => !absent.includes(name);
  return { members, arrows: arrows.filter(({ from, to }) => isThere(from) && isThere(to)) };
};
