import { Gauge, type Registry } from 'prom-client';
import { mcpMethod } from '../../../lib/api/mcp.ts';
import {
  HTTP_METHODS,
  METRICS,
  type MetricDefinition,
  REQUEST_LABELS,
  UNKNOWN,
} from '../../../lib/api/telemetry/metrics.ts';
import type { CelContext } from '../../../lib/cel/expression.ts';
import { evaluate } from '../attributes.ts';
import type { RouteLabels } from '../labels.ts';
import { exportedTrace } from '../outcome.ts';
import type { NamedExpression } from '../policy.ts';
import type { McpFacts, RequestRecord } from '../record.ts';
import { OperationMetrics } from './operations.ts';
import {
  type CounterSeries,
  counterFamily,
  type Family,
  type HistogramSeries,
  histogramFamily,
  type Labels,
} from './series.ts';

/** Different values of one added label; what comes later is `unknown`, and counted. */
export const MAX_ADDED_VALUES = 100;
/**
 * Series of one metric; beyond them, added labels are `unknown`, and counted. The others are bounded by the configuration. A histogram
 * prints 17 lines for each.
 */
export const MAX_SERIES = 2_000;
/** A longer value of an added label is `unknown`. */
export const MAX_LABEL_LENGTH = 256;

/** Counts finished requests. Every label value comes from the configuration, a fixed vocabulary, or is bounded in number. */
export class RequestMetrics {
  readonly #mcpRequests: Family<CounterSeries>;
  readonly #requests: Family<CounterSeries>;
  readonly #duration: Family<HistogramSeries>;
  readonly #responseBytes: Family<CounterSeries>;
  readonly #retries: Family<CounterSeries>;
  readonly #requestProcessing: Family<HistogramSeries>;
  readonly #responseProcessing: Family<HistogramSeries>;
  readonly #requestSize: Family<HistogramSeries>;
  readonly #responseSize: Family<HistogramSeries>;
  readonly #overflows: Family<CounterSeries>;
  readonly #operations: OperationMetrics;
  readonly #addedValues = new Map<string, Set<string>>();
  /** Series by the labels that differ between the requests of one route: finding them anew costs more than counting. */
  readonly #known = new WeakMap<RouteLabels, Map<string, RequestSeries>>();

  /** @param version of the gateway, for `agentgateway_build_info` */
  constructor(registry: Registry, version: string) {
    const counter = (definition: MetricDefinition) => counterFamily(definition, registry);
    const histogram = (definition: MetricDefinition) => histogramFamily(definition, registry);
    this.#mcpRequests = counter(METRICS.mcpRequests);
    this.#requests = counter(METRICS.requests);
    this.#duration = histogram(METRICS.requestDuration);
    this.#responseBytes = counter(METRICS.responseBytes);
    this.#retries = counter(METRICS.retries);
    this.#requestProcessing = histogram(METRICS.requestProcessing);
    this.#responseProcessing = histogram(METRICS.responseProcessing);
    this.#requestSize = histogram(METRICS.requestSize);
    this.#responseSize = histogram(METRICS.responseSize);
    this.#overflows = counter(METRICS.labelOverflows);
    this.#operations = new OperationMetrics(histogram, (label) => this.#overflow(label));
    const { name, help, labels } = METRICS.buildInfo;
    new Gauge({ name, help, labelNames: labels, registers: [registry] }).set({ tag: version }, 1);
  }

  /** @param context the variables that the added labels read */
  count(record: RequestRecord, addedLabels: readonly NamedExpression[], context: CelContext): void {
    const { request, response, upstreamCalls, startTime, endTime } = record;
    const trace = exportedTrace(record);
    const added = this.#added(addedLabels, context);
    const series = this.#seriesOf(record, added);
    if (series.mcp !== undefined) series.mcp.value += 1;
    series.requests.value += 1;
    series.responseBytes.value += response.bytes;
    series.requestSize.observe(request.bytes);
    series.responseSize.observe(response.bytes);
    series.duration?.observe(seconds(startTime, endTime), trace, endTime);
    const [first] = upstreamCalls;
    const last = upstreamCalls.at(-1);
    if (first !== undefined && last !== undefined) {
      series.requestProcessing.observe(seconds(startTime, first.startTime), trace, endTime);
      series.responseProcessing.observe(seconds(last.endTime, endTime), trace, endTime);
      if (upstreamCalls.length > 1) series.retries().value += upstreamCalls.length - 1;
    }
    this.#operations.observe(record, added);
  }

  #seriesOf(record: RequestRecord, added: Labels): RequestSeries {
    const mcpValues = record.mcp?.method === undefined ? undefined : mcpValuesOf(record.mcp);
    const httpValues = httpValuesOf(record);
    let known = this.#known.get(record.labels);
    if (known === undefined) {
      known = new Map();
      this.#known.set(record.labels, known);
    }
    const key = shortKey(mcpValues, httpValues, added);
    const found = known.get(key);
    if (found !== undefined) return found;

