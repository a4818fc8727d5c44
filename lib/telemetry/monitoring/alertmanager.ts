import { Construct } from 'constructs';
import { PORTS } from '../../api/ports.ts';
import { type Component, serviceAccount, write } from '../component.ts';
import { durationProblems } from '../pods/amounts.ts';
import type { PartProps } from '../pods/part.ts';
import type { PersistenceProps } from '../pods/persistence.ts';
import { operatedProblems, WEB_PORT, writeOperated } from './operated.ts';

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
    const { namespace, name, instance, version = '0.28.1', retention = '120h' } = props;
    const component: Component = { namespace, name, app: 'kube-prometheus-stack-alertmanager', instance };
    this.component = component;
    this.url = `http://${name}.${namespace}:${PORTS.alertmanager}`;
    this.endpoint = { namespace, name, port: WEB_PORT };
    write(this, serviceAccount(component));
    const defaults = { cpu: '20m', memory: '64Mi', memoryLimit: '256Mi' };
    writeOperated(
      this,
      component,
      'Alertmanager',
      PORTS.alertmanager,
      { ...props, defaults },
      {
        image: props.image ?? `quay.io/prometheus/alertmanager:v${version}`,
        version,
        retention,
        automountServiceAccountToken: false,
        ...(props.configSecret === undefined ? {} : { configSecret: props.configSecret }),
        alertmanagerConfigSelector: {},
        alertmanagerConfigNamespaceSelector: {},
      },
    );
    this.node.addValidation({
      validate: () => [...durationProblems(props.retention, '1m', 'retention'), ...operatedProblems(props)],
    });
  }
}
