import { Yaml } from 'cdk8s';
import type { Construct } from 'constructs';
import { PORTS } from '../../api/ports.ts';
import {
  type Component,
  configMap,
  RESTRICTED,
  type ServicePort,
  service,
  serviceAccount,
  workload,
  write,
} from '../component.ts';
import { serviceMonitor } from '../monitoring/monitors.ts';
import { disruptionBudget, spread } from '../pods/availability.ts';
import { goMemoryLimit, type ResourceProps, resourcesOf } from '../pods/resources.ts';
import { type ExporterProps, exporterEnvironment, exporterMounts, exporterVolumes, type Signal } from './exporters.ts';

/** Collectors that do the same. */
export interface TierOptions {
  readonly image: string;
  readonly replicas: number;
  readonly resources: ResourceProps | undefined;
  readonly exporters: ExporterProps;
  /** Which of the exporters it needs. */
  readonly signals: readonly Signal[];
  /** Whether it decides which traces are kept: those that wait are in memory. */
  readonly samples: boolean;
  /** The Service has no address of its own: its name stands for the pods. OTLP over gRPC is all that it takes. */
  readonly headless?: true;
  readonly priorityClassName: string | undefined;
  readonly monitor: boolean;
}

const CONFIG_FOLDER = '/conf';
/** The image's own user. */
const USER = 10001;

/** Writes what a tier consists of. */
export const writeTier = (scope: Construct, component: Component, content: object, options: TierOptions): void => {
  const { name } = component;
  const config = Yaml.stringify(content);
  const ports: readonly ServicePort[] = [
    { name: 'otlp', port: PORTS.otlpGrpc },
    ...(options.headless ? [] : [{ name: 'otlp-http', port: PORTS.otlpHttp }]),
    { name: 'metrics', port: PORTS.collectorMetrics },
  ];
  const own = service(component, ports);
  const suffix = options.headless ? '-sampler' : '';
  const objects = [
    serviceAccount(component),
    configMap(component, { 'relay.yaml': config }),
    options.headless ? { ...own, spec: { clusterIP: 'None', ...own.spec } } : own,
    deployment(component, config, ports, options),
    ...(options.replicas > 1 ? [disruptionBudget(component)] : []),
  ];
  for (const object of objects) write(scope, object, suffix);
  if (options.monitor) serviceMonitor(scope, { ...component, name }, 'metrics');
};

const deployment = (
  component: Component,
  config: string,
  ports: readonly ServicePort[],
  { image, replicas, resources, exporters, signals, samples, priorityClassName }: TierOptions,
) => {
  const own = {
    cpu: '50m',
    memory: '128Mi',
    memoryLimit: samples ? '1Gi' : '512Mi',
    ...resources,
  };
  const health = { httpGet: { path: '/', port: PORTS.collectorHealth } };
  const used = Object.fromEntries(
    Object.entries(exporters).filter(([, props]) => signals.some((signal) => props.signals?.includes(signal) ?? true)),
  );
  const object = workload(component, {
    kind: 'Deployment',
    user: USER,
    config,
    pod: {
      serviceAccountName: component.name,
      ...(priorityClassName === undefined ? {} : { priorityClassName }),
      ...spread(component, replicas),
      containers: [
        {
          name: 'opentelemetry-collector',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['/otelcol-contrib'],
          args: [`--config=${CONFIG_FOLDER}/relay.yaml`],
          env: [...goMemoryLimit(own.memoryLimit), ...exporterEnvironment(used)],
          ports: ports.map(({ name, port }) => ({ name, containerPort: port })),
          livenessProbe: health,
          readinessProbe: health,
          resources: resourcesOf(own),
          securityContext: RESTRICTED,
          volumeMounts: [{ name: 'config', mountPath: CONFIG_FOLDER, readOnly: true }, ...exporterMounts(used)],
        },
      ],
      volumes: [{ name: 'config', configMap: { name: component.name } }, ...exporterVolumes(used)],
    },
  });
  return { ...object, spec: { ...object.spec, replicas } };
};
