export { AgentgatewayBackend, type AgentgatewayBackendProps } from './agentgateway/backend.ts';
export type { OtlpCollector } from './agentgateway/collector.ts';
export { GatewayController, type GatewayControllerProps } from './agentgateway/controller.ts';
export { AgentgatewayCrds } from './agentgateway/crd/crds.ts';
export type {
  AccessLogProps,
  AttributeProps,
  ExportProps,
  FrontendProps,
  LogExportProps,
  MetricsProps,
  NamedExpressions,
  TracingProps,
} from './agentgateway/frontend.ts';
export type { McpTargetProps } from './agentgateway/mcp-target.ts';
export {
  AgentgatewayParameters,
  type AgentgatewayParametersProps,
  type AutoscalingProps,
} from './agentgateway/parameters.ts';
export { AgentgatewayPolicy, type AgentgatewayPolicyProps } from './agentgateway/policy.ts';
export type { AuditProps, CaptureProps, TrailProps } from './agentgateway/trail.ts';
export { GatewayWorkload, type GatewayWorkloadProps } from './agentgateway/workload/workload.ts';
export {
  CAPTURES,
  POLICY_ANNOTATIONS,
  TRACE_CONTEXT_MODES,
  type TraceContextMode,
} from './api/agentgateway/annotations.ts';
export { GATEWAY_CLASS, GROUPS, KINDS, type KindInfo } from './api/kinds.ts';
export { PORTS, RESERVED_PORTS } from './api/ports.ts';
export type { ObjectProps } from './core/metadata.ts';
export { Namespace, type NamespaceProps } from './core/namespace.ts';
export { type SecretKey, SecretReference, type SecretReferenceProps } from './core/secret.ts';
export type { Attachment } from './gateway-api/attachment.ts';
export {
  type DeploymentParameters,
  Gateway,
  type GatewayProps,
  type ListenerProps,
  type ListenerReference,
} from './gateway-api/gateway.ts';
export {
  HttpRoute,
  type HttpRouteProps,
  type HttpRouteRuleProps,
  type RouteBackend,
  type WeightedBackend,
} from './gateway-api/http-route.ts';
export { pathExact, pathPrefix } from './gateway-api/match.ts';
export {
  ReferenceGrant,
  type ReferenceGrantProps,
  type ReferenceSource,
  type ReferenceTarget,
} from './gateway-api/reference-grant.ts';
export type { NetworkPolicyOptions } from './network/network-policies.ts';
export { McpObservabilityStack, type McpObservabilityStackProps } from './stack.ts';
export { OpenTelemetryCollector, type OpenTelemetryCollectorProps } from './telemetry/collector/collector.ts';
export type { Verbosity } from './telemetry/collector/config.ts';
export type { ExporterProps, ExporterTls, OtlpExporterProps, Signal } from './telemetry/collector/exporters.ts';
export type { RedactionProps } from './telemetry/collector/redaction.ts';
export type { TailSamplingProps } from './telemetry/collector/tail-sampling.ts';
export type { DataSource } from './telemetry/grafana/data-sources.ts';
export type { GrafanaOptions } from './telemetry/grafana/grafana.ts';
export {
  KubePrometheusStack,
  type KubePrometheusStackOptions,
  type KubePrometheusStackProps,
} from './telemetry/kube-prometheus-stack.ts';
export type { AlertmanagerOptions } from './telemetry/monitoring/alertmanager.ts';
export type { AttachOptions } from './telemetry/monitoring/attached.ts';
export type { KubeStateMetricsOptions } from './telemetry/monitoring/kube-state-metrics.ts';
export type { NodeExporterOptions } from './telemetry/monitoring/node-exporter.ts';
export type { PrometheusOptions } from './telemetry/monitoring/prometheus.ts';
export type { PrometheusOperatorOptions } from './telemetry/monitoring/prometheus-operator.ts';
export type { PartProps, Toleration } from './telemetry/pods/part.ts';
export type { PersistenceProps } from './telemetry/pods/persistence.ts';
export type { ResourceProps } from './telemetry/pods/resources.ts';
export type { AlertOptions } from './telemetry/rules/options.ts';
export type { MetricsGeneratorProps } from './telemetry/tempo/config.ts';
export type { DistributedTempoProps, TempoComponentProps } from './telemetry/tempo/distributed.ts';
export type { AzureStorage, GcsStorage, ObjectStorage, S3Storage } from './telemetry/tempo/storage.ts';
export { Tempo, type TempoProps } from './telemetry/tempo/tempo.ts';
