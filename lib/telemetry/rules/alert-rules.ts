import { Construct } from 'constructs';
import { PROMETHEUS_OPERATOR } from '../../api/telemetry/prometheus-operator.ts';
import { type Component, metadataOf, write } from '../component.ts';
import { type Alert, alertsOf, type Jobs } from './alerts.ts';
import { type AlertOptions, alertProblems, thresholdsOf } from './options.ts';

export interface AlertRulesProps extends AlertOptions {
  readonly namespace: string;
  /** Release that the labels name. */
  readonly instance: string;
  readonly jobs: Jobs;
}

/** The alerts, for the operator's Prometheus. */
export class AlertRules extends Construct {
  constructor(scope: Construct, id: string, props: AlertRulesProps) {
    super(scope, id);
    const component: Component = {
      namespace: props.namespace,
      name: 'tooltrail-alerts',
      app: 'tooltrail',
      instance: props.instance,
    };
    const rules = alertsOf(thresholdsOf(props), props.jobs).map((alert) => ruleOf(alert, props));
    write(this, {
      apiVersion: PROMETHEUS_OPERATOR.apiVersion,
      kind: 'PrometheusRule',
      metadata: metadataOf(component),
      spec: { groups: [{ name: 'tooltrail', rules }] },
    });
    this.node.addValidation({ validate: () => [...alertProblems(props)] });
  }
}

const ruleOf = (alert: Alert, { runbookUrl, labels }: AlertOptions) => ({
  alert: alert.name,
  expr: alert.expression,
  for: alert.for,
  labels: { ...labels, severity: alert.severity },
  annotations: {
    summary: alert.summary,
    description: alert.runbook,
    ...(runbookUrl === undefined ? {} : { runbook_url: `${runbookUrl}#${alert.name.toLowerCase()}` }),
  },
});
