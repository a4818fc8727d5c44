import { Gauge, type Registry } from 'prom-client';
import { mcpMethod } from '../../lib/api/mcp.ts';
import { HTTP_METHODS, METRICS, type MetricDefinition, UNKNOWN } from '../../lib/api/metrics.ts';
import type { CelContext } from '../../lib/cel/expression.ts';
import { evaluate } from './attributes.ts';
import type { NamedExpression } from './policy.ts';
import type { RequestRecord } from './record.ts';
import { CounterFamily, HistogramFamily, type Labels } from './series.ts';

/** Different values of one added label; what comes later is `unknown`, and counted. */
export const MAX_ADDED_VALUES = 100;
/**
 * Series of one metric; beyond them, added labels are `unknown`, and counted. The others are bounded by the configuration. A histogram
 * prints 17 lines for each, and a scrape holds up requests for as long as that takes.
 */
export const MAX_SERIES = 2_000;
/** A longer value of an added label is `unknown`. */
export const MAX_LABEL_LENGTH = 256;

/** Names that an added label cannot take: the metrics' own. */
const OWN_LABELS: ReadonlySet<string> = new Set([...METRICS.mcpRequests.labels, ...METRICS.requests.labels, 'le']);

/** Counts finished requests. Every label value comes from the configuration, a fixed vocabulary, or is bounded in number. */
export class RequestMetrics {
  readonly #mcpRequests: CounterFamily;
  readonly #requests: CounterFamily;
  readonly #duration: HistogramFamily;
  readonly #overflows: CounterFamily;
  readonly #addedValues = new Map<string, Set<string>>();

  /** @param version of the gateway, for `agentgateway_build_info` */
  constructor(registry: Registry, version: string) {
    this.#mcpRequests = new CounterFamily(METRICS.mcpRequests, registry);
    this.#requests = new CounterFamily(METRICS.requests, registry);
    this.#duration = new HistogramFamily(METRICS.requestDuration, registry);
    this.#overflows = new CounterFamily(METRICS.labelOverflows, registry);
    const { name, help, labels } = METRICS.buildInfo;
    new Gauge({ name, help, labelNames: labels, registers: [registry] }).set({ tag: version }, 1);
  }

  /** @param context the variables that the added labels read */
  count(record: RequestRecord, addedLabels: readonly NamedExpression[], context: CelContext): void {
    const added = this.#added(addedLabels, context);
    if (record.mcp?.method !== undefined) {
      const labels = bounded(this.#mcpRequests, METRICS.mcpRequests, mcpValues(record), added);
      if (labels.overflow) this.#overflow(UNKNOWN);
      this.#mcpRequests.increment(labels.all);
    }
    const values = httpValues(record);
    const labels = bounded(this.#requests, METRICS.requests, values, added);
    if (labels.overflow) this.#overflow(UNKNOWN);
    this.#requests.increment(labels.all);
    // A GET stream of MCP lasts as long as the client likes: it would say nothing of latency.
    if (record.backend?.protocol === 'mcp' && record.request.method === 'GET') return;
    const seconds = Math.max(0, record.endTime - record.startTime) / 1000;
    this.#duration.observe(bounded(this.#duration, METRICS.requestDuration, values, added).all, seconds);
  }

  #added(expressions: readonly NamedExpression[], context: CelContext): Labels {
    const labels = new Map<string, string>();
    for (const { name, expression } of expressions) {
      if (!OWN_LABELS.has(name)) labels.set(name, this.#boundedValue(name, evaluate(expression, context)));
    }
    return [...labels];
  }

  /** As in the compatible system, only text counts. */
  #boundedValue(label: string, value: unknown): string {
    if (typeof value !== 'string' || value === '') return UNKNOWN;
    let values = this.#addedValues.get(label);
    if (values === undefined) {
      values = new Set();
      this.#addedValues.set(label, values);
    }
    if (values.has(value)) return value;
    if (values.size >= MAX_ADDED_VALUES || value.length > MAX_LABEL_LENGTH) {
      this.#overflow(label);
      return UNKNOWN;
    }
    values.add(value);
    return value;
  }

  /** `unknown`: the series were too many, not one label's values. */
  #overflow(label: string): void {
    this.#overflows.increment([['label', label]]);
  }
}

/** All metrics in Prometheus' text format 0.0.4. */
export const renderMetrics = async (
  registry: Registry,
): Promise<{ readonly contentType: string; readonly body: string }> => ({
  contentType: registry.contentType,
  body: await registry.metrics(),
});

const bounded = (
  family: CounterFamily | HistogramFamily,
  { labels }: MetricDefinition,
  values: readonly (string | undefined)[],
  added: Labels,
): { readonly all: Labels; readonly overflow: boolean } => {
  const own = labels.map((name, index) => [name, values[index] || UNKNOWN] as const);
  const all = [...own, ...added];
  if (added.length === 0 || family.size < MAX_SERIES || family.has(all)) return { all, overflow: false };
  return { all: [...own, ...added.map(([name]) => [name, UNKNOWN] as const)], overflow: true };
};

const routeValues = ({ labels }: RequestRecord): (string | undefined)[] => [
  labels.bind,
  labels.gateway,
  labels.listener,
  labels.route,
  labels.routeRule,
];

const mcpValues = (record: RequestRecord): (string | undefined)[] => {
  const { method = '', resourceType, target, name, nameKnown } = record.mcp ?? {};
  return [
    mcpMethod(method) === undefined ? undefined : method,
    resourceType,
    target,
    nameKnown && resourceType !== 'task' ? name : undefined,
    ...routeValues(record),
  ];
};

const httpValues = (record: RequestRecord): (string | undefined)[] => [
  record.backend?.name,
  record.backend?.protocol ?? 'http',
  HTTP_METHODS.has(record.request.method) ? record.request.method : undefined,
  record.response.status === 0 ? undefined : String(record.response.status),
  record.reason,
  ...routeValues(record),
];
