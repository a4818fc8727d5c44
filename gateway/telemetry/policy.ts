import type { TraceContextMode } from '../../lib/api/agentgateway/annotations.ts';
import type { CelExpression } from '../../lib/cel/expression.ts';
import type { CapturePolicy } from './capture/redact.ts';

/** What one listener reports, compiled from the AgentgatewayPolicy objects that target it. */
export interface TelemetryPolicy {
  readonly tracing?: TracingPolicy;
  readonly accessLog?: AccessLogPolicy;
  /** Labels appended to the request metrics, in order. */
  readonly metricLabels: readonly NamedExpression[];
  /** Whether audit records are written; absent: as the gateway is told. */
  readonly audit?: boolean;
  /** Who called, for them. */
  readonly principal?: CelExpression;
}

export interface NamedExpression {
  readonly name: string;
  readonly expression: CelExpression;
}

/** `attributes.add` and `attributes.remove`. */
export interface AttributeRules {
  readonly add: readonly NamedExpression[];
  readonly remove: ReadonlySet<string>;
}

/** What goes to a collector, and as what. */
export interface ExportPolicy {
  /** `namespace/name` of the policy object: names it in logs and drop counters. */
  readonly policy: string;
  readonly collector: Collector;
  /** OpenTelemetry resource, evaluated once at compile time, in order; `service.name` falls back to the Gateway's name. */
  readonly resource: readonly ResourceAttribute[];
}

export interface TracingPolicy extends ExportPolicy {
  /** Of the client; absent: as the gateway is told. */
  readonly traceContext?: TraceContextMode;
  /** Spans of requests that fail are exported whatever sampling said; absent: as the gateway is told. */
  readonly keepErrors?: boolean;
  /** Decides when the request carries a trace context that is not ignored. */
  readonly clientSampling: Sampling;
  /** Decides when it does not. */
  readonly randomSampling: Sampling;
  /** Keeps a finished request's spans when it evaluates to true. */
  readonly filter?: CelExpression;
  readonly attributes: AttributeRules;
  /** Absent: nothing. */
  readonly capture?: CapturePolicy;
}

/** A constant decision or probability, or an expression that yields one; folded at compile time where it can be. */
export type Sampling = boolean | number | CelExpression;

export type AttributeValue = string | boolean | number | bigint;

export interface ResourceAttribute {
  readonly name: string;
  readonly value: AttributeValue;
}

/** Where spans or log records go. Two policies with equal collector and resource share one exporter. */
export interface Collector {
  readonly protocol: 'GRPC' | 'HTTP';
  readonly host: string;
  readonly port: number;
  /** Absent: plain text. */
  readonly tls?: CollectorTls | undefined;
  /** OTLP/HTTP request path. */
  readonly path: string;
  /** Header fields of each request, names in lower case; the values are secrets. */
  readonly credentials?: readonly { readonly name: string; readonly value: string }[];
}

export interface CollectorTls {
  /** Name that is sent and that the certificate is checked against. */
  readonly sni: string;
  /** PEM; absent: the well-known roots. */
  readonly ca?: string | undefined;
  /** What the gateway shows of itself, PEM; the key is a secret. */
  readonly certificate?: { readonly certificate: string; readonly key: string } | undefined;
  /** `all` (the default): chain and name; `chain`: without the name; `none`: nothing. */
  readonly verify?: 'all' | 'chain' | 'none' | undefined;
  /** One of these has to be in the certificate, in place of `sni`. */
  readonly subjectAltNames?: readonly string[] | undefined;
}

export interface AccessLogPolicy {
  readonly policy: string;
  /** Logs a request when it evaluates to true. */
  readonly filter?: CelExpression;
  readonly attributes: AttributeRules;
  /** Absent: nothing. */
  readonly capture?: CapturePolicy;
  /** Where log records go besides standard output. */
  readonly otlp?: LogExportPolicy;
}

/** The access log for a collector. */
export interface LogExportPolicy extends ExportPolicy {
  /** Exports a request when it evaluates to true. */
  readonly filter?: CelExpression;
  readonly attributes: AttributeRules;
}
