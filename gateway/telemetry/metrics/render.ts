import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import { EXEMPLAR_LABELS } from '../../../lib/api/telemetry/exemplars.ts';
import { type Exemplar, Family, type Labels, type Sample } from './series.ts';

/** Lines that are made at a time: requests are served in between. */
const LINES_AT_A_TIME = 1_000;

/** Prometheus' text format 0.0.4, or OpenMetrics 1.0.0, which has exemplars. */
export type MetricsFormat = 'text' | 'openmetrics';

const CONTENT_TYPES: Readonly<Record<MetricsFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** Of one gateway; prom-client's own is the process's. */
export const newRegistry = (): Registry => new Registry();

/** What every process of Node tells of itself: CPU, memory, file descriptors, event loop. */
export const addProcessMetrics = (registry: Registry): void => collectDefaultMetrics({ register: registry });

/** The format that a scraper asks for (RFC 9110 §12.5.1): OpenMetrics if it likes that at least as much. */
export const negotiateFormat = (accept: string | undefined): MetricsFormat => {
  const quality = (type: string): number =>
    Math.max(
      0,
      ...(accept ?? '*/*').split(',').map((range) => {
        const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
        if (name !== type) return 0;
        const version = parameters.find((parameter) => parameter.startsWith('version='));
        if (type.startsWith('application/') && version !== undefined && !/^version="?1\.0\.0"?$/.test(version))
          return 0;
        const q = parameters.find((parameter) => parameter.startsWith('q='));
        return q === undefined ? 1 : Number(q.slice(2)) || 0;
      }),
    );
  const wanted = quality('application/openmetrics-text');
  return wanted > 0 && wanted >= quality('text/plain') ? 'openmetrics' : 'text';
};

export interface RenderedMetrics {
  readonly contentType: string;
  /** In pieces. */
  readonly body: AsyncIterable<string>;
}

/** All metrics. */
export const renderMetrics = (registry: Registry, format: MetricsFormat): RenderedMetrics => ({
  contentType: CONTENT_TYPES[format],
  body: pieces(registry, format),
});

async function* pieces(registry: Registry, format: MetricsFormat): AsyncGenerator<string> {
  let lines: string[] = [];
  for (const metric of registry.getMetricsAsArray() as unknown as readonly (Metric | Family)[]) {
    const { name, help, type, samples } = metric instanceof Family ? metricOf(metric) : await foreign(metric);
    const counter = format === 'openmetrics' && type === 'counter';
    const family = counter ? name.replace(/_total$/, '') : name;
    lines.push(`# HELP ${family} ${escapeHelp(help, format)}`, `# TYPE ${family} ${type}`);
    for (const { suffix, labels, value, exemplar } of samples) {
      const sample = `${counter ? `${family}_total` : name}${suffix}${labelText(labels)} ${number(value)}`;
      lines.push(format === 'openmetrics' && exemplar !== undefined ? `${sample} ${exemplarText(exemplar)}` : sample);
      if (lines.length >= LINES_AT_A_TIME) {
        yield `${lines.join('\n')}\n`;
        lines = [];
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
  if (format === 'openmetrics') lines.push('# EOF');
  if (lines.length > 0) yield `${lines.join('\n')}\n`;
}

interface Printable {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: Iterable<Sample>;
}

const metricOf = (family: Family): Printable => ({
  name: family.name,
  help: family.help,
  type: family.type,
  samples: family.samples(),
});

/** One of prom-client's own. */
const foreign = async (metric: Metric): Promise<Printable> => {
  const { name, help, type, values } = (await metric.get()) as unknown as ForeignMetric;
  const samples = values.map(({ metricName = name, labels, value }) => ({
    suffix: metricName.slice(name.length),
    labels: Object.entries(labels).map(([label, text]) => [label, String(text)] as const),
    value,
  }));
  return { name, help, type: String(type), samples };
};

interface ForeignMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly {
    readonly metricName?: string;
    readonly labels: Readonly<Record<string, string | number>>;
    readonly value: number;
  }[];
}

/** A label without a value is one that is not there. */
const labelText = (labels: Labels): string => {
  let text = '';
  for (const [name, value] of labels) {
    if (value !== '') text += `${text === '' ? '' : ','}${name}="${escapeLabel(value)}"`;
  }
  return text === '' ? '' : `{${text}}`;
};

const exemplarText = ({ traceId, spanId, value, time }: Exemplar): string =>
  `# {${EXEMPLAR_LABELS.traceId}="${traceId}",${EXEMPLAR_LABELS.spanId}="${spanId}"} ${number(value)} ${(time / 1_000).toFixed(3)}`;

const SPECIAL = /[\\"\n]/;

const escapeLabel = (text: string): string =>
  SPECIAL.test(text) ? text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"') : text;

/** Quotes are escaped in OpenMetrics only. */
const escapeHelp = (text: string, format: MetricsFormat): string => {
  const escaped = text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
  return format === 'openmetrics' ? escaped.replace(/"/g, '\\"') : escaped;
};

const number = (value: number): string =>
  Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
