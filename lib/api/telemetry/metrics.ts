/**
 * Every metric of the gateway, once: name, type, help, labels in order, buckets. Code, dashboards and alerts read it.
 * Sources: the compatible system's metrics where the name begins with `agentgateway_`; OpenTelemetry semantic conventions for MCP and HTTP
 * where it begins with `mcp_` or `http_`, as Prometheus spells them.
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
/** The same in metrics of the semantic conventions, where a label without a value is left out. */
export const OTHER = '_OTHER';

const ROUTE_LABELS = ['bind', 'gateway', 'listener', 'route', 'route_rule'] as const;
const HTTP_LABELS = ['backend', 'protocol', 'method', 'status', 'reason', ...ROUTE_LABELS] as const;
const TCP_LABELS = ['bind', 'gateway', 'listener', 'protocol'] as const;
/** Of an MCP operation, in the order in which the code has them. */
export const OPERATION_LABELS = [
  'mcp_method_name',
  'gen_ai_tool_name',
  'gen_ai_prompt_name',
  'mcp_target',
  'mcp_protocol_version',
  'error_type',
  'rpc_response_status_code',
] as const;

const REQUEST_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 80];
const PROCESSING_SECONDS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25];
const CONNECT_SECONDS = [0.0005, 0.0015, 0.0043, 0.0126, 0.0368, 0.108, 0.316, 0.924, 2.71, 8];
const OPERATION_SECONDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
const SIZES = [256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304];

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
    buckets: REQUEST_SECONDS,
  },
  responseBytes: {
    name: 'agentgateway_response_bytes_total',
    type: 'counter',
    help: 'Bytes of response bodies.',
    labels: HTTP_LABELS,
  },
  retries: {
    name: 'agentgateway_retries_total',
    type: 'counter',
    help: 'Further attempts at backends to which no connection came about.',
    labels: HTTP_LABELS,
  },
  requestProcessing: {
    name: 'agentgateway_request_processing_seconds',
    type: 'histogram',
    help: 'Time from the first byte of a request until its backend is called, in seconds.',
    labels: ['backend', ...ROUTE_LABELS],
    buckets: PROCESSING_SECONDS,
  },
  responseProcessing: {
    name: 'agentgateway_response_processing_seconds',
    type: 'histogram',
    help: 'Time from the last byte of a backend to the last of the response, in seconds.',
    labels: ['backend', ...ROUTE_LABELS],
    buckets: PROCESSING_SECONDS,
  },
  upstreamCallDuration: {
    name: 'agentgateway_upstream_call_duration_seconds',
    type: 'histogram',
    help: 'Time from a call of a backend to the header of its response, in seconds.',
    labels: ['kind', 'subtype'],
    buckets: REQUEST_SECONDS,
  },
  upstreamConnectDuration: {
    name: 'agentgateway_upstream_connect_duration_seconds',
    type: 'histogram',
    help: 'Time that connecting to a backend took, name resolution and TLS included, in seconds.',
    labels: ['transport'],
    buckets: CONNECT_SECONDS,
  },
  tlsHandshakeDuration: {
    name: 'agentgateway_tls_handshake_duration_seconds',
    type: 'histogram',
    help: 'Time that the TLS handshake of a client took, in seconds.',
    labels: TCP_LABELS,
    buckets: CONNECT_SECONDS,
  },
  downstreamConnections: {
    name: 'agentgateway_downstream_connections_total',
    type: 'counter',
    help: 'Connections of clients.',
    labels: TCP_LABELS,
  },
  downstreamReceivedBytes: {
    name: 'agentgateway_downstream_received_bytes_total',
    type: 'counter',
    help: 'Bytes received on connections of clients that have ended.',
    labels: TCP_LABELS,
  },
  downstreamSentBytes: {
    name: 'agentgateway_downstream_sent_bytes_total',
    type: 'counter',
    help: 'Bytes sent on connections of clients that have ended.',
    labels: TCP_LABELS,
  },
  serverOperation: {
    name: 'mcp_server_operation_duration_seconds',
    type: 'histogram',
    help: 'Time from the receipt of an MCP request or notification to the end of its answer, in seconds.',
    labels: [...OPERATION_LABELS, 'outcome', ...ROUTE_LABELS],
    buckets: OPERATION_SECONDS,
  },
  clientOperation: {
    name: 'mcp_client_operation_duration_seconds',
    type: 'histogram',
    help: 'Time from sending an MCP request or notification to a target to the end of its answer, in seconds.',
    labels: [...OPERATION_LABELS, ...ROUTE_LABELS],
    buckets: OPERATION_SECONDS,
  },
  sessionDuration: {
    name: 'mcp_server_session_duration_seconds',
    type: 'histogram',
    help: 'Time from the beginning of an MCP session to its end, or its last request if nobody ended it, in seconds.',
    labels: ['mcp_protocol_version', 'gateway'],
    buckets: OPERATION_SECONDS,
  },
  requestSize: {
    name: 'http_server_request_body_size_bytes',
    type: 'histogram',
    help: 'Sizes of request bodies.',
    labels: ['backend', ...ROUTE_LABELS],
    buckets: SIZES,
  },
  responseSize: {
    name: 'http_server_response_body_size_bytes',
    type: 'histogram',
    help: 'Sizes of response bodies.',
    labels: ['backend', ...ROUTE_LABELS],
    buckets: SIZES,
  },
  activeSessions: {
    name: 'tooltrail_mcp_active_sessions',
    type: 'gauge',
    help: 'MCP sessions with a request at this gateway within the last 30 minutes, and not ended.',
    labels: [],
  },
  activeStreams: {
    name: 'tooltrail_mcp_active_streams',
    type: 'gauge',
    help: 'Streams on which clients listen to MCP servers (GET).',
    labels: [],
  },
  upstreamUp: {
    name: 'tooltrail_upstream_up',
    type: 'gauge',
    help: '1 if connecting to the backend went well the last time, else 0.',
    labels: ['upstream'],
  },
  labelOverflows: {
    name: 'tooltrail_metric_label_overflows_total',
    help: 'Values of labels that became "unknown" or "_OTHER", since there were too many.',
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
  logRecordsExported: {
    name: 'tooltrail_log_records_exported_total',
    type: 'counter',
    help: 'Access-log records that a collector took.',
    labels: ['policy'],
  },
  logRecordsDropped: {
    name: 'tooltrail_log_records_dropped_total',
    type: 'counter',
    help: 'Access-log records that never arrived, by reason: queue_full, rejected, unreachable, shutdown.',
    labels: ['policy', 'reason'],
  },
  logRecordQueueSize: {
    name: 'tooltrail_log_record_queue_size',
    type: 'gauge',
    help: 'Access-log records waiting for export or in flight.',
    labels: ['policy'],
  },
  configSynchronized: {
    name: 'agentgateway_config_synchronized',
    type: 'gauge',
    help: '1 once a configuration is served, else 0.',
    labels: [],
  },
  configApplied: {
    name: 'tooltrail_config_applied_timestamp_seconds',
    type: 'gauge',
    help: 'When the configuration that is served was applied, in seconds of the Unix epoch.',
    labels: [],
  },
  configFindings: {
    name: 'tooltrail_config_findings',
    type: 'gauge',
    help: 'What is wrong with the configuration or worth knowing, by severity.',
    labels: ['severity'],
  },
  buildInfo: {
    name: 'agentgateway_build_info',
    type: 'gauge',
    help: 'Version of the gateway.',
    labels: ['tag'],
  },
} as const satisfies Record<string, MetricDefinition>;

/** Labels that request metrics have already: none that a policy adds may be called so. */
export const REQUEST_LABELS: ReadonlySet<string> = new Set([
  ...METRICS.mcpRequests.labels,
  ...HTTP_LABELS,
  ...METRICS.serverOperation.labels,
  'le',
]);

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
