/** Series of a test, in promtool's notation: `0+1x40` is 0, 1, 2 … 40, one value for every 15 s. */
type Series = Readonly<Record<string, string>>;

export interface AlertCase {
  /** What Prometheus has when it fires, and the labels and the line it then says. */
  readonly fires: {
    readonly series: Series;
    readonly labels: Readonly<Record<string, string>>;
    readonly summary: string;
  };
  /** What it has when all is well, or not bad enough: each on its own. */
  readonly silent: Readonly<Record<string, Series>>;
}

const GATEWAYS = 'telemetry/tooltrail-gateways';
const GATEWAY = 'agentgateway-system/mcp-gateway';
const POD = 'namespace="agentgateway-system",pod="mcp-gateway-1"';
const calls = (outcome: string, part = 'count', more = ''): string =>
  `mcp_server_operation_duration_seconds_${part}{mcp_method_name="tools/call",gen_ai_tool_name="get_me",mcp_target="github",` +
  `gateway="${GATEWAY}",route="agentgateway-system/mcp-route",outcome="${outcome}"${more}}`;
const TOOL = { gateway: GATEWAY, gen_ai_tool_name: 'get_me', mcp_target: 'github' };

/** Durations of calls that all end within a bucket's bound. */
const durations = (bound: number, pace: string): Series =>
  Object.fromEntries([
    ...[1, 2, 5, 10, 30].map((le) => [calls('ok', 'bucket', `,le="${le}"`), le >= bound ? pace : '0x120'] as const),
    [calls('ok', 'bucket', ',le="+Inf"'), pace],
    [calls('ok'), pace],
  ]);

