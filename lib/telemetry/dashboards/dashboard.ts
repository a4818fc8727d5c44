import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type Dashboard,
  DashboardBuilder,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATA_SOURCES } from '../grafana/uids.ts';
import { histogram, is, type Label, type Matcher } from '../promql/series.ts';

/** Tag of all dashboards, by which they link to one another. */
const TAG = 'tooltrail';
/** A window of PromQL that fits the scrape interval and the zoom. Source: Grafana, Prometheus data source. */
export const WINDOW = '$__rate_interval';
/** The time that is shown. */
export const RANGE = '$__range';

/** Labels of tool calls that a dashboard can be narrowed to. */
const VARIABLES = {
  gateway: 'gateway',
  target: 'mcp_target',
  tool: 'gen_ai_tool_name',
} as const satisfies Readonly<Record<string, Label<'serverOperation'>>>;

export type Variable = keyof typeof VARIABLES;

/** Narrows series to what the variables say. */
export const chosen = (...variables: readonly Variable[]): Readonly<Record<string, Matcher>> =>
  Object.fromEntries(variables.map((name) => [VARIABLES[name], `=~"$${name}"` satisfies Matcher]));

const variable = (name: Variable): QueryVariableBuilder => {
  const label = VARIABLES[name];
  const calls = histogram('serverOperation', 'count', { mcp_method_name: is('tools/call') });
  return new QueryVariableBuilder(name)
    .label(name)
    .datasource(DATA_SOURCES.prometheus)
    .query({ qryType: 1, query: `label_values(${calls},${label})`, refId: name })
    .definition(`label_values(${calls},${label})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*');
};

export interface DashboardOptions {
  /** Part of its address: never changes. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables?: readonly Variable[];
  readonly panels: readonly Builder<Panel>[];
}

export const dashboard = ({ uid, title, description, variables = [], panels }: DashboardOptions): Dashboard => {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .refresh('30s')
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .link(
      new DashboardLinkBuilder('Tooltrail')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .keepTime(true)
        .includeVars(true),
    )
    .variables(variables.map(variable));
  for (const panel of panels) builder.withPanel(panel);
  const built = builder.build();
  // Links to one panel name it by its number.
  return { ...built, panels: (built.panels ?? []).map((panel, index) => ({ ...panel, id: index + 1 })) };
};
