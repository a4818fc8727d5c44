import { namespacedName } from '../../api/kinds.ts';
import { REQUEST_ATTRIBUTES, STANDARD_ATTRIBUTES } from '../../api/telemetry/attributes.ts';
import { EXEMPLAR_LABELS } from '../../api/telemetry/exemplars.ts';
import { type SecretKey, secretVariable } from '../../core/secret.ts';
import { histogram } from '../promql/series.ts';
import { DATA_SOURCES } from './uids.ts';

/** A further data source. Source: Grafana, provisioning of data sources. */
export interface DataSource {
  /** Unique among the data sources, whatever their case. */
  readonly name: string;
  /** Of the plugin: `loki`, `prometheus` … */
  readonly type: string;
  /** Unique among the data sources; `prometheus`, `tempo` and `alertmanager` are taken. */
  readonly uid: string;
  /** Base URL that Grafana's pod calls. */
  readonly url: string;
  /**
   * Settings of the plugin. Never secrets: everybody who may read the ConfigMap knows them.
   *
   * @default - its own defaults
   */
  readonly jsonData?: Readonly<Record<string, unknown>>;
  /**
   * Credentials by the names that the plugin gives them, such as `basicAuthPassword`, of Secrets in Grafana's namespace.
   *
   * @default - none
   */
  readonly secureJsonData?: Readonly<Record<string, SecretKey>>;
}

/** Source: Grafana, Prometheus data source. */
const prometheusDataSource = (url: string, scrapeInterval: string) => ({
  name: 'Prometheus',
  ...DATA_SOURCES.prometheus,
  url,
  access: 'proxy',
  isDefault: true,
  jsonData: {
    httpMethod: 'POST',
    timeInterval: scrapeInterval,
    exemplarTraceIdDestinations: [{ name: EXEMPLAR_LABELS.traceId, datasourceUid: DATA_SOURCES.tempo.uid }],
  },
});

/** Source: Grafana, Alertmanager data source. */
const alertmanagerDataSource = (url: string) => ({
  name: 'Alertmanager',
  ...DATA_SOURCES.alertmanager,
  url,
  access: 'proxy',
  isDefault: false,
  jsonData: { implementation: 'prometheus', handleGrafanaManagedAlerts: false },
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

export interface DataSourceUrls {
  readonly prometheus: string;
  readonly tempo: string;
  /** Absent: there is none. */
  readonly alertmanager: string | undefined;
}

/** The two of the post, Prometheus the default, then others. */
export const dataSources = (urls: DataSourceUrls, scrapeInterval: string, others: readonly DataSource[]) => ({
  apiVersion: 1,
  datasources: [
    prometheusDataSource(urls.prometheus, scrapeInterval),
    tempoDataSource(urls.tempo),
    ...(urls.alertmanager === undefined ? [] : [alertmanagerDataSource(urls.alertmanager)]),
    ...others.map(({ secureJsonData, ...source }) => ({
      ...literals(source),
      access: 'proxy',
      isDefault: false,
      ...(secureJsonData === undefined ? {} : { secureJsonData: variables(source.uid, Object.keys(secureJsonData)) }),
    })),
  ],
});

/** Dollars stay dollars: Grafana puts variables in their place. Source: Grafana, provisioning, "Using environment variables". */
const literals = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value), (_, member: unknown) =>
    typeof member === 'string' ? member.replaceAll('$', '$$$$') : member,
  ) as T;

const variables = (uid: string, fields: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(fields.map((field) => [field, `$${variableOf(uid, field)}`]));

const variableOf = (uid: string, field: string): string =>
  `DATA_SOURCE_${uid}_${field}`.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');

const credentials = (others: readonly DataSource[]) =>
  others.flatMap(({ uid, secureJsonData = {} }) =>
    Object.entries(secureJsonData).map(([field, value]) => ({ uid, variable: variableOf(uid, field), value })),
  );

/** Environment of Grafana's container: a variable for each credential. */
export const dataSourceEnvironment = (others: readonly DataSource[]) =>
  credentials(others).map(({ variable, value }) => secretVariable(variable, value));

export const dataSourceProblems = (others: readonly DataSource[], namespace: string): readonly string[] => [
  ...takenTwice(others, 'uid', ({ uid }) => uid),
  ...takenTwice(others, 'name', ({ name }) => name.toLowerCase()),
  ...others.flatMap(({ name, uid, url }) => [
    ...(UID.test(uid) ? [] : [`${title(name)} uid ${JSON.stringify(uid)}: use 1 to 40 letters, digits, "-" and "_"`]),
    ...(BASE_URL.test(url)
      ? []
      : [`${title(name)} url ${JSON.stringify(url)}: write http://host:port, without credentials`]),
  ]),
  ...credentials(others)
    .filter(({ value }) => value.secret.namespace !== namespace)
    .map(
      ({ uid, value: { secret } }) =>
        `dataSources: Secret ${namespacedName(secret)} of uid ${JSON.stringify(uid)} is out of reach: pods read Secrets of their own namespace ${namespace} only`,
    ),
  ...repeated(credentials(others).map(({ variable }) => variable)).map(
    (variable) => `dataSources: two credentials would both be ${variable}: give one of them another uid`,
  ),
];

/** Source: Grafana, uids of data sources. */
const UID = /^[a-zA-Z0-9_-]{1,40}$/;
const BASE_URL = /^https?:\/\/[^/?#@]+(\/[^?#]*)?$/;
const title = (name: string): string => `dataSources: ${JSON.stringify(name)} has`;
const repeated = (names: readonly string[]): readonly string[] => [
  ...new Set(names.filter((name, index) => names.indexOf(name) !== index)),
];

/** Names of the stack's own are their uids, but for the case. */
const takenTwice = (
  others: readonly DataSource[],
  field: 'uid' | 'name',
  of: (source: DataSource) => string,
): readonly string[] => {
  const taken = new Set<string>(Object.values(DATA_SOURCES).map(({ uid }) => uid));
  return others.flatMap((source) => {
    const value = of(source);
    const isTaken = taken.has(value);
    taken.add(value);
    return isTaken
      ? [`${title(source.name)} ${field} ${JSON.stringify(source[field])}, which is taken: give another`]
      : [];
  });
};