/** One case for every alert: without one, the test of this table fails. */
export const ALERT_CASES: Readonly<Record<string, AlertCase>> = {
  McpToolErrorRatioHigh: {
    fires: {
      series: { [calls('ok')]: '0+3x120', [calls('tool_error')]: '0+1x120' },
      labels: { ...TOOL, severity: 'warning' },
      summary: `25% of the calls of get_me of github (${GATEWAY}) fail`,
    },
    silent: {
      'few fail': { [calls('ok')]: '0+19x120', [calls('tool_error')]: '0+1x120' },
      'denied and cancelled calls are no failures': {
        [calls('ok')]: '0+3x120',
        [calls('denied')]: '0+3x120',
        [calls('cancelled')]: '0+3x120',
      },
      'hardly a call': { [calls('tool_error')]: '0x60 0+1x2 2x60' },
    },
  },
  McpToolSlow: {
    fires: {
      series: durations(10, '0+4x120'),
      labels: { ...TOOL, severity: 'warning' },
      summary: `5 of 100 calls of get_me of github (${GATEWAY}) take longer than 9.75s`,
    },
    silent: {
      'fast enough': durations(5, '0+4x120'),
      'hardly a call': durations(10, '0x60 0+1x4 4x60'),
    },
  },
  McpTargetDown: {
    fires: {
      series: {
        'tooltrail_upstream_up{upstream="a/server/x",pod="1"}': '0x120',
        'tooltrail_upstream_up{upstream="a/server/x",pod="2"}': '0x120',
      },
      labels: { upstream: 'a/server/x', severity: 'critical' },
      summary: 'No gateway reaches a/server/x',
    },
    silent: {
      'one gateway reaches it': {
        'tooltrail_upstream_up{upstream="a/server/x",pod="1"}': '0x120',
        'tooltrail_upstream_up{upstream="a/server/x",pod="2"}': '1x120',
      },
      'for a moment': { 'tooltrail_upstream_up{upstream="a/server/x",pod="1"}': '1x60 0x8 1x60' },
    },
  },
  McpGatewayDown: {
    fires: {
      series: { [`up{job="${GATEWAYS}",${POD}}`]: '0x120' },
      labels: { job: GATEWAYS, namespace: 'agentgateway-system', pod: 'mcp-gateway-1', severity: 'critical' },
      summary: 'Prometheus cannot scrape agentgateway-system/mcp-gateway-1',
    },
    silent: {
      'it is up': { [`up{job="${GATEWAYS}",${POD}}`]: '1x120' },
      'something else is down': { [`up{job="other",${POD}}`]: '0x120' },
    },
  },
  McpNoGatewayScraped: {
    fires: {
      series: { 'up{job="other"}': '1x120' },
      labels: { job: GATEWAYS, severity: 'critical' },
      summary: 'Prometheus finds no gateway at all',
    },
    silent: {
      'one is there': { [`up{job="${GATEWAYS}",${POD}}`]: '1x120' },
      'one is there and down': { [`up{job="${GATEWAYS}",${POD}}`]: '0x120' },
    },
  },
  McpTelemetryDown: {
    fires: {
      series: { 'up{job="tempo",namespace="telemetry",pod="tempo-0"}': '0x120' },
      labels: { job: 'tempo', namespace: 'telemetry', pod: 'tempo-0', severity: 'warning' },
      summary: 'Prometheus cannot scrape telemetry/tempo-0 (tempo)',
    },
    silent: {
      'both are up': { 'up{job="tempo"}': '1x120', 'up{job="opentelemetry-collector-traces"}': '1x120' },
      'something else is down': { 'up{job="kube-state-metrics"}': '0x120' },
    },
  },
  McpSpansDropped: {
    fires: {
      series: { [`tooltrail_spans_dropped_total{policy="a/trail",reason="queue_full",${POD}}`]: '0x100 100x20' },
      labels: {
        namespace: 'agentgateway-system',
        pod: 'mcp-gateway-1',
        policy: 'a/trail',
        reason: 'queue_full',
        severity: 'warning',
      },
      summary: 'agentgateway-system/mcp-gateway-1 dropped 100 spans (queue_full)',
    },
    silent: {
      none: { [`tooltrail_spans_dropped_total{policy="a/trail",reason="queue_full",${POD}}`]: '0x120' },
      'long ago': { [`tooltrail_spans_dropped_total{policy="a/trail",reason="queue_full",${POD}}`]: '0x10 100x110' },
    },
  },
  McpLogRecordsDropped: {
    fires: {
      series: { [`tooltrail_log_records_dropped_total{policy="a/trail",reason="rejected",${POD}}`]: '0x100 100x20' },
      labels: {
        namespace: 'agentgateway-system',
        pod: 'mcp-gateway-1',
        policy: 'a/trail',
        reason: 'rejected',
        severity: 'warning',
      },
      summary: 'agentgateway-system/mcp-gateway-1 dropped 100 access-log records (rejected)',
    },
    silent: { none: { [`tooltrail_log_records_dropped_total{policy="a/trail",reason="rejected",${POD}}`]: '0x120' } },
  },
  McpCollectorLosesSpans: {
    fires: {
      series: {
        'otelcol_exporter_send_failed_spans_total{exporter="otlp/tempo",namespace="telemetry",pod="c-1"}':
          '0x100 10x20',
      },
      labels: { exporter: 'otlp/tempo', namespace: 'telemetry', pod: 'c-1', severity: 'warning' },
      summary: 'The collector c-1 could not pass 10 spans on to otlp/tempo',
    },
    silent: {
      none: { 'otelcol_exporter_send_failed_spans_total{exporter="otlp/tempo"}': '7x120' },
      'what is sent does not count': { 'otelcol_exporter_sent_spans_total{exporter="otlp/tempo"}': '0+1x120' },
    },
  },
  McpConfigRejected: {
    fires: {
      series: { [`tooltrail_config_findings{severity="error",${POD}}`]: '2x120' },
      labels: { namespace: 'agentgateway-system', pod: 'mcp-gateway-1', severity: 'warning' },
      summary: 'agentgateway-system/mcp-gateway-1 refuses 2 of its objects',
    },
    silent: {
      'only notes': { [`tooltrail_config_findings{severity="note",${POD}}`]: '2x120' },
      'none any more': { [`tooltrail_config_findings{severity="error",${POD}}`]: '2x80 0x40' },
    },
  },
  McpConfigMissing: {
    fires: {
      series: { [`agentgateway_config_synchronized{${POD}}`]: '0x120' },
      labels: { namespace: 'agentgateway-system', pod: 'mcp-gateway-1', severity: 'critical' },
      summary: 'agentgateway-system/mcp-gateway-1 has no configuration',
    },
    silent: { 'it has one': { [`agentgateway_config_synchronized{${POD}}`]: '0x4 1x116' } },
  },
  McpCallsDenied: {
    fires: {
      series: { [calls('ok')]: '0+1x120', [calls('denied')]: '0+1x120' },
      labels: { gateway: GATEWAY, route: 'agentgateway-system/mcp-route', severity: 'info' },
      summary: `50% of the tool calls of agentgateway-system/mcp-route (${GATEWAY}) are denied`,
    },
    silent: { 'few are': { [calls('ok')]: '0+9x120', [calls('denied')]: '0+1x120' } },
  },
};
