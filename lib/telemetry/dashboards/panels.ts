import {
  GraphDrawStyle,
  StackingConfigBuilder,
  StackingMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder as NodeGraph } from '@grafana/grafana-foundation-sdk/nodegraph';
import { DataqueryBuilder as PromQuery, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { SearchTableType, DataqueryBuilder as TempoQuery } from '@grafana/grafana-foundation-sdk/tempo';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { DATA_SOURCES } from '../grafana/uids.ts';

/** What a panel asks Prometheus. */
export interface Query {
  readonly expression: string;
  /** Name of each line: text with `{{label}}`. */
  readonly legend?: string;
  /** Whether points with traces are shown; of histograms. */
  readonly exemplars?: boolean;
}

interface PanelOptions {
  readonly title: string;
  /** What it says and what not, for who points at it. */
  readonly description: string;
  /** Grafana's name of the unit. */
  readonly unit?: string;
  /** Of 24 columns. */
  readonly width?: number;
}

const HEIGHT = 8;
const STAT_HEIGHT = 4;
/** Traces of one search. */
const SEARCH_LIMIT = 50;

const promQuery = ({ expression, legend, exemplars = false }: Query): PromQuery => {
  const query = new PromQuery().expr(expression).range().exemplar(exemplars).datasource(DATA_SOURCES.prometheus);
  return legend === undefined ? query : query.legendFormat(legend);
};

/** Lines over time. */
export const graph = (
  options: PanelOptions & { readonly queries: readonly Query[]; readonly stacked?: true },
): TimeSeries => {
  const { title, description, unit = 'short', width = 12, queries, stacked } = options;
  const panel = new TimeSeries()
    .title(title)
    .description(description)
    .unit(unit)
    .min(0)
    .span(width)
    .height(HEIGHT)
    .datasource(DATA_SOURCES.prometheus)
    .drawStyle(GraphDrawStyle.Line)
    .fillOpacity(stacked === undefined ? 5 : 30)
    .legend(new VizLegendOptionsBuilder().showLegend(true).calcs(['mean', 'max']))
    .targets(queries.map(promQuery));
  return stacked === undefined ? panel : panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
};

/** How long calls take, with points that lead to their traces. @param within seconds within which that part of them ended */
export const durations = (
  options: Pick<PanelOptions, 'title' | 'description'>,
  within: (quantile: number) => string,
): TimeSeries =>
  graph({
    ...options,
    unit: 's',
    queries: [0.5, 0.95, 0.99].map((quantile) => ({
      expression: within(quantile),
      legend: `p${quantile * 100}`,
      exemplars: true,
    })),
  });

/** One number: the newest. */
export const figure = (options: PanelOptions & { readonly expression: string }): Stat => {
  const { title, description, unit = 'short', width = 4, expression } = options;
  return new Stat()
    .title(title)
    .description(description)
    .unit(unit)
    .span(width)
    .height(STAT_HEIGHT)
    .datasource(DATA_SOURCES.prometheus)
    .targets([instantQuery(expression)]);
};

/** Labels and numbers as rows, the largest first. */
export const ranking = (options: PanelOptions & { readonly expression: string }): Table => {
  const { title, description, unit = 'short', width = 12, expression } = options;
  return new Table()
    .title(title)
    .description(description)
    .unit(unit)
    .span(width)
    .height(HEIGHT)
    .datasource(DATA_SOURCES.prometheus)
    .targets([instantQuery(expression).format(PromQueryFormat.Table)])
    .withTransformation({ id: 'organize', options: { excludeByName: { Time: true } } })
    .withTransformation({ id: 'sortBy', options: { sort: [{ field: 'Value', desc: true }] } });
};

const instantQuery = (expression: string): PromQuery =>
  new PromQuery().expr(expression).instant().datasource(DATA_SOURCES.prometheus);

/** Traces that TraceQL finds, the newest. */
export const traces = ({ title, description, width = 24, search }: PanelOptions & { readonly search: string }): Table =>
  new Table()
    .title(title)
    .description(description)
    .span(width)
    .height(HEIGHT)
    .datasource(DATA_SOURCES.tempo)
    .targets([
      new TempoQuery()
        .queryType('traceql')
        .query(search)
        .limit(SEARCH_LIMIT)
        .tableType(SearchTableType.Spans)
        .datasource(DATA_SOURCES.tempo),
    ]);

/** Who calls whom, as Tempo saw it. */
export const serviceMap = ({ title, description, width = 24 }: PanelOptions): NodeGraph =>
  new NodeGraph()
    .title(title)
    .description(description)
    .span(width)
    .height(2 * HEIGHT)
    .datasource(DATA_SOURCES.tempo)
    .targets([new TempoQuery().queryType('serviceMap').datasource(DATA_SOURCES.tempo)]);
