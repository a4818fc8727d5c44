import type { Metric, Registry } from 'prom-client';
import type { MetricDefinition } from '../../../lib/api/telemetry/metrics.ts';

/** Names and values of the labels of one series, in the order in which they are printed. */
export type Labels = readonly (readonly [name: string, value: string])[];

interface Sample {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

interface Series {
  reset(): void;
  samples(name: string): readonly Sample[];
}

/**
 * A metric whose series may differ in the labels that policies add: prom-client's own metrics fix their names once. It is registered with
 * prom-client, which prints it.
 */
export class Family<S extends Series> {
  readonly name: string;
  readonly help: string;
  readonly type: MetricDefinition['type'];
  readonly aggregator = 'sum';
  readonly #create: (labels: Readonly<Record<string, string>>) => S;
  readonly #series = new Map<string, S>();

  constructor(
    { name, help, type }: MetricDefinition,
    registry: Registry,
    create: (labels: Readonly<Record<string, string>>) => S,
  ) {
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
      series = this.#create(Object.fromEntries(labels));
      this.#series.set(key, series);
    }
    return series;
  }

  get() {
    const { name, help, type, aggregator } = this;
    return {
      name,
      help,
      type,
      aggregator,
      values: [...this.#series.values()].flatMap((series) => series.samples(name)),
    };
  }

  reset(): void {
    for (const series of this.#series.values()) series.reset();
  }
}

export class CounterSeries implements Series {
  readonly #labels: Readonly<Record<string, string>>;
  value = 0;

  constructor(labels: Readonly<Record<string, string>>) {
    this.#labels = labels;
  }

  reset(): void {
    this.value = 0;
  }

  samples(): readonly Sample[] {
    return [{ labels: this.#labels, value: this.value }];
  }
}

export class HistogramSeries implements Series {
  readonly #labels: Readonly<Record<string, string>>;
  readonly #bounds: readonly number[];
  /** Observations by the first bucket that they fit. */
  readonly #counts: number[];
  #count = 0;
  #sum = 0;

  constructor(labels: Readonly<Record<string, string>>, bounds: readonly number[]) {
    this.#labels = labels;
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count += 1;
    const bucket = this.#bounds.findIndex((bound) => value <= bound);
    if (bucket >= 0) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#sum = 0;
  }

  samples(name: string): readonly Sample[] {
    const labels = this.#labels;
    let below = 0;
    return [
      ...this.#bounds.map((le, index) => {
        below += this.#counts[index] ?? 0;
        return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below };
      }),
      { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: this.#count },
      { metricName: `${name}_sum`, labels, value: this.#sum },
      { metricName: `${name}_count`, labels, value: this.#count },
    ];
  }
}

/** Unambiguous for any text: each value with its length before it. */
const keyOf = (labels: Labels): string => {
  let key = '';
  for (const [name, value] of labels) key += `${name}=${value.length}:${value}`;
  return key;
};
