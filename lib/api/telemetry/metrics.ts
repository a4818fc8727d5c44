/**
 * Every metric of the gateway, once: name, type, help, labels in order, buckets. Code, dashboards and alerts read it.
 * Source: the compatible system's metrics where the name begins with `agentgateway_`.
 */
export interface MetricDefinition {
  /** As Prometheus shows it, with the suffix of its type. */
  readonly name: string;
  readonly type: 'counter' | 'histogram' | 'gauge';
  readonly help: string;
  /** In the order of the output; labels that a policy adds follow. */
  readonly labels: readonly string[];
  /** Upper bounds in the metric's unit. */
  readonly buckets?: readonly number[];
}

/** What is printed for a label without a value, or with one that is not bounded. */
export const UNKNOWN = 'unknown';

const ROUTE_LABELS = ['bind', 'gateway', 'listener', 'route', 'route_rule'] as const;
const HTTP_LABELS = ['backend', 'protocol', 'method', 'status', 'reason', ...ROUTE_LABELS] as const;

export const METRICS = {
  mcpRequests: {
    name: 'agentgateway_mcp_requests_total',
    type: 'counter',
    help: 'MCP requests and notifications of clients.',
    labels: ['method', 'resource_type', 'server', 'resource', ...ROUTE_LABELS],
  },
  requests: {
    name: 'agentgateway_requests_total',
    type: 'counter',
    help: 'HTTP requests.',
    labels: HTTP_LABELS,
  },
  requestDuration: {
    name: 'agentgateway_request_duration_seconds',
    type: 'histogram',
    help: 'Time from the first byte of a request to the last of its response, in seconds.',
    labels: HTTP_LABELS,
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 80],
  },
  labelOverflows: {
    name: 'tooltrail_metric_label_overflows_total',
    help: 'Values of added labels that became "unknown", since the label had too many.',
    type: 'counter',
    labels: ['label'],
  },
  spansExported: {
    name: 'tooltrail_spans_exported_total',
    type: 'counter',
    help: 'Spans that a collector took.',
    labels: ['policy'],
  },
  spansDropped: {
    name: 'tooltrail_spans_dropped_total',
    type: 'counter',
    help: 'Spans that never arrived, by reason: queue_full, rejected, unreachable, shutdown.',
    labels: ['policy', 'reason'],
  },
  spanQueueSize: {
    name: 'tooltrail_span_queue_size',
    type: 'gauge',
    help: 'Spans waiting for export or in flight.',
    labels: ['policy'],
  },
  buildInfo: {
    name: 'agentgateway_build_info',
    type: 'gauge',
    help: 'Version of the gateway.',
    labels: ['tag'],
  },
} as const satisfies Record<string, MetricDefinition>;

/** Methods that become a label (RFC 9110 §9, RFC 5789); any other is `unknown`. */
export const HTTP_METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
]);
