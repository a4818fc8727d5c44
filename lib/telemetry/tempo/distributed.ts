import type { Construct } from 'constructs';
import { PORTS } from '../../api/ports.ts';
import { type Component, metadataOf, service, write } from '../component.ts';
import { podMonitor } from '../monitoring/monitors.ts';
import { countProblems } from '../pods/amounts.ts';
import { disruptionBudget } from '../pods/availability.ts';
import type { PersistenceProps } from '../pods/persistence.ts';
import { type ResourceProps, resourceProblems } from '../pods/resources.ts';
import { type PodOptions, tempoWorkload, type WorkloadOptions } from './pod.ts';

/** Pods of one component. */
export interface TempoComponentProps {
  /** @default - that of the component */
  readonly replicas?: number;
  /** @default - those of the component */
  readonly resources?: ResourceProps;
}

/** Tempo's components, each in pods of its own. */
export interface DistributedTempoProps {
  /** Take spans. @default - 2 pods */
  readonly distributor?: TempoComponentProps;
  /** Write blocks; from 3 on, each trace is written by three of them. @default - 3 pods */
  readonly ingester?: TempoComponentProps;
  /** Search blocks. @default - 2 pods */
  readonly querier?: TempoComponentProps;
  /** Take queries. @default - 2 pods */
  readonly queryFrontend?: TempoComponentProps;
  /** Joins blocks, and removes old ones. @default - 1 pod */
  readonly compactor?: TempoComponentProps;
  /** Make metrics of spans, if they have somewhere to go. @default - 1 pod */
  readonly metricsGenerator?: TempoComponentProps;
}

export interface ClusterObjects {
  readonly pod: PodOptions;
  readonly props: DistributedTempoProps;
  readonly persistence: PersistenceProps | undefined;
  /** Whether there is a metrics generator. */
  readonly metrics: boolean;
  readonly monitor: boolean;
}

interface Role {
  /** Tempo's name of it: `-target`. */
  readonly target: string;
  readonly replicas: number;
  readonly resources: Required<ResourceProps>;
  readonly kind?: 'StatefulSet';
  readonly blocks?: false;
  readonly stopSeconds?: number;
  /** Port of the Service that all the world uses. */
  readonly serves?: { readonly name: string; readonly port: number };
}

const HTTP = { name: 'http', port: PORTS.tempoHttp } as const;
const OTLP = { name: 'otlp-grpc', port: PORTS.otlpGrpc } as const;
/** Name of the HTTP port of pods that the Service does not lead to for it. */
const HTTP_METRICS = 'http-metrics';
/** Label of pods behind the Service of Tempo: of each, it leads to the port that the pod names. */
const SERVES = 'tooltrail.dev/serves';

const ROLES: Readonly<Record<keyof DistributedTempoProps, Role>> = {
  distributor: {
    target: 'distributor',
    replicas: 2,
    resources: { cpu: '100m', memory: '128Mi', memoryLimit: '1Gi' },
    blocks: false,
    serves: OTLP,
  },
  ingester: {
    target: 'ingester',
    replicas: 3,
    resources: { cpu: '100m', memory: '512Mi', memoryLimit: '2Gi' },
    kind: 'StatefulSet',
    // What they have in memory goes to object storage.
    stopSeconds: 300,
  },
  querier: { target: 'querier', replicas: 2, resources: { cpu: '100m', memory: '256Mi', memoryLimit: '2Gi' } },
  queryFrontend: {
    target: 'query-frontend',
    replicas: 2,
    resources: { cpu: '50m', memory: '128Mi', memoryLimit: '1Gi' },
    serves: HTTP,
  },
  compactor: { target: 'compactor', replicas: 1, resources: { cpu: '100m', memory: '256Mi', memoryLimit: '2Gi' } },
  metricsGenerator: {
    target: 'metrics-generator',
    replicas: 1,
    resources: { cpu: '100m', memory: '256Mi', memoryLimit: '1Gi' },
  },
};

