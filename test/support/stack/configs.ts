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

/** What the construct writes. */
export const collectorObjects = (options: CollectorOptions): readonly Written[] => {
  const { app, in: chart } = charts('storage', NAMESPACE);
  const tempo = new Tempo(chart.storage, 'tempo', { namespace: NAMESPACE });
  new OpenTelemetryCollector(chart.telemetry, COLLECTOR, { ...options, namespace: NAMESPACE, tempo });
  return synth(app).filter(({ metadata }) => !metadata.name.startsWith('tempo'));
};

export const tempoObjects = (options: TempoOptions): readonly Written[] => {
  const { app, in: chart } = charts(NAMESPACE);
  new Tempo(chart.telemetry, 'tempo', { ...options, namespace: NAMESPACE });
  return synth(app);
};

/** The configurations in their ConfigMaps, by the names of these. */
export const configsOf = (objects: readonly Written[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    objects
      .filter(({ kind }) => kind === 'ConfigMap')
      .map(({ metadata, data }) => [metadata.name, parse(Object.values(data as Record<string, string>)[0] ?? '')]),
  );
