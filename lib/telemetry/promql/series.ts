import { METRICS, type MetricDefinition } from '../../api/telemetry/metrics.ts';

export type MetricName = keyof typeof METRICS;
type OwnLabel<Name extends MetricName> = (typeof METRICS)[Name]['labels'][number];
/** Labels that scraping adds. */
type ScrapeLabel = 'job' | 'instance' | 'namespace' | 'pod';
export type Label<Name extends MetricName> = OwnLabel<Name> | ScrapeLabel;

/** A comparison as PromQL has it after a label's name. */
export type Matcher = `=${string}` | `!${string}`;

const quoted = (text: string): string => JSON.stringify(text);
const oneOf = (values: readonly string[]): string => quoted(values.join('|'));

export const is = (value: string): Matcher => `=${quoted(value)}`;
export const isOneOf = (...values: readonly string[]): Matcher => `=~${oneOf(values)}`;
export const isNoneOf = (...values: readonly string[]): Matcher => `!~${oneOf(values)}`;

export type Matchers<Name extends MetricName> = { readonly [L in Label<Name>]?: Matcher };

const selected = (name: string, matchers: Readonly<Record<string, Matcher | undefined>>): string => {
  const parts = Object.entries(matchers).flatMap(([label, matcher]) =>
    matcher === undefined ? [] : `${label}${matcher}`,
  );
  return parts.length === 0 ? name : `${name}{${parts.join(',')}}`;
};

/** Series of a metric of the gateway, by the table of metrics: a label that it does not have does not compile. */
export const series = <Name extends MetricName>(name: Name, matchers: Matchers<Name> = {}): string =>
  selected(METRICS[name].name, matchers);

type HistogramName = {
  [N in MetricName]: (typeof METRICS)[N] extends { readonly buckets: unknown } ? N : never;
}[MetricName];

/** One of the three kinds of series that a histogram has. */
export const histogram = <Name extends HistogramName>(
  name: Name,
  part: 'bucket' | 'count' | 'sum',
  matchers: Matchers<Name> = {},
): string => selected(`${(METRICS[name] as MetricDefinition).name}_${part}`, matchers);

/** Series of others, as their documentation names them. */
export const foreign = (name: string, matchers: Readonly<Record<string, Matcher>> = {}): string =>
  selected(name, matchers);

/** Counters of the Collector: its version and the format of the scrape decide whether they end in `_total`. */
export const collectorCounter = (name: string): string => `{__name__=~${quoted(`otelcol_${name}(_total)?`)}}`;
