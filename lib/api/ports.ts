/**
 * Every port of the stack, once. Containers, Services, monitors, probes, the gateway's own listeners and the docs read them here.
 * Source: the gateway's contract (15000, 15020, 15021), OTLP (4317, 4318), and the post's objects.
 */
export const PORTS = {
  /** Gateway, admin interface, loopback only. */
  admin: 15000,
  /** Gateway, `/metrics`. */
  stats: 15020,
  /** Gateway, `/healthz/ready`. */
  readiness: 15021,
  /** OTLP over gRPC. */
  otlpGrpc: 4317,
  /** OTLP over HTTP. */
  otlpHttp: 4318,
  /** OpenTelemetry Collector, health check. */
  collectorHealth: 13133,
  /** OpenTelemetry Collector, its own metrics. */
  collectorMetrics: 8888,
  /** Tempo, query API. */
  tempoHttp: 3100,
  /** Tempo, between its components. */
  tempoGrpc: 9095,
  /** Tempo, by which its components find one another. */
  tempoGossip: 7946,
  /** Prometheus, query API. */
  prometheus: 9090,
  /** Alertmanager. */
  alertmanager: 9093,
  /** Alertmanager, between its pods. */
  alertmanagerGossip: 9094,
  /** Grafana, inside its pod. */
  grafana: 3000,
  /** Grafana, its Service. */
  grafanaService: 80,
  /** kube-state-metrics. */
  kubeStateMetrics: 8080,
  /** kube-state-metrics, about itself, and whether it is ready. */
  kubeStateMetricsTelemetry: 8081,
  /** node-exporter. */
  nodeExporter: 9100,
  /** prometheus-operator, its own metrics. */
  prometheusOperator: 8080,
} as const;

/** Ports of the gateway itself; a Gateway listener must not use them. */
export const RESERVED_PORTS: readonly number[] = [PORTS.admin, PORTS.stats, PORTS.readiness];
