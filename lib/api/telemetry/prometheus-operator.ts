/** What the Prometheus operator is relied on for: its group, and the labels that it gives the pods it makes. */
const GROUP = 'monitoring.coreos.com';

export const PROMETHEUS_OPERATOR = { group: GROUP, apiVersion: `${GROUP}/v1` } as const;

/** Labels of the pods of a Prometheus or an Alertmanager of that name. Source: prometheus-operator, its StatefulSets. */
export const operatedPods = {
  Prometheus: (name: string) => ({ 'app.kubernetes.io/name': 'prometheus', 'operator.prometheus.io/name': name }),
  Alertmanager: (name: string) => ({ 'app.kubernetes.io/name': 'alertmanager', alertmanager: name }),
} as const satisfies Readonly<Record<string, (name: string) => Readonly<Record<string, string>>>>;

export type OperatedKind = keyof typeof operatedPods;
