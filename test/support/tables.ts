import { REQUEST_ATTRIBUTES, STANDARD_ATTRIBUTES } from '../../lib/api/telemetry/attributes.ts';
import { METRICS, type MetricDefinition } from '../../lib/api/telemetry/metrics.ts';
import { stackNetwork } from '../../lib/network/stack.ts';
import { gatewayJob } from '../../lib/telemetry/monitoring/monitors.ts';
import { alertsOf } from '../../lib/telemetry/rules/alerts.ts';
import { DEFAULT_THRESHOLDS } from '../../lib/telemetry/rules/options.ts';

/** Tables of docs/, made from those of the code. */
const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;
const rows = (head: readonly string[], lines: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const metrics = (): string =>
  rows(
    ['metric', 'type', 'labels', ''],
    (Object.values(METRICS) as readonly MetricDefinition[]).map(({ name, type, labels, help }) => [
      code(name),
      type,
      labels.map(code).join(' '),
      help,
    ]),
  );

const attributes = (): string =>
  rows(
    ['attribute', 'from'],
    [
      ...Object.values(REQUEST_ATTRIBUTES).map((name) => [code(name), 'the compatible system']),
      ...Object.values(STANDARD_ATTRIBUTES).map((name) => [code(name), 'OpenTelemetry semantic conventions']),
    ],
  );

const alerts = (): string =>
  alertsOf(DEFAULT_THRESHOLDS, {
    gateways: gatewayJob('telemetry'),
    pipeline: ['tempo', 'opentelemetry-collector-traces'],
  })
    .map(({ name, severity, for: period, expression, runbook }) =>
      [`## ${name}`, '', `${severity}, after ${period}`, '', '```promql', expression, '```', '', runbook].join('\n'),
    )
    .join('\n\n');

const arrows = (): string => {
  const network = stackNetwork({
    gatewayNamespace: 'agentgateway-system',
    telemetryNamespace: 'telemetry',
    controller: 'tooltrail-controller',
    collector: 'opentelemetry-collector-traces',
    collectorExports: false,
    tempo: 'tempo',
    tempoReaches: false,
    prometheus: 'kube-prometheus-stack',
    kubeStateMetrics: true,
    alertmanager: false,
    grafanaReaches: false,
    attached: undefined,
  });
  return rows(
    ['from', 'to', 'ports'],
    network.arrows.map(({ from, to, ports }) => [from.name, to.name, ports.join(', ')]),
  );
};

/** What stands between `<!-- NAME: … -->` and `<!-- /NAME -->` of which file. */
export const TABLES = {
  metrics: { file: 'docs/telemetry.md', make: metrics },
  attributes: { file: 'docs/telemetry.md', make: attributes },
  arrows: { file: 'docs/stack.md', make: arrows },
  alerts: { file: 'docs/alerts.md', make: alerts },
} as const;

/** The text with what is between the marks replaced. @throws {Error} if they are not there */
export const withTable = (text: string, name: string, table: string): string => {
  const marks = new RegExp(`(<!-- ${name}: [^\\n]*-->\\n)[\\s\\S]*?(\\n<!-- /${name} -->)`);
  if (!marks.test(text)) throw new Error(`no marks for ${name}`);
  return text.replace(marks, (_, first: string, last: string) => `${first}${table}${last}`);
};
