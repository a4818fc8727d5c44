import { PORTS } from '../../api/ports.ts';
import { REQUEST_ATTRIBUTES, STANDARD_ATTRIBUTES } from '../../api/telemetry/attributes.ts';
import { EXEMPLAR_LABELS } from '../../api/telemetry/exemplars.ts';
import { type ObjectStorage, storageBackend } from './storage.ts';

/** Metrics that Tempo makes of the spans: who calls whom (service graphs), and rate, errors and durations by span (span metrics). */
export interface MetricsGeneratorProps {
  /** Base URL of a Prometheus that takes remote writes. */
  readonly prometheusUrl: string;
  /**
   * Attributes of spans that become labels of span metrics. Their values should be few: each combination is a time series.
   *
   * @default - none besides service, span name, kind and status
   */
  readonly dimensions?: readonly string[];
}

export interface ConfigOptions {
  readonly retention: string;
  readonly storage: ObjectStorage | undefined;
  /** Whether the disk outlives the pod. */
  readonly persistent: boolean;
  readonly metrics: MetricsGeneratorProps | undefined;
  /** Undefined: all components are one process. */
  readonly cluster: ClusterOptions | undefined;
}

/** How the components of the distributed mode find one another. */
export interface ClusterOptions {
  /** Keeps clusters of the same network apart. */
  readonly label: string;
  /** Host whose addresses are those of all members. */
  readonly members: string;
  /** Host whose addresses are those of the query frontends. */
  readonly frontends: string;
  readonly ingesters: number;
}

export const DATA_FOLDER = '/var/tempo';

/** Ingesters that each trace is written to, if there are so many. Source: Tempo, deployment modes. */
const REPLICATION = 3;
/** Time series that the generator has at once: names of spans and clients are not ours to choose. */
const MAX_SERIES = 50_000;
/**
 * By which attribute of a CLIENT span a server is named in the graph that sends no spans itself: Tempo's own and the gateway's.
 */
const PEERS = ['peer.service', REQUEST_ATTRIBUTES.mcpTarget, 'db.name', 'db.system', STANDARD_ATTRIBUTES.serverAddress];

/** Source: Tempo 2.8, configuration reference. */
export const tempoConfig = ({ retention, storage, persistent, metrics, cluster }: ConfigOptions) => ({
  server: { http_listen_port: PORTS.tempoHttp, grpc_listen_port: PORTS.tempoGrpc },
  distributor: { receivers: { otlp: { protocols: { grpc: { endpoint: `0.0.0.0:${PORTS.otlpGrpc}` } } } } },
  ...ingester(storage !== undefined && !persistent, cluster),
  compactor: {
    ...(cluster === undefined ? {} : { ring: { kvstore: { store: 'memberlist' } } }),
    compaction: { block_retention: retention },
  },
  ...searchRange(retention),
  ...(cluster === undefined ? {} : members(cluster)),
  ...(metrics === undefined ? {} : generator(metrics)),
  storage: {
    trace: {
      ...(storage === undefined
        ? { backend: 'local', local: { path: `${DATA_FOLDER}/traces` } }
        : storageBackend(storage)),
      wal: { path: `${DATA_FOLDER}/wal` },
    },
  },
  usage_report: { reporting_enabled: false },
});

/** @param transient whether what is not in object storage yet is lost with the pod, unless it is written there at its end */
const ingester = (transient: boolean, cluster: ClusterOptions | undefined) => {
  const fields = {
    ...(cluster === undefined
      ? {}
      : { lifecycler: { ring: { replication_factor: cluster.ingesters >= REPLICATION ? REPLICATION : 1 } } }),
    ...(transient ? { flush_all_on_shutdown: true } : {}),
  };
  return Object.keys(fields).length === 0 ? {} : { ingester: fields };
};

/** Tempo refuses searches over more than a week, unless it is told that it keeps traces for longer. */
const searchRange = (retention: string) =>
  hoursOf(retention) <= WEEK_HOURS ? {} : { query_frontend: { search: { max_duration: retention } } };

const WEEK_HOURS = 168;
const UNIT_HOURS: Readonly<Record<string, number>> = { h: 1, m: 1 / 60, s: 1 / 3_600, ms: 1 / 3_600_000 };

const hoursOf = (text: string): number =>
  [...text.matchAll(/(\d+)(h|ms|m|s)/g)].reduce(
    (hours, [, count, unit = '']) => hours + Number(count) * (UNIT_HOURS[unit] ?? 0),
    0,
  );

const members = ({ label, members: host, frontends }: ClusterOptions) => ({
  querier: { frontend_worker: { frontend_address: `${frontends}:${PORTS.tempoGrpc}` } },
  memberlist: {
    cluster_label: label,
    abort_if_cluster_join_fails: false,
    bind_port: PORTS.tempoGossip,
    join_members: [`dns+${host}:${PORTS.tempoGossip}`],
  },
});

const generator = ({ prometheusUrl, dimensions = [] }: MetricsGeneratorProps) => ({
  metrics_generator: {
    processor: {
      service_graphs: { peer_attributes: PEERS, enable_virtual_node_label: true },
      ...(dimensions.length === 0 ? {} : { span_metrics: { dimensions: [...dimensions] } }),
    },
    storage: {
      path: `${DATA_FOLDER}/generator`,
      remote_write: [{ url: `${prometheusUrl.replace(/\/+$/, '')}/api/v1/write`, send_exemplars: true }],
    },
  },
  overrides: {
    defaults: {
      metrics_generator: {
        processors: ['service-graphs', 'span-metrics'],
        max_active_series: MAX_SERIES,
        trace_id_label_name: EXEMPLAR_LABELS.traceId,
      },
    },
  },
});
