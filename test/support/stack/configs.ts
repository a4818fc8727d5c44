import type { App } from 'cdk8s';
import { parse } from 'yaml';
import {
  OpenTelemetryCollector,
  type OpenTelemetryCollectorProps,
} from '../../../lib/telemetry/collector/collector.ts';
import { Tempo, type TempoProps } from '../../../lib/telemetry/tempo/tempo.ts';
import { charts, synth, type Written } from '../charts.ts';

export type CollectorOptions = Omit<OpenTelemetryCollectorProps, 'namespace' | 'tempo'>;
export type TempoOptions = Omit<TempoProps, 'namespace'>;

export const NAMESPACE = 'telemetry';
export const COLLECTOR = 'opentelemetry-collector-traces';
export const TEMPO = 'tempo';

/** A Collector alone: the Tempo that it sends to is of another app. */
export const collectorApp = (options: CollectorOptions): App => {
  const tempo = new Tempo(charts(NAMESPACE).in.telemetry, TEMPO, { namespace: NAMESPACE });
  const { app, in: chart } = charts(NAMESPACE);
  new OpenTelemetryCollector(chart.telemetry, COLLECTOR, { ...options, namespace: NAMESPACE, tempo });
  return app;
};

export const tempoApp = (options: TempoOptions): App => {
  const { app, in: chart } = charts(NAMESPACE);
  new Tempo(chart.telemetry, TEMPO, { ...options, namespace: NAMESPACE });
  return app;
};

/** The configurations that an app writes, by the names of their ConfigMaps. */
export const configsOf = (app: App): Readonly<Record<string, unknown>> => configsIn(synth(app));

export const configsIn = (objects: readonly Written[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    objects
      .filter(({ kind }) => kind === 'ConfigMap')
      .map(({ metadata, data }) => [metadata.name, parse(Object.values(data as Record<string, string>)[0] ?? '')]),
  );