const roleNames = Object.keys(ROLES) as (keyof DistributedTempoProps)[];

export const ingesters = ({ ingester }: DistributedTempoProps): number => ingester?.replicas ?? ROLES.ingester.replicas;

/** Names of the Services by which the components find one another. */
export const clusterServices = (name: string) => ({
  members: `${name}-gossip`,
  frontends: `${name}-${ROLES.queryFrontend.target}`,
});

/** Writes workloads and Services of the components; ConfigMap and ServiceAccount are there. */
export const writeCluster = (scope: Construct, component: Component, cluster: ClusterObjects): void => {
  for (const key of roleNames) {
    if (key !== 'metricsGenerator' || cluster.metrics) writeRole(scope, component, cluster, key);
  }
  const ports = [OTLP, HTTP].map(({ name, port }) => ({ name, port, targetPort: name, protocol: 'TCP' }));
  write(scope, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataOf(component),
    spec: { selector: { [SERVES]: component.name, 'app.kubernetes.io/instance': component.instance }, ports },
  });
  const { members, frontends } = clusterServices(component.name);
  write(scope, headless({ ...component, name: members }, 'gossip', PORTS.tempoGossip), '-gossip');
  const role = roleOf(component, ROLES.queryFrontend);
  write(scope, headless({ ...role, name: frontends }, 'grpc', PORTS.tempoGrpc), '-query-frontend');
  if (cluster.monitor) podMonitor(scope, component, [HTTP.name, HTTP_METRICS]);
};

const roleOf = (component: Component, { target }: Role): Component => ({
  ...component,
  name: `${component.name}-${target}`,
  role: target,
});

/** Members look for one another before they are ready. */
const headless = (component: Component, name: string, port: number) => {
  const own = service(component, [{ name, port }]);
  return { ...own, spec: { clusterIP: 'None', publishNotReadyAddresses: true, ...own.spec } };
};

const writeRole = (
  scope: Construct,
  component: Component,
  { pod, props, persistence }: ClusterObjects,
  key: keyof DistributedTempoProps,
): void => {
  const role = ROLES[key];
  const { target, kind = 'Deployment', serves, blocks = true, stopSeconds } = role;
  const own = roleOf(component, role);
  const replicas = props[key]?.replicas ?? role.replicas;
  const http = serves?.name === HTTP.name ? HTTP.name : HTTP_METRICS;
  const options: WorkloadOptions = {
    kind,
    replicas,
    resources: { ...role.resources, ...props[key]?.resources },
    args: [`-target=${target}`],
    ports: [
      ...(serves === OTLP ? [{ name: OTLP.name, containerPort: OTLP.port }] : []),
      { name: http, containerPort: PORTS.tempoHttp },
      { name: 'grpc', containerPort: PORTS.tempoGrpc },
      { name: 'gossip', containerPort: PORTS.tempoGossip },
    ],
    readiness: http,
    labels: serves === undefined ? {} : { [SERVES]: component.name },
    persistence: kind === 'StatefulSet' ? persistence : undefined,
    blocks,
    ...(stopSeconds === undefined ? {} : { stopSeconds }),
  };
  const object = tempoWorkload(own, pod, options);
  const suffix = `-${target}`;
  if (kind === 'StatefulSet') {
    write(scope, headless(own, HTTP_METRICS, PORTS.tempoHttp), suffix);
    write(scope, { ...object, spec: { ...object.spec, podManagementPolicy: 'Parallel' } }, suffix);
  } else {
    write(scope, object, suffix);
  }
  if (replicas > 1) write(scope, disruptionBudget(own), suffix);
};

export const distributedProblems = (props: DistributedTempoProps): readonly string[] =>
  roleNames.flatMap((key) => [
    ...countProblems(props[key]?.replicas, `distributed.${key}.replicas`),
    ...resourceProblems(props[key]?.resources, `distributed.${key}.resources`),
  ]);
