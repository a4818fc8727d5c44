import { callCount, callQuantile, callRatio, DENIED, FAILED, sumBy } from '../promql/calls.ts';
import { collectorCounter, foreign, is, isOneOf, series } from '../promql/series.ts';
import type { Thresholds } from './options.ts';

export interface Alert {
  readonly name: string;
  /** `critical`: clients notice. `warning`: they will, or some of them do. `info`: worth knowing. */
  readonly severity: 'critical' | 'warning' | 'info';
  readonly expression: string;
  /** How long it holds before it fires, as a Prometheus duration. */
  readonly for: string;
  /** One line, with the labels of what it is about. */
  readonly summary: string;
  /** What it means, and what to do first. */
  readonly runbook: string;
}

/** What is scraped, by the label `job`. */
export interface Jobs {
  readonly gateways: string;
  /** Of all that carries the trail: collector, Tempo, Prometheus. */
  readonly pipeline: readonly string[];
}

const TOOL = ['gateway', 'mcp_target', 'gen_ai_tool_name'] as const;
const OF_TOOL = '{{ $labels.gen_ai_tool_name }} of {{ $labels.mcp_target }} ({{ $labels.gateway }})';
const WINDOW = '10m';

/** All alerts: docs/alerts.md is made from them. */
export const alertsOf = (limits: Thresholds, jobs: Jobs): readonly Alert[] => {
  const isUsed = `${callCount(TOOL, WINDOW)} >= ${limits.minimumCalls}`;
  return [
    {
      name: 'McpToolErrorRatioHigh',
      severity: 'warning',
      expression: `${callRatio(TOOL, WINDOW, FAILED)} > ${limits.toolErrorRatio} and ${isUsed}`,
      for: '5m',
      summary: `{{ $value | humanizePercentage }} of the calls of ${OF_TOOL} fail`,
      runbook:
        'Calls of one tool fail: the tool reports errors (`tool_error`), its server answers with errors (`rpc_error`, `http_error`), or not in time (`timeout`). The dashboard “One tool” shows which outcome it is and links to failed traces; the error text is in the event of the span. If all tools of a target fail, look at McpTargetDown. What a policy denies or a client cancels does not count.',
    },
    {
      name: 'McpToolSlow',
      severity: 'warning',
      expression: `${callQuantile(0.95, TOOL, WINDOW)} > ${limits.toolP95Seconds} and ${isUsed}`,
      for: '5m',
      summary: `5 of 100 calls of ${OF_TOOL} take longer than {{ $value | humanizeDuration }}`,
      runbook:
        'The slowest calls of a tool take longer than they should. Follow an exemplar from the dashboard “One tool” to its trace: the CLIENT span is the time of the MCP server, what is left of the SERVER span is the gateway’s. If it is the server’s, its owner has to look; if it is the gateway’s, look at its processor time and at McpTargetDown.',
    },
    {
      name: 'McpTargetDown',
      severity: 'critical',
      expression: `max by (upstream) (${series('upstreamUp')}) == 0`,
      for: '5m',
      summary: 'No gateway reaches {{ $labels.upstream }}',
      runbook:
        'The last connection of every gateway to this backend failed: refused, no route, no name, or a certificate that is not accepted. The log of a gateway has the reason for each failed request (`error=`). Check that the server runs, that its name resolves from the gateway’s pod, and that no network policy is in the way.',
    },
    {
      name: 'McpGatewayDown',
      severity: 'critical',
      expression: `${foreign('up', { job: is(jobs.gateways) })} == 0`,
      for: '5m',
      summary: 'Prometheus cannot scrape {{ $labels.namespace }}/{{ $labels.pod }}',
      runbook:
        'A gateway’s pod is there but does not answer on its metrics port. Look at the pod: `kubectl describe pod`, its log, its restarts. If it serves requests all the same, a network policy keeps Prometheus from port 15020.',
    },
    {
      name: 'McpNoGatewayScraped',
      severity: 'critical',
      expression: `absent(${foreign('up', { job: is(jobs.gateways) })})`,
      for: '10m',
      summary: 'Prometheus finds no gateway at all',
      runbook:
        'No pod of the class is found: there is none, or Prometheus does not look. `kubectl get gateway -A` says whether one is programmed; the PodMonitor `tooltrail-gateways` has to be selected by the Prometheus object. Without scrapes none of the other alerts can fire.',
    },
    {
      name: 'McpTelemetryDown',
      severity: 'warning',
      expression: `${foreign('up', { job: isOneOf(...jobs.pipeline) })} == 0`,
      for: '5m',
      summary: 'Prometheus cannot scrape {{ $labels.namespace }}/{{ $labels.pod }} ({{ $labels.job }})',
      runbook:
        'Part of what carries the trail is down. Gateways keep spans for a while and then drop them (McpSpansDropped); requests are not affected. Look at the pod, its log and its memory: a Collector that is killed for memory needs more, or a smaller `tailSampling.traces`.',
    },
    {
      name: 'McpSpansDropped',
      severity: 'warning',
      expression: `${sumBy(['namespace', 'pod', 'policy', 'reason'], `increase(${series('spansDropped')}[${WINDOW}])`)} > 0`,
      for: '0m',
      summary: '{{ $labels.namespace }}/{{ $labels.pod }} dropped {{ $value | humanize }} spans ({{ $labels.reason }})',
      runbook:
        'Spans of a gateway never arrived, so some traces are incomplete or missing. `unreachable`: the collector of the policy is down or not reachable. `queue_full`: it is too slow: give it more replicas or sample less. `rejected`: it refused them, and its log says why. `shutdown`: a gateway ended before it could send. Metrics and logs of the calls are complete.',
    },
    {
      name: 'McpLogRecordsDropped',
      severity: 'warning',
      expression: `${sumBy(['namespace', 'pod', 'policy', 'reason'], `increase(${series('logRecordsDropped')}[${WINDOW}])`)} > 0`,
      for: '0m',
      summary:
        '{{ $labels.namespace }}/{{ $labels.pod }} dropped {{ $value | humanize }} access-log records ({{ $labels.reason }})',
      runbook: 'As McpSpansDropped, for the access log that is sent by OTLP. The log of the pod itself is complete.',
    },
    {
      name: 'McpCollectorLosesSpans',
      severity: 'warning',
      expression: `${sumBy(['namespace', 'pod', 'exporter'], `increase(${collectorCounter('exporter_(send_failed|enqueue_failed)_spans')}[${WINDOW}])`)} > 0`,
      for: '0m',
      summary:
        'The collector {{ $labels.pod }} could not pass {{ $value | humanize }} spans on to {{ $labels.exporter }}',
      runbook:
        'The Collector took spans that it could not hand on. Its log names the exporter and the error. If it is `otlp/tempo`, look at Tempo: whether it is ready, and whether its limits refuse traces.',
    },
    {
      name: 'McpConfigRejected',
      severity: 'warning',
      expression: `max by (namespace, pod) (${series('configFindings', { severity: is('error') })}) > 0`,
      for: '10m',
      summary: '{{ $labels.namespace }}/{{ $labels.pod }} refuses {{ $value }} of its objects',
      runbook:
        'Part of the configuration is wrong. Each object says what in its conditions: `kubectl get gateway,httproute,agentgatewaybackend,agentgatewaypolicy -A -o yaml`, or `tooltrail check` on files. The last good version of an object stays in force where there was one.',
    },
    {
      name: 'McpConfigMissing',
      severity: 'critical',
      expression: `min by (namespace, pod) (${series('configSynchronized')}) == 0`,
      for: '5m',
      summary: '{{ $labels.namespace }}/{{ $labels.pod }} has no configuration',
      runbook:
        'A gateway has not read its configuration yet and serves nothing. Its log says what it waits for: the Kubernetes API, a kind that is not defined, or rights (RBAC).',
    },
    {
      name: 'McpCallsDenied',
      severity: 'info',
      expression: `${callRatio(['gateway', 'route'], WINDOW, DENIED)} > ${limits.deniedRatio} and ${callCount(['gateway', 'route'], WINDOW)} >= ${limits.minimumCalls}`,
      for: '15m',
      summary:
        '{{ $value | humanizePercentage }} of the tool calls of {{ $labels.route }} ({{ $labels.gateway }}) are denied',
      runbook:
        'Policies deny many calls: an agent tries tools that it may not use, a rate limit is too low, or a rule is wrong. Audit records name principal, tool and rule of each; the dashboard “Who calls what” lists denied calls.',
    },
  ];
};
