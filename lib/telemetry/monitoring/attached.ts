import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { Yaml } from 'cdk8s';
import { Construct } from 'constructs';
import { type Component, configMap, write } from '../component.ts';
import { dashboardFiles } from '../grafana/dashboard-files.ts';
import { tempoDataSource } from '../grafana/data-sources.ts';

/** A kube-prometheus-stack that the cluster has already. */
export interface AttachOptions {
  /** Its namespace: where its Grafana looks for dashboards and data sources. */
  readonly namespace: string;
  /**
   * Labels by which it selects monitors and rules.
   *
   * @default - `release: kube-prometheus-stack`
   */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * Base URL of its Prometheus, which Tempo writes metrics of spans to; its `enableRemoteWriteReceiver` has to be on.
   *
   * @default - Tempo makes no metrics of spans
   */
  readonly remoteWriteUrl?: string;
}

export interface AttachedGrafanaProps {
  readonly attach: AttachOptions;
  /** Release that the labels name. */
  readonly instance: string;
  /** Query API of Tempo. */
  readonly tempoUrl: string;
  readonly dashboards: readonly Dashboard[];
}

/** As kube-prometheus-stack labels what it selects, unless it is told otherwise. */
const RELEASE_LABELS = { release: 'kube-prometheus-stack' };

export const attachLabels = ({ labels = RELEASE_LABELS }: AttachOptions): Readonly<Record<string, string>> => labels;

/** Labels by which Grafana's sidecar finds ConfigMaps. Source: the Grafana chart's sidecar. */
const SIDECAR = { dashboards: 'grafana_dashboard', dataSources: 'grafana_datasource' } as const;

/** Dashboards, and the data source of Tempo, for a Grafana that is there: its sidecar takes them up. */
export class AttachedGrafana extends Construct {
  constructor(scope: Construct, id: string, { attach, instance, tempoUrl, dashboards }: AttachedGrafanaProps) {
    super(scope, id);
    const component: Component = {
      namespace: attach.namespace,
      name: 'tooltrail-dashboards',
      app: 'tooltrail',
      instance,
    };
    const labelled = (object: ReturnType<typeof configMap>, label: string) => ({
      ...object,
      metadata: { ...object.metadata, labels: { ...object.metadata.labels, [label]: '1' } },
    });
    const sources = { apiVersion: 1, datasources: [tempoDataSource(tempoUrl)] };
    if (dashboards.length > 0) {
      write(this, labelled(configMap(component, dashboardFiles(dashboards)), SIDECAR.dashboards));
    }
    const file = { 'tooltrail-tempo.yaml': Yaml.stringify(sources) };
    write(this, labelled(configMap(component, file, 'tooltrail-data-sources'), SIDECAR.dataSources), '-data-sources');
  }
}
