import { Construct } from 'constructs';
import type { OtlpCollector } from '../../agentgateway/collector.ts';
import { PORTS } from '../../api/ports.ts';
import type { Component } from '../component.ts';
import { countProblems } from '../pods/amounts.ts';
import { type ResourceProps, resourceProblems } from '../pods/resources.ts';
import type { Tempo } from '../tempo/tempo.ts';
import { balancerConfig, type ConfigOptions, samplerConfig, singleConfig, type Verbosity } from './config.ts';
import { type ExporterProps, exporterProblems } from './exporters.ts';
import { type RedactionProps, redactionProblems } from './redaction.ts';
import { type TailSamplingProps, tailSamplingProblems } from './tail-sampling.ts';
import { type TierOptions, writeTier } from './tier.ts';

export interface OpenTelemetryCollectorProps {
  /** Namespace of all objects. */
  readonly namespace: string;
  /** Where traces go. */
  readonly tempo: Tempo;
  /**
   * Name of the ReferenceGrant for policies of other namespaces.
   *
   * @default `allow-<name>-access`
   */
  readonly grantName?: string;
  /**
   * Image of the contrib distribution.
   *
   * @default 'docker.io/otel/opentelemetry-collector-contrib:0.155.0'
   */
  readonly image?: string;
  /**
   * Pods. With `tailSampling`, more than one are two tiers of so many each: the first sends all spans of a trace to the same pod of the
   * second, `<name>-sampler`, which decides.
   *
   * @default 1
   */
  readonly replicas?: number;
  /**
   * How much of each span and log record the pods print; `off`: nothing.
   *
   * @default 'detailed'
   */
  readonly debug?: Verbosity | 'off';
  /** @default - all traces are kept */
  readonly tailSampling?: TailSamplingProps;
  /** @default - nothing is masked */
  readonly redaction?: RedactionProps;
  /**
   * Where spans and log records go besides, by names of yours.
   *
   * @default - nowhere else
   */
  readonly exporters?: ExporterProps;
  /** @default - 50m and 128Mi, at most 512Mi; 1Gi where traces wait for the decision of `tailSampling` */
  readonly resources?: ResourceProps;
  /**
   * PriorityClass of the pods.
   *
   * @default - that of the cluster
   */
  readonly priorityClassName?: string;
  /**
   * Whether ServiceMonitors are written, by which Prometheus scrapes the pods.
   *
   * @default true
   */
  readonly monitor?: boolean;
}

/**
 * An OpenTelemetry Collector that takes OTLP, prints what it gets and passes it on: traces to Tempo, and traces and logs to what `exporters`
 * names. Named after the construct's id, labelled as the chart's release of that name.
 */
export class OpenTelemetryCollector extends Construct implements OtlpCollector {
  readonly namespace: string;
  readonly serviceName: string;
  readonly grpcPort: number = PORTS.otlpGrpc;
  readonly httpPort: number = PORTS.otlpHttp;
  readonly grantScope: Construct;
  readonly grantName: string;

  constructor(scope: Construct, id: string, props: OpenTelemetryCollectorProps) {
    super(scope, id);
    const { namespace } = props;
    this.namespace = namespace;
    this.serviceName = id;
    this.grantScope = this;
    this.grantName = props.grantName ?? `allow-${id}-access`;

    const component: Component = { namespace, name: id, app: 'opentelemetry-collector', instance: id };
    const options = optionsOf(props);
    const tier = tierOf(props);
    const samples = props.tailSampling !== undefined;
    if (!samples || options.replicas <= 1) {
      writeTier(this, component, singleConfig(options), { ...tier, signals: ['traces', 'logs'], samples });
    } else {
      const sampler: Component = { ...component, name: `${id}-sampler`, app: 'opentelemetry-collector-sampler' };
      const samplers = `${sampler.name}.${namespace}.svc.cluster.local`;
      writeTier(this, component, balancerConfig(options, samplers), { ...tier, signals: ['logs'], samples: false });
      writeTier(this, sampler, samplerConfig(options), { ...tier, signals: ['traces'], samples: true, headless: true });
    }
    this.node.addValidation({ validate: () => problemsOf(props) });
  }
}

const optionsOf = ({ tempo, debug = 'detailed', ...props }: OpenTelemetryCollectorProps): ConfigOptions => ({
  tempo: tempo.otlpGrpcEndpoint,
  debug: debug === 'off' ? undefined : debug,
  exporters: props.exporters ?? {},
  redaction: props.redaction,
  tailSampling: props.tailSampling,
  replicas: props.replicas ?? 1,
});

const tierOf = (props: OpenTelemetryCollectorProps): Omit<TierOptions, 'signals' | 'samples'> => ({
  image: props.image ?? 'docker.io/otel/opentelemetry-collector-contrib:0.155.0',
  replicas: props.replicas ?? 1,
  resources: props.resources,
  exporters: props.exporters ?? {},
  priorityClassName: props.priorityClassName,
  monitor: props.monitor ?? true,
});

const problemsOf = (props: OpenTelemetryCollectorProps): string[] => [
  ...countProblems(props.replicas, 'replicas'),
  ...resourceProblems(props.resources),
  ...tailSamplingProblems(props.tailSampling ?? {}),
  ...redactionProblems(props.redaction ?? {}),
  ...exporterProblems(props.exporters ?? {}, props.namespace),
];
