import type { Construct } from 'constructs';
import { type OperatedKind, operatedPods, PROMETHEUS_OPERATOR } from '../../api/telemetry/prometheus-operator.ts';
import { type Component, metadataOf, write } from '../component.ts';
import { countProblems } from '../pods/amounts.ts';
import { disruptionBudget, spread } from '../pods/availability.ts';
import { type PartProps, partProblems, placementOf } from '../pods/part.ts';
import { operatorStorage, type PersistenceProps, persistenceProblems } from '../pods/persistence.ts';
import { type ResourceProps, resourcesOf } from '../pods/resources.ts';

/** What the pods of a Prometheus and of an Alertmanager have in common. */
export interface OperatedProps extends PartProps {
  readonly replicas?: number;
  readonly persistence?: PersistenceProps;
}

/** Name of the port of both, by which monitors and Prometheus find it. */
export const WEB_PORT = 'http-web';

/** User and group of both images. */
const USER = 1000;
const GROUP = 2000;

/** Writes an object that the operator makes pods of, its Service, and a budget where there are several pods. */
export const writeOperated = (
  scope: Construct,
  component: Component,
  kind: OperatedKind,
  port: number,
  props: OperatedProps & { readonly defaults: Required<ResourceProps> },
  spec: Readonly<Record<string, unknown>>,
): void => {
  const { replicas = 1, persistence, resources, defaults } = props;
  const pods = operatedPods[kind](component.name);
  write(scope, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataOf(component),
    spec: { selector: pods, ports: [{ name: WEB_PORT, port, targetPort: port, protocol: 'TCP' }] },
  });
  write(scope, {
    apiVersion: PROMETHEUS_OPERATOR.apiVersion,
    kind,
    metadata: metadataOf(component),
    spec: {
      imagePullPolicy: 'IfNotPresent',
      replicas,
      portName: WEB_PORT,
      serviceAccountName: component.name,
      ...(persistence === undefined ? {} : { storage: operatorStorage(persistence) }),
      ...placementOf(props),
      ...spread(component, replicas, pods),
      resources: resourcesOf({ ...defaults, ...resources }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        runAsGroup: GROUP,
        fsGroup: GROUP,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      ...spec,
    },
  });
  if (replicas > 1) write(scope, disruptionBudget(component, pods));
};

export const operatedProblems = (props: OperatedProps): readonly string[] => [
  ...countProblems(props.replicas, 'replicas', 1),
  ...persistenceProblems(props.persistence, 'persistence'),
  ...partProblems(props),
];
