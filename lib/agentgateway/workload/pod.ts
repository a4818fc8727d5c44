import type { IDeployment } from 'kubernetes-models/apps/v1';
import { VERSION } from '../../core/version.ts';
import type { Gateway } from '../../gateway-api/gateway.ts';
import {
  fromSecret,
  podLabels as labelsOf,
  type PodOptions,
  podSelector as selectorOf,
  deploymentSpec as specOf,
  type WorkloadGateway,
} from '../../workload/pod.ts';
import type { SecretVariable } from './secret-variables.ts';

export interface PodProps {
  readonly gateway: Gateway;
  readonly image: string;
  readonly replicas: number;
  readonly variables: readonly SecretVariable[];
}

/** Where the ConfigMap is mounted. */
const CONFIG_FOLDER = '/config';
const MANAGED_BY = 'tooltrail';

/** Labels that select the pods of a Gateway. */
export const podSelector = (gateway: Gateway): Record<string, string> =>
  selectorOf(gateway.name, workloadGateway(gateway));

/** Labels of the workload's objects and pods. */
export const podLabels = (gateway: Gateway): Record<string, string> =>
  labelsOf(podOptions({ gateway, image: '', replicas: 1, variables: [] }));

/** The spec of a Deployment that reads its objects from a ConfigMap. */
export const deploymentSpec = (props: PodProps): NonNullable<IDeployment['spec']> =>
  specOf(podOptions(props), props.replicas);

export const listenerPorts = (gateway: Gateway): readonly number[] => [
  ...new Set(gateway.listeners.map(({ port }) => port)),
];

const workloadGateway = ({ namespace, name, gatewayClassName }: Gateway): WorkloadGateway => ({
  namespace,
  name,
  className: gatewayClassName,
});

const podOptions = ({ gateway, image, variables }: PodProps): PodOptions => ({
  gateway: workloadGateway(gateway),
  name: gateway.name,
  version: VERSION,
  managedBy: MANAGED_BY,
  image,
  args: ['--config', CONFIG_FOLDER],
  ports: listenerPorts(gateway),
  environment: variables.map(({ variable, secretKey }) => fromSecret(variable, secretKey.secret.name, secretKey.key)),
  apiToken: false,
  volumes: [{ name: 'config', configMap: { name: gateway.name } }],
  volumeMounts: [{ name: 'config', mountPath: CONFIG_FOLDER, readOnly: true }],
});
