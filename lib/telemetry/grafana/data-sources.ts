import { REQUEST_ATTRIBUTES, STANDARD_ATTRIBUTES } from '../../api/telemetry/attributes.ts';
import { EXEMPLAR_LABELS } from '../../api/telemetry/exemplars.ts';
import { histogram } from '../promql/series.ts';
import { DATA_SOURCES } from './uids.ts';

/** A further data source. Source: Grafana, provisioning of data sources. */
export interface DataSource {
  readonly name: string;
  /** Of the plugin: `loki`, `prometheus` … */
  readonly type: string;
  /** Unique among the data sources; `prometheus` and `tempo` are taken. */
  readonly uid: string;
  readonly url: string;
  /**
   * Settings of the plugin. Never secrets: everybody who may read the ConfigMap knows them.
   *
   * @default - its own defaults
   */
  readonly jsonData?: Readonly<Record<string, unknown>>;
}

/** Source: Grafana, Prometheus data source. */
const prometheusDataSource = (url: string) => ({
  name: 'Prometheus',
  ...DATA_SOURCES.prometheus,
  url,
  access: 'proxy',
  isDefault: true,
  jsonData: {
    httpMethod: 'POST',
    timeInterval: '30s',
    exemplarTraceIdDestinations: [{ name: EXEMPLAR_LABELS.traceId, datasourceUid: DATA_SOURCES.tempo.uid }],
  },
});

/** Source: Grafana, Tempo data source. `$$` is a dollar in files of provisioning. */
export const tempoDataSource = (url: string) => ({
  name: 'Tempo',
  ...DATA_SOURCES.tempo,
  url,
  access: 'proxy',
  isDefault: false,
  jsonData: {
    nodeGraph: { enabled: true },
    serviceMap: { datasourceUid: DATA_SOURCES.prometheus.uid },
    tracesToMetrics: {
      datasourceUid: DATA_SOURCES.prometheus.uid,
      spanStartTimeShift: '-10m',
      spanEndTimeShift: '10m',
      tags: [
        { key: STANDARD_ATTRIBUTES.tool, value: 'gen_ai_tool_name' },
        { key: REQUEST_ATTRIBUTES.mcpTarget, value: 'mcp_target' },
      ],
      queries: [
        { name: 'Calls of this tool', query: `sum by (outcome) (rate(${taggedCalls('count')}[5m]))` },
        {
          name: 'p95 of this tool',
          query: `histogram_quantile(0.95, sum by (le) (rate(${taggedCalls('bucket')}[5m])))`,
        },
      ],
    },
  },
});

/** Series of tool calls, narrowed to the labels that Grafana makes of the span's attributes. */
const taggedCalls = (part: 'count' | 'bucket'): string => `${histogram('serverOperation', part)}{$$__tags}`;

/** The two of the post, Prometheus the default, then others. */
export const dataSources = (prometheusUrl: string, tempoUrl: string, others: readonly DataSource[]) => ({
  apiVersion: 1,
  datasources: [
    prometheusDataSource(prometheusUrl),
    tempoDataSource(tempoUrl),
    ...others.map((source) => ({ ...source, access: 'proxy', isDefault: false })),
  ],
});

export const dataSourceProblems = (others: readonly DataSource[]): readonly string[] => {
  const taken = new Set<string>(Object.values(DATA_SOURCES).map(({ uid }) => uid));
  return others.flatMap(({ name, uid }) => {
    if (taken.has(uid))
      return [`dataSources: ${JSON.stringify(name)} has uid ${JSON.stringify(uid)}, which is taken: give another`];
    taken.add(uid);
    return [];
  });
};
