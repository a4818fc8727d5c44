import type { IDeployment } from 'kubernetes-models/apps/v1';
import type {
  IContainer,
  IEnvVar,
  IPodTemplateSpec,
  IResourceRequirements,
  IVolume,
  IVolumeMount,
} from 'kubernetes-models/v1';
import { PORTS } from '../api/ports.ts';
import { spreadConstraints } from './spread.ts';

/** The Gateway that a workload serves, as far as the workload is named and labelled by it. */
export interface WorkloadGateway {
  readonly namespace: string;
  readonly name: string;
  readonly className: string;
}

/** Pods of the gateway: what those with a ConfigMap of their own and those that read the Kubernetes API have in common. */
export interface PodOptions {
  readonly gateway: WorkloadGateway;
  /** Name of the ServiceAccount, the session key and whatever else belongs to the pods. */
  readonly name: string;
  /** Of the program, for the label. */
  readonly version: string;
  readonly managedBy: string;
  readonly image: string;
  readonly imagePullPolicy?: NonNullable<IContainer['imagePullPolicy']>;
  /** After `gateway`, before the addresses of the gateway itself. */
  readonly args: readonly string[];
  readonly ports: readonly number[];
  /** Besides those that say where the pod runs. */
  readonly environment?: readonly IEnvVar[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly resources?: IResourceRequirements;
  /** Whether the pod may talk to the Kubernetes API. */
  readonly apiToken: boolean;
  readonly volumes?: readonly IVolume[];
  readonly volumeMounts?: readonly IVolumeMount[];
  /** Seconds from SIGTERM to the end of new requests, and to the end of all. Default: SHUTDOWN. */
  readonly shutdown?: { readonly min: number; readonly max: number };
}

/** User and group of the process. */
const UID = 10101;
/** Until every node knows that the pod is going, requests still come. Source: the compatible system's pods. */
const SHUTDOWN = { min: 10, max: 60 } as const;
/** Data key of the Secret that seals session ids. */
export const SESSION_KEY_DATA = 'key';

/** Name of the Secret that seals session ids. */
export const sessionKeyName = (name: string): string => `${name}-session-key`;

/** Label values hold 63 characters. */
const labelValue = (text: string): string => text.slice(0, 63).replace(/[^A-Za-z0-9]+$/, '');

/** Labels that select the pods of a Gateway; immutable in a Deployment, hence without the version. Source: GEP-1762 for the Gateway's. */
export const podSelector = (name: string, gateway: WorkloadGateway): Record<string, string> => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/instance': name,
  'gateway.networking.k8s.io/gateway-name': labelValue(gateway.name),
});

/** Labels of the workload's objects and pods. */
export const podLabels = ({ name, gateway, version, managedBy, labels }: PodOptions): Record<string, string> => ({
  ...labels,
  ...podSelector(name, gateway),
  'app.kubernetes.io/managed-by': managedBy,
  'app.kubernetes.io/version': version,
  'gateway.networking.k8s.io/gateway-class-name': labelValue(gateway.className),
});

/** The Deployment's spec. Undefined replicas: somebody else scales it. */
export const deploymentSpec = (
  options: PodOptions,
  replicas: number | undefined,
): NonNullable<IDeployment['spec']> => ({
  ...(replicas === undefined ? {} : { replicas }),
  selector: { matchLabels: podSelector(options.name, options.gateway) },
  template: podTemplate(options),
});

const podTemplate = (options: PodOptions): IPodTemplateSpec => ({
  metadata: {
    labels: podLabels(options),
    annotations: {
      'prometheus.io/scrape': 'true',
      'prometheus.io/path': '/metrics',
      'prometheus.io/port': String(PORTS.stats),
      ...options.annotations,
    },
  },
  spec: {
    serviceAccountName: options.name,
    automountServiceAccountToken: options.apiToken,
    // Variables named after the namespace's Services are none of the gateway's.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: (options.shutdown ?? SHUTDOWN).max,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: UID,
      runAsGroup: UID,
      seccompProfile: { type: 'RuntimeDefault' },
      // Listeners below 1024 without a capability.
      sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }],
    },
    topologySpreadConstraints: spreadConstraints(podSelector(options.name, options.gateway)),
    containers: [container(options)],
    volumes: [...(options.volumes ?? []), { name: 'tmp', emptyDir: {} }],
  },
});

const container = (options: PodOptions): IContainer => {
  const ready = { path: '/healthz/ready', port: PORTS.readiness };
  return {
    name: 'gateway',
    image: options.image,
    imagePullPolicy: options.imagePullPolicy ?? 'IfNotPresent',
    args: [
      'gateway',
      ...options.args,
      ...['--admin', `127.0.0.1:${PORTS.admin}`],
      ...['--stats', `0.0.0.0:${PORTS.stats}`],
      ...['--readiness', `0.0.0.0:${PORTS.readiness}`],
    ],
    env: environment(options),
    ports: [
      ...options.ports.map((port) => ({ name: `listener-${port}`, containerPort: port })),
      { name: 'metrics', containerPort: PORTS.stats },
      { name: 'readiness', containerPort: PORTS.readiness },
    ],
    readinessProbe: { httpGet: ready, periodSeconds: 10 },
    // A minute to read the objects and bind the listeners.
    startupProbe: { httpGet: ready, periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 2 },
    resources: options.resources ?? { requests: { cpu: '100m', memory: '128Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
    },
    volumeMounts: [...(options.volumeMounts ?? []), { name: 'tmp', mountPath: '/tmp' }],
  };
};

/** Everything from Secrets is optional: the pod starts without, and says in the backend's condition what is missing. */
const environment = ({ gateway, name, shutdown = SHUTDOWN, environment: own = [] }: PodOptions): IEnvVar[] => [
  fromField('NODE_NAME', 'spec.nodeName'),
  fromField('POD_NAME', 'metadata.name'),
  fromField('POD_NAMESPACE', 'metadata.namespace'),
  fromField('INSTANCE_IP', 'status.podIP'),
  { name: 'NAMESPACE', value: gateway.namespace },
  { name: 'GATEWAY', value: gateway.name },
  { name: 'TERMINATION_GRACE_PERIOD_SECONDS', value: String(shutdown.max) },
  { name: 'CONNECTION_MIN_TERMINATION_DEADLINE', value: `${shutdown.min}s` },
  fromSecret('SESSION_KEY', sessionKeyName(name), SESSION_KEY_DATA),
  ...own,
];

const fromField = (name: string, fieldPath: string): IEnvVar => ({ name, valueFrom: { fieldRef: { fieldPath } } });

export const fromSecret = (name: string, secret: string, key: string): IEnvVar => ({
  name,
  valueFrom: { secretKeyRef: { name: secret, key, optional: true } },
});

/** One port of the Service for each port of the listeners. */
export const servicePorts = (ports: readonly number[]) =>
  ports.map((port) => ({ name: `listener-${port}`, port, protocol: 'TCP', targetPort: port }));
