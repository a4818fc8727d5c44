import { readFileSync } from 'node:fs';
import { parse, parseAllDocuments } from 'yaml';

/** What a panel of dist/ asks, and whom. */
export interface Question {
  /** Dashboard and panel. */
  readonly name: string;
  readonly source: 'prometheus' | 'tempo';
  /** PromQL, or TraceQL; empty for Tempo's graph of services. */
  readonly text: string;
}

interface PanelJson {
  readonly title: string;
  readonly targets?: readonly {
    readonly expr?: string;
    readonly query?: string;
    readonly datasource: { readonly uid: Question['source'] };
  }[];
}

export interface DashboardJson {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly (PanelJson & {
    readonly id: number;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  })[];
}

interface Written {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

const RELEASE = 'dist/0007-kube-prometheus-stack.k8s.yaml';

const dataOf = (name: string): Readonly<Record<string, string>> =>
  parseAllDocuments(readFileSync(RELEASE, 'utf8'))
    .map((document) => document.toJS() as Written | null)
    .find((object) => object?.kind === 'ConfigMap' && object.metadata.name === name)?.data ?? {};

/** Grafana's dashboards as dist/ has them. */
export const distDashboards = (): readonly DashboardJson[] =>
  Object.values(dataOf('kube-prometheus-stack-grafana-dashboards')).map((text) => JSON.parse(text) as DashboardJson);

/** A file of Grafana's provisioning. */
export const provisioning = (file: string): unknown => parse(dataOf('kube-prometheus-stack-grafana')[file] ?? '');

export const questions = (): readonly Question[] =>
  distDashboards().flatMap(({ title, panels }) =>
    panels.flatMap((panel) =>
      (panel.targets ?? []).map(({ expr, query, datasource }) => ({
        name: `${title} / ${panel.title}`,
        source: datasource.uid,
        text: expr ?? query ?? '',
      })),
    ),
  );

/** As Grafana asks it, with everything chosen: the window is four times the interval that the data source says. */
export const filled = (text: string): string =>
  text
    .replaceAll('$__rate_interval', '2m')
    .replaceAll('$__range', '2m')
    .replaceAll(/\$(gateway|target|tool)\b/g, '.*');
