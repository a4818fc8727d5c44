import { Construct } from 'constructs';
import { PORTS } from '../../api/ports.ts';
import { type Component, metadataOf, serviceAccount, write } from '../component.ts';
import { countProblems, durationProblems } from '../pods/amounts.ts';
import { disruptionBudget, spread } from '../pods/availability.ts';
import { type PartProps, partProblems, placementOf } from '../pods/part.ts';
import { operatorStorage, type PersistenceProps, persistenceProblems } from '../pods/persistence.ts';
import { resourcesOf } from '../pods/resources.ts';

export interface AlertmanagerOptions extends PartProps {
  /**
   * Version of Alertmanager.
   *
   * @default '0.28.1'
   */
  readonly version?: string;
  /**
   * Image of that version.
   *
   * @default - `quay.io/prometheus/alertmanager:v<version>`
   */
  readonly image?: string;
  /**
   * Pods; more than one tell each other what they have sent.
   *
   * @default 1
   */
  readonly replicas?: number;
  /**
   * How long alerts and silences are kept, as a Go duration.
   *
   * @default '120h'
   */
  readonly retention?: string;
  /**
   * A disk for silences and what was sent.
   *
   * @default - they go with the pod
   */
  readonly persistence?: PersistenceProps;
  /**
   * Secret of the namespace with `alertmanager.yaml`: who is told of what. AlertmanagerConfigs of every namespace add to it.
   *
   * @default - nobody: alerts are shown and go nowhere
   */
  readonly configSecret?: string;
}

export interface AlertmanagerProps extends AlertmanagerOptions {
  readonly namespace: string;
  /** Name of all objects. */
  readonly name: string;
  /** Release that the labels name. */
  readonly instance: string;
}

/** The image's own user. */
const USER = 1000;
const GROUP = 2000;
const API_VERSION = 'monitoring.coreos.com/v1';
const PORT = 'http-web';

/** An Alertmanager, run by the operator. */
export class Alertmanager extends Construct {
  /** Labels of its Service, for a ServiceMonitor. */
  readonly component: Component;
  /** Base URL, for data sources. */
  readonly url: string;
  /** Where Prometheus finds it. Source: prometheus-operator, `spec.alerting`. */
  readonly endpoint: { readonly namespace: string; readonly name: string; readonly port: string };

  constructor(scope: Construct, id: string, props: AlertmanagerProps) {
    super(scope, id);
    const { namespace, name, instance, version = '0.28.1', replicas = 1, retention = '120h' } = props;
    const component: Component = { namespace, name, app: 'kube-prometheus-stack-alertmanager', instance };
    this.component = component;
    // Labels that the operator gives the pods.
    const pods = { 'app.kubernetes.io/name': 'alertmanager', alertmanager: name };
    this.url = `http://${name}.${namespace}:${PORTS.alertmanager}`;
    this.endpoint = { namespace, name, port: PORT };
    write(this, serviceAccount(component));
    write(this, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadataOf(component),
      spec: {
        selector: pods,
        ports: [{ name: PORT, port: PORTS.alertmanager, targetPort: PORTS.alertmanager, protocol: 'TCP' }],
      },
    });
    write(this, {
      apiVersion: API_VERSION,
      kind: 'Alertmanager',
      metadata: metadataOf(component),
      spec: {
        image: props.image ?? `quay.io/prometheus/alertmanager:v${version}`,
        version,
        imagePullPolicy: 'IfNotPresent',
        replicas,
        retention,
        portName: PORT,
        serviceAccountName: name,
        automountServiceAccountToken: false,
        ...(props.configSecret === undefined ? {} : { configSecret: props.configSecret }),
        alertmanagerConfigSelector: {},
        alertmanagerConfigNamespaceSelector: {},
        ...(props.persistence === undefined ? {} : { storage: operatorStorage(props.persistence) }),
        ...placementOf(props),
        ...spread(component, replicas, pods),
        resources: resourcesOf({ cpu: '20m', memory: '64Mi', memoryLimit: '256Mi', ...props.resources }),
        securityContext: {
          runAsNonRoot: true,
          runAsUser: USER,
          runAsGroup: GROUP,
          fsGroup: GROUP,
          seccompProfile: { type: 'RuntimeDefault' },
        },
      },
    });
    if (replicas > 1) write(this, disruptionBudget(component, pods));
    this.node.addValidation({
      validate: () => [
        ...countProblems(props.replicas, 'replicas', 1),
        ...durationProblems(props.retention, '1m', 'retention'),
        ...persistenceProblems(props.persistence, 'persistence'),
        ...partProblems(props),
      ],
    });
  }
}
