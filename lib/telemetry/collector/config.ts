import { PORTS } from '../../api/ports.ts';
import { type ExporterProps, exportersOf } from './exporters.ts';
import { type RedactionProps, redactionProcessor } from './redaction.ts';
import { type TailSamplingProps, tailSamplingProcessor } from './tail-sampling.ts';

/** How much of each span and log record is printed. Source: OpenTelemetry Collector, debug exporter. */
export type Verbosity = 'basic' | 'normal' | 'detailed';

/** What the configuration is made of. */
export interface ConfigOptions {
  /** OTLP over gRPC: `http://host:port`. */
  readonly tempo: string;
  /** Undefined: nothing is printed. */
  readonly debug: Verbosity | undefined;
  readonly exporters: ExporterProps;
  readonly redaction: RedactionProps | undefined;
  readonly tailSampling: TailSamplingProps | undefined;
  /** Pods that share the work. */
  readonly replicas: number;
}

/** Components by name, in the order in which a pipeline has them. */
type Components = Readonly<Record<string, object>>;

interface Pipeline {
  readonly processors: Components;
  readonly exporters: Components;
}

/** One tier: everything in one Collector. */
export const singleConfig = (options: ConfigOptions) =>
  configOf(options.replicas, ['grpc', 'http'], {
    traces: { processors: { ...received(options), ...sampled(options), batch: {} }, exporters: kept(options) },
    logs: logs(options),
  });

/**
 * First of two tiers: takes everything, and sends all spans of a trace to the same sampler, whichever pod they came to.
 * @param samplers host whose addresses are those of the second tier's pods
 */
export const balancerConfig = (options: ConfigOptions, samplers: string) =>
  configOf(options.replicas, ['grpc', 'http'], {
    traces: { processors: { ...received(options), batch: {} }, exporters: { loadbalancing: loadBalancing(samplers) } },
    logs: logs(options),
  });

/** Second of two tiers: decides which traces are kept. */
export const samplerConfig = (options: ConfigOptions) =>
  configOf(1, ['grpc'], {
    traces: { processors: { ...limited(), ...sampled(options), batch: {} }, exporters: kept(options) },
  });

const logs = (options: ConfigOptions): Pipeline => ({
  processors: { ...received(options), batch: {} },
  exporters: { ...printed(options), ...exportersOf(options.exporters, 'logs') },
});

/** Before anything else: refuses what there is no memory for, so that senders come again, and masks what nobody shall see. */
const received = ({ redaction }: ConfigOptions): Components => ({
  ...limited(),
  ...(redaction === undefined ? {} : { redaction: redactionProcessor(redaction) }),
});

/** Of the container's limit. Source: OpenTelemetry Collector, memory limiter. */
const limited = (): Components => ({
  memory_limiter: { check_interval: '1s', limit_percentage: 80, spike_limit_percentage: 25 },
});

const sampled = ({ tailSampling }: ConfigOptions): Components =>
  tailSampling === undefined ? {} : { tail_sampling: tailSamplingProcessor(tailSampling) };

const printed = ({ debug }: ConfigOptions): Components => (debug === undefined ? {} : { debug: { verbosity: debug } });

const kept = (options: ConfigOptions): Components => ({
  ...printed(options),
  'otlp/tempo': { endpoint: options.tempo, tls: { insecure: true } },
  ...exportersOf(options.exporters, 'traces'),
});

/**
 * What could not be sent may go to another pod later: queue and retries are those of the balancer, which has no defaults for them. Source:
 * OpenTelemetry Collector, load balancing exporter.
 */
const loadBalancing = (hostname: string) => ({
  routing_key: 'traceID',
  retry_on_failure: {
    enabled: true,
    initial_interval: '1s',
    randomization_factor: 0.5,
    multiplier: 1.5,
    max_interval: '30s',
    max_elapsed_time: '5m',
  },
  sending_queue: { enabled: true, sizer: 'requests', num_consumers: 10, queue_size: 1_000 },
  protocol: {
    otlp: { tls: { insecure: true }, retry_on_failure: { enabled: false }, sending_queue: { enabled: false } },
  },
  resolver: { dns: { hostname, port: String(PORTS.otlpGrpc) } },
});

/** Connections last for as long as their senders: those that are ended now and then are spread over new pods too. */
const CONNECTION = { server_parameters: { max_connection_age: '5m', max_connection_age_grace: '1m' } };

/** Source: OpenTelemetry Collector, configuration. */
const configOf = (
  replicas: number,
  protocols: readonly ('grpc' | 'http')[],
  pipelines: Readonly<Record<string, Pipeline>>,
) => {
  const used = Object.entries(pipelines).filter(([, { exporters }]) => Object.keys(exporters).length > 0);
  const all = (part: keyof Pipeline): Components => Object.assign({}, ...used.map(([, pipeline]) => pipeline[part]));
  const receivers = {
    grpc: { endpoint: `0.0.0.0:${PORTS.otlpGrpc}`, ...(replicas > 1 ? { keepalive: CONNECTION } : {}) },
    http: { endpoint: `0.0.0.0:${PORTS.otlpHttp}` },
  };
  return {
    extensions: { health_check: { endpoint: `0.0.0.0:${PORTS.collectorHealth}` } },
    receivers: { otlp: { protocols: Object.fromEntries(protocols.map((name) => [name, receivers[name]])) } },
    processors: all('processors'),
    exporters: all('exporters'),
    service: {
      extensions: ['health_check'],
      telemetry: {
        metrics: {
          readers: [{ pull: { exporter: { prometheus: { host: '0.0.0.0', port: PORTS.collectorMetrics } } } }],
        },
      },
      pipelines: Object.fromEntries(
        used.map(([name, { processors, exporters }]) => [
          name,
          { receivers: ['otlp'], processors: Object.keys(processors), exporters: Object.keys(exporters) },
        ]),
      ),
    },
  };
};
