import { Yaml } from 'cdk8s';
import { Construct } from 'constructs';
import { PORTS } from '../../api/ports.ts';
import { type Component, configMap, service, serviceAccount, write } from '../component.ts';
import { serviceMonitor } from '../monitoring/monitors.ts';
import { bytesProblems, durationProblems } from '../pods/amounts.ts';
import type { PersistenceProps } from '../pods/persistence.ts';
import { type ResourceProps, resourceProblems } from '../pods/resources.ts';
import { type ConfigOptions, type MetricsGeneratorProps, tempoConfig } from './config.ts';
import {
  clusterServices,
  type DistributedTempoProps,
  distributedProblems,
  ingesters,
  writeCluster,
} from './distributed.ts';
import { type PodOptions, tempoWorkload } from './pod.ts';
import { type ObjectStorage, storageProblems } from './storage.ts';

export interface TempoProps {
  /** Namespace of all objects. */
  readonly namespace: string;
  /**
   * Image of Tempo.
   *
   * @default 'docker.io/grafana/tempo:2.8.2'
   */
  readonly image?: string;
  /**
   * How long traces are kept, as a duration of five minutes or more, such as `336h`.
   *
   * @default '24h'
   */
  readonly retention?: string;
  /**
   * A volume for what is not in object storage: all traces, or, with `storage`, the newest ones.
   *
   * @default - what is on the pod's disk lives as long as the pod
   */
  readonly persistence?: PersistenceProps;
  /**
   * Object storage for traces.
   *
   * @default - the pod's disk
   */
  readonly storage?: ObjectStorage;
  /**
   * Tempo past one machine: each component in pods of its own. Needs `storage`.
   *
   * @default - all components are one process
   */
  readonly distributed?: DistributedTempoProps;
  /**
   * Metrics of spans; `false`: none, also where a stack would have set it.
   *
   * @default false
   */
  readonly metricsGenerator?: MetricsGeneratorProps | false;
  /** Of the one pod; for `distributed`, each component has its own. @default - 100m and 256Mi, at most 2Gi */
  readonly resources?: ResourceProps;
  /**
   * PriorityClass of the pods.
   *
   * @default - that of the cluster
   */
  readonly priorityClassName?: string;
  /**
   * Annotations of the ServiceAccount, by which clouds give it an identity for `storage`.
   *
   * @default - none
   */
  readonly serviceAccountAnnotations?: Readonly<Record<string, string>>;
  /**
   * Whether a monitor is written, by which Prometheus scrapes the pods.
   *
   * @default true
   */
  readonly monitor?: boolean;
}

/** How often Tempo looks which blocks there are. */
const LEAST_RETENTION = '5m';
/** Until the pod has written what object storage does not have. */
const FLUSH_SECONDS = 300;

/**
 * Grafana Tempo. OTLP over gRPC comes in, Grafana and people query over HTTP, both at the Service that is named after the construct's id. By
 * default a single binary without persistence: traces live as long as the pod.
 */
export class Tempo extends Construct {
  readonly namespace: string;
  readonly serviceName: string;
  /** Query API, for Grafana's data source. */
  readonly queryUrl: string;
  /** OTLP over gRPC, plain text, for collectors: `http://<host>:<port>`. */
  readonly otlpGrpcEndpoint: string;

  constructor(scope: Construct, id: string, props: TempoProps) {
    super(scope, id);
    const { namespace, distributed, persistence, monitor = true } = props;
    const component: Component = { namespace, name: id, app: 'tempo', instance: id };
    const host = hostOf(id, namespace);
    this.namespace = namespace;
    this.serviceName = id;
    this.queryUrl = `http://${host}:${PORTS.tempoHttp}`;
    this.otlpGrpcEndpoint = `http://${host}:${PORTS.otlpGrpc}`;

    const config = Yaml.stringify(tempoConfig(optionsOf(id, props)));
    const pod: PodOptions = {
      image: props.image ?? 'docker.io/grafana/tempo:2.8.2',
      config,
      owner: id,
      storage: props.storage,
      priorityClassName: props.priorityClassName,
    };
    const account = serviceAccount(component);
    const annotations = props.serviceAccountAnnotations;
    write(this, annotations === undefined ? account : { ...account, metadata: { ...account.metadata, annotations } });
    write(this, configMap(component, { 'tempo.yaml': config }));
    if (distributed === undefined) {
      writeSingle(this, component, pod, props);
      if (monitor) serviceMonitor(this, component, 'http');
    } else {
      const metrics = metricsOf(props) !== undefined;
      writeCluster(this, component, { pod, props: distributed, persistence, metrics, monitor });
    }
    this.node.addValidation({ validate: () => problemsOf(props) });
  }
}

const metricsOf = ({ metricsGenerator }: TempoProps): MetricsGeneratorProps | undefined =>
  metricsGenerator || undefined;

const hostOf = (service: string, namespace: string): string => `${service}.${namespace}.svc.cluster.local`;

const writeSingle = (scope: Construct, component: Component, pod: PodOptions, props: TempoProps): void => {
  const ports = [
    { name: 'otlp-grpc', port: PORTS.otlpGrpc },
    { name: 'http', port: PORTS.tempoHttp },
  ];
  write(scope, service(component, ports));
  write(
    scope,
    tempoWorkload(component, pod, {
      kind: 'StatefulSet',
      replicas: 1,
      resources: { cpu: '100m', memory: '256Mi', memoryLimit: '2Gi', ...props.resources },
      args: [],
      ports: ports.map(({ name, port }) => ({ name, containerPort: port })),
      readiness: 'http',
      persistence: props.persistence,
      blocks: true,
      ...(props.storage === undefined ? {} : { stopSeconds: FLUSH_SECONDS }),
    }),
  );
};

const optionsOf = (id: string, props: TempoProps): ConfigOptions => {
  const { namespace, distributed } = props;
  const services = clusterServices(id);
  return {
    retention: props.retention ?? '24h',
    storage: props.storage,
    persistent: props.persistence !== undefined,
    metrics: metricsOf(props),
    cluster:
      distributed === undefined
        ? undefined
        : {
            label: `${namespace}/${id}`,
            members: hostOf(services.members, namespace),
            frontends: hostOf(services.frontends, namespace),
            ingesters: ingesters(distributed),
          },
  };
};

const problemsOf = (props: TempoProps): string[] => [
  ...durationProblems(props.retention, LEAST_RETENTION, 'retention'),
  ...bytesProblems(props.persistence?.size, 'persistence.size'),
  ...(props.storage === undefined ? [] : storageProblems(props.storage, props.namespace)),
  ...resourceProblems(props.resources),
  ...(props.distributed === undefined ? [] : distributedProblems(props.distributed)),
  ...(props.distributed !== undefined && props.storage === undefined
    ? ['distributed needs storage: its components share traces by object storage alone']
    : []),
  ...metricsProblems(metricsOf(props)?.prometheusUrl),
];

const metricsProblems = (url: string | undefined): readonly string[] =>
  url === undefined || /^https?:\/\/[^/?#@]+(\/[^?#]*)?$/.test(url)
    ? []
    : [`metricsGenerator.prometheusUrl: ${JSON.stringify(url)} is no base URL: write http://host:port`];
