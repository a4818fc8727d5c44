import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IEnvVar } from 'kubernetes-models/v1';
import { PORTS } from '../api/ports.ts';
import { VERSION } from '../core/version.ts';
import type { Gateway } from '../gateway-api/gateway.ts';
import type { SecretVariable } from './secret-variables.ts';

export interface PodProps {
  readonly gateway: Gateway;
  readonly image: string;
  readonly replicas: number;
  readonly variables: readonly SecretVariable[];
}

/** Where the ConfigMap is mounted. */
const CONFIG_FOLDER = '/config';
/** User and group of the process. */
const UID = 10101;
/** Seconds that requests under way get after SIGTERM. */
const GRACE_SECONDS = 60;

/** Labels that select the pods of a Gateway; immutable in a Deployment, hence without the version. */
export const podSelector = ({ name }: Gateway): Record<string, string> => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/instance': name,
  'gateway.networking.k8s.io/gateway-name': name,
});

/** Labels of the workload's objects and pods. Source: GEP-1762 for the Gateway labels. */
export const podLabels = (gateway: Gateway): Record<string, string> => ({
  ...podSelector(gateway),
  'app.kubernetes.io/managed-by': 'tooltrail',
  'app.kubernetes.io/version': VERSION,
  'gateway.networking.k8s.io/gateway-class-name': gateway.gatewayClassName,
});

/** The Deployment's spec. */
export const deploymentSpec = (props: PodProps): NonNullable<IDeployment['spec']> => ({
  replicas: props.replicas,
  selector: { matchLabels: podSelector(props.gateway) },
  template: {
    metadata: {
      labels: podLabels(props.gateway),
      annotations: {
        'prometheus.io/scrape': 'true',
        'prometheus.io/path': '/metrics',
        'prometheus.io/port': String(PORTS.stats),
      },
    },
    spec: {
      serviceAccountName: props.gateway.name,
      automountServiceAccountToken: false,
      // Variables named after the namespace's Services are none of the gateway's.
      enableServiceLinks: false,
      terminationGracePeriodSeconds: GRACE_SECONDS,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: UID,
        runAsGroup: UID,
        seccompProfile: { type: 'RuntimeDefault' },
        // Listeners below 1024 without a capability.
        sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }],
      },
      containers: [container(props)],
      volumes: [
        { name: 'config', configMap: { name: props.gateway.name } },
        { name: 'tmp', emptyDir: {} },
      ],
    },
  },
});

type Container = NonNullable<NonNullable<IDeployment['spec']>['template']['spec']>['containers'][number];

const container = (props: PodProps): Container => {
  const ready = { path: '/healthz/ready', port: PORTS.readiness };
  return {
    name: 'gateway',
    image: props.image,
    imagePullPolicy: 'IfNotPresent',
    args: [
      'gateway',
      ...['--config', CONFIG_FOLDER],
      ...['--admin', `127.0.0.1:${PORTS.admin}`],
      ...['--stats', `0.0.0.0:${PORTS.stats}`],
      ...['--readiness', `0.0.0.0:${PORTS.readiness}`],
    ],
    env: environment(props),
    ports: [
      ...[...new Set(props.gateway.listeners.map(({ port }) => port))].map((port) => ({
        name: `listener-${port}`,
        containerPort: port,
      })),
      { name: 'metrics', containerPort: PORTS.stats },
      { name: 'readiness', containerPort: PORTS.readiness },
    ],
    readinessProbe: { httpGet: ready, periodSeconds: 10 },
    // A minute to read the objects and bind the listeners.
    startupProbe: { httpGet: ready, periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 2 },
    resources: { requests: { cpu: '100m', memory: '128Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
    },
    volumeMounts: [
      { name: 'config', mountPath: CONFIG_FOLDER, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
};

/** Everything from Secrets is optional: the pod starts without, and says in the backend's condition what is missing. */
const environment = ({ gateway, variables }: PodProps): IEnvVar[] => [
  fromField('NODE_NAME', 'spec.nodeName'),
  fromField('POD_NAME', 'metadata.name'),
  fromField('POD_NAMESPACE', 'metadata.namespace'),
  fromField('INSTANCE_IP', 'status.podIP'),
  { name: 'NAMESPACE', value: gateway.namespace },
  { name: 'GATEWAY', value: gateway.name },
  { name: 'TERMINATION_GRACE_PERIOD_SECONDS', value: String(GRACE_SECONDS) },
  fromSecret('SESSION_KEY', `${gateway.name}-session-key`, 'key'),
  ...variables.map(({ variable, secretKey }) => fromSecret(variable, secretKey.secret.name, secretKey.key)),
];

const fromField = (name: string, fieldPath: string): IEnvVar => ({ name, valueFrom: { fieldRef: { fieldPath } } });

const fromSecret = (name: string, secret: string, key: string): IEnvVar => ({
  name,
  valueFrom: { secretKeyRef: { name: secret, key, optional: true } },
});