    const route = routeValuesOf(record.labels);
    const backend = [record.backend?.name];
    let overflow = false;
    const seriesOf = <S extends CounterSeries | HistogramSeries>(
      family: Family<S>,
      definition: MetricDefinition,
      values: Values,
    ): S => {
      const bounded = boundLabels(family, definition, [...values, ...route], added);
      overflow ||= bounded.overflow;
      return family.series(bounded.labels);
    };
    const series: RequestSeries = {
      mcp: mcpValues && seriesOf(this.#mcpRequests, METRICS.mcpRequests, mcpValues),
      requests: seriesOf(this.#requests, METRICS.requests, httpValues),
      // A GET stream of MCP lasts as long as the client likes: it would say nothing of latency.
      duration: isListening(record) ? undefined : seriesOf(this.#duration, METRICS.requestDuration, httpValues),
      responseBytes: seriesOf(this.#responseBytes, METRICS.responseBytes, httpValues),
      retries: () => seriesOf(this.#retries, METRICS.retries, httpValues),
      requestProcessing: seriesOf(this.#requestProcessing, METRICS.requestProcessing, backend),
      responseProcessing: seriesOf(this.#responseProcessing, METRICS.responseProcessing, backend),
      requestSize: seriesOf(this.#requestSize, METRICS.requestSize, backend),
      responseSize: seriesOf(this.#responseSize, METRICS.responseSize, backend),
    };
    // `unknown`: the series were too many, not one label's values. What overflows is not kept, or there would be no bound.
    if (overflow) this.#overflow(UNKNOWN);
    else if (known.size < MAX_SERIES) known.set(key, series);
    return series;
  }

  #added(expressions: readonly NamedExpression[], context: CelContext): Labels {
    const labels = new Map<string, string>();
    for (const { name, expression } of expressions) {
      if (!REQUEST_LABELS.has(name)) labels.set(name, this.#boundedValue(name, evaluate(expression, context)));
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

  #overflow(label: string): void {
    this.#overflows.series([['label', label]]).value += 1;
  }
}

/** Where one request is counted. */
interface RequestSeries {
  readonly mcp: CounterSeries | undefined;
  readonly requests: CounterSeries;
  readonly duration: HistogramSeries | undefined;
  readonly responseBytes: CounterSeries;
  readonly retries: () => CounterSeries;
  readonly requestProcessing: HistogramSeries;
  readonly responseProcessing: HistogramSeries;
  readonly requestSize: HistogramSeries;
  readonly responseSize: HistogramSeries;
}

type Sized = Pick<Family, 'size' | 'has'>;

type Values = readonly (string | undefined)[];

const seconds = (from: number, to: number): number => Math.max(0, to - from) / 1_000;

const isListening = ({ backend, request }: RequestRecord): boolean =>
  backend?.protocol === 'mcp' && request.method === 'GET';

const boundLabels = (
  family: Sized,
  { labels: names }: MetricDefinition,
  values: Values,
  added: Labels,
): { readonly labels: Labels; readonly overflow: boolean } => {
  const own = names.map((name, index) => [name, values[index] || UNKNOWN] as const);
  const labels = [...own, ...added];
  if (added.length === 0 || family.size < MAX_SERIES || family.has(labels)) return { labels, overflow: false };
  return { labels: [...own, ...added.map(([name]) => [name, UNKNOWN] as const)], overflow: true };
};

/** Unambiguous for any text: each value with its length before it. */
const shortKey = (mcp: Values | undefined, http: Values, added: Labels): string => {
  let key = mcp === undefined ? '' : 'mcp';
  for (const value of mcp ?? []) key += `${value?.length ?? '-'}:${value}`;
  for (const value of http) key += `${value?.length ?? '-'}:${value}`;
  for (const [name, value] of added) key += `${name}=${value.length}:${value}`;
  return key;
};

const routeValuesOf = ({ bind, gateway, listener, route, routeRule }: RouteLabels): Values => [
  bind,
  gateway,
  listener,
  route,
  routeRule,
];

const mcpValuesOf = ({ method = '', resourceType, target, name, nameKnown }: McpFacts): Values => [
  mcpMethod(method) === undefined ? undefined : method,
  resourceType,
  target,
  nameKnown && resourceType !== 'task' ? name : undefined,
];

const httpValuesOf = ({ backend, request, response, reason }: RequestRecord): Values => [
  backend?.name,
  backend?.protocol ?? 'http',
  HTTP_METHODS.has(request.method) ? request.method : undefined,
  response.status === 0 ? undefined : String(response.status),
  reason,
];
