import type { Metric, Registry } from 'prom-client';
import type { MetricDefinition } from '../../../lib/api/telemetry/metrics.ts';

/** Names and values of the labels of one series, in the order in which they are printed. */
export type Labels = readonly (readonly [name: string, value: string])[];

/** A trace in which a value was observed. */
export interface Exemplar {
  readonly traceId: string;
  readonly spanId: string;
  readonly value: number;
  /** Milliseconds of the Unix epoch. */
  readonly time: number;
}

export interface Sample {
  /** What the name ends with beyond that of the metric: `_bucket`. */
  readonly suffix: string;
  readonly labels: Labels;
  readonly value: number;
  readonly exemplar?: Exemplar | undefined;
}

interface Series {
  reset(): void;
  samples(): readonly Sample[];
}

/**
 * A metric whose series may differ in the labels that policies add: prom-client's own metrics fix their names once. It is registered with
 * prom-client beside those.
 */
export class Family<S extends Series = Series> {
  readonly name: string;
  readonly help: string;
  readonly type: MetricDefinition['type'];
  readonly aggregator = 'sum';
  readonly #create: (labels: Labels) => S;
  readonly #series = new Map<string, S>();

  constructor({ name, help, type }: MetricDefinition, registry: Registry, create: (labels: Labels) => S) {
    this.name = name;
    this.help = help;
    this.type = type;
    this.#create = create;
    registry.registerMetric(this as unknown as Metric<string>);
  }

  /** Number of series. */
  get size(): number {
    return this.#series.size;
  }

  has(labels: Labels): boolean {
    return this.#series.has(keyOf(labels));
  }

  /** The series with these labels, made when there is none; the same object for equal labels, for good. */
  series(labels: Labels): S {
    const key = keyOf(labels);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = this.#create(labels);
      this.#series.set(key, series);
    }
    return series;
  }

  *samples(): Generator<Sample> {
    for (const series of this.#series.values()) yield* series.samples();
  }

  /** As prom-client asks for it. */
  get() {
    const { name, help, type, aggregator } = this;
    const values = [...this.samples()].map(({ suffix, labels, value }) => ({
      metricName: `${name}${suffix}`,
      labels: Object.fromEntries(labels),
      value,
    }));
    return { name, help, type, aggregator, values };
  }

  reset(): void {
    for (const series of this.#series.values()) series.reset();
  }
}

export class CounterSeries implements Series {
  readonly #labels: Labels;
  value = 0;

  constructor(labels: Labels) {
    this.#labels = labels;
  }

  reset(): void {
    this.value = 0;
  }

  samples(): readonly Sample[] {
    return [{ suffix: '', labels: this.#labels, value: this.value }];
  }
}

export class HistogramSeries implements Series {
  readonly #labels: Labels;
  readonly #bounds: readonly number[];
  /** Observations by the first bucket that they fit; those beyond the last bound are behind it. */
  readonly #counts: number[];
  /** The newest of each bucket. */
  readonly #exemplars: (Exemplar | undefined)[] = [];
  #count = 0;
  #sum = 0;

  constructor(labels: Labels, bounds: readonly number[]) {
    this.#labels = labels;
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number, trace?: { readonly traceId: string; readonly spanId: string }, time = 0): void {
    this.#sum += value;
    this.#count += 1;
    const found = this.#bounds.findIndex((bound) => value <= bound);
    const bucket = found < 0 ? this.#bounds.length : found;
    if (found >= 0) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    if (trace !== undefined) {
      this.#exemplars[bucket] = { traceId: trace.traceId, spanId: trace.spanId, value, time };
    }
  }

  reset(): void {
    this.#counts.fill(0);
    this.#exemplars.length = 0;
    this.#count = 0;
    this.#sum = 0;
  }

  samples(): readonly Sample[] {
    const labels = this.#labels;
    const bounds = this.#bounds;
    let below = 0;
    return [
      ...bounds.map((le, index): Sample => {
        below += this.#counts[index] ?? 0;
        return bucket([...labels, ['le', String(le)]], below, this.#exemplars[index]);
      }),
      bucket([...labels, ['le', '+Inf']], this.#count, this.#exemplars[bounds.length]),
      { suffix: '_sum', labels, value: this.#sum },
      { suffix: '_count', labels, value: this.#count },
    ];
  }
}

const bucket = (labels: Labels, value: number, exemplar: Exemplar | undefined): Sample => ({
  suffix: '_bucket',
  labels,
  value,
  exemplar,
});

export const counterFamily = (definition: MetricDefinition, registry: Registry): Family<CounterSeries> =>
  new Family(definition, registry, (labels) => new CounterSeries(labels));

export const histogramFamily = (definition: MetricDefinition, registry: Registry): Family<HistogramSeries> =>
  new Family(definition, registry, (labels) => new HistogramSeries(labels, definition.buckets ?? []));

/** Unambiguous for any text: each value with its length before it. */
const keyOf = (labels: Labels): string => {
  let key = '';
  for (const [name, value] of labels) key += `${name}=${value.length}:${value}`;
  return key;
};
