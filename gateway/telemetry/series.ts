import type { Metric, Registry } from 'prom-client';
import type { MetricDefinition } from '../../lib/api/metrics.ts';

/** Label values by position; the names are the family's. */
interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly key: string;
}

interface Sample {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** Names and values of the labels of one sample, in the order in which they are printed. */
export type Labels = readonly (readonly [name: string, value: string])[];

/**
 * A metric whose series may differ in the labels that policies add: prom-client's own metrics fix their names once. It is registered with
 * prom-client, which prints it.
 */
abstract class Family {
  readonly name: string;
  readonly help: string;
  readonly type: MetricDefinition['type'];
  readonly aggregator = 'sum';
  protected readonly definition: MetricDefinition;

  constructor(definition: MetricDefinition, registry: Registry) {
    this.name = definition.name;
    this.help = definition.help;
    this.type = definition.type;
    this.definition = definition;
    registry.registerMetric(this as unknown as Metric<string>);
  }

  get() {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: this.samples() };
  }

  abstract reset(): void;
  protected abstract samples(): readonly Sample[];
}

export class CounterFamily extends Family {
  readonly #series = new Map<string, Series & { value: number }>();

  /** Number of series. */
  get size(): number {
    return this.#series.size;
  }

  has(labels: Labels): boolean {
    return this.#series.has(keyOf(labels));
  }

  increment(labels: Labels): void {
    const key = keyOf(labels);
    const series = this.#series.get(key);
    if (series === undefined) this.#series.set(key, { key, labels: Object.fromEntries(labels), value: 1 });
    else series.value += 1;
  }

  reset(): void {
    this.#series.clear();
  }

  protected samples(): readonly Sample[] {
    return [...this.#series.values()];
  }
}

export class HistogramFamily extends Family {
  readonly #series = new Map<string, Series & { sum: number; count: number; readonly buckets: number[] }>();

  get size(): number {
    return this.#series.size;
  }

  has(labels: Labels): boolean {
    return this.#series.has(keyOf(labels));
  }

  observe(labels: Labels, value: number): void {
    const bounds = this.definition.buckets ?? [];
    const key = keyOf(labels);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { key, labels: Object.fromEntries(labels), sum: 0, count: 0, buckets: bounds.map(() => 0) };
      this.#series.set(key, series);
    }
    series.sum += value;
    series.count += 1;
    const bucket = bounds.findIndex((bound) => value <= bound);
    if (bucket >= 0) series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
  }

  reset(): void {
    this.#series.clear();
  }

  protected samples(): readonly Sample[] {
    const bounds = this.definition.buckets ?? [];
    return [...this.#series.values()].flatMap(({ labels, sum, count, buckets }) => {
      let below = 0;
      const metricName = `${this.name}_bucket`;
      return [
        ...bounds.map((le, index) => {
          below += buckets[index] ?? 0;
          return { metricName, labels: { ...labels, le }, value: below };
        }),
        { metricName, labels: { ...labels, le: '+Inf' }, value: count },
        { metricName: `${this.name}_sum`, labels, value: sum },
        { metricName: `${this.name}_count`, labels, value: count },
      ];
    });
  }
}

/** Unambiguous for any text: each part with its length before it. */
const keyOf = (labels: Labels): string => {
  let key = '';
  for (const [name, value] of labels) key += `${name}=${value.length}:${value}`;
  return key;
};
