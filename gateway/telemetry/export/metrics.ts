import { Counter, Gauge, type Registry } from 'prom-client';
import { METRICS, type MetricDefinition } from '../../../lib/api/telemetry/metrics.ts';
import { DROP_REASONS } from './account.ts';
import type { Exporters } from './registry.ts';

/** What the counts of one signal are called. */
export interface ExporterMetrics {
  readonly exported: MetricDefinition;
  readonly dropped: MetricDefinition;
  readonly queued: MetricDefinition;
}

export const SPAN_METRICS: ExporterMetrics = {
  exported: METRICS.spansExported,
  dropped: METRICS.spansDropped,
  queued: METRICS.spanQueueSize,
};

export const LOG_METRICS: ExporterMetrics = {
  exported: METRICS.logRecordsExported,
  dropped: METRICS.logRecordsDropped,
  queued: METRICS.logRecordQueueSize,
};

/** Publishes the counts of all policies; read at each scrape, nothing on the request path. */
export function registerExporterMetrics(
  registry: Registry,
  exporters: Pick<Exporters<never>, 'stats'>,
  { exported, dropped, queued }: ExporterMetrics = SPAN_METRICS,
): void {
  new Counter({
    name: exported.name,
    help: exported.help,
    labelNames: exported.labels,
    registers: [registry],
    collect() {
      this.reset();
      for (const counts of exporters.stats()) this.inc({ policy: counts.policy }, counts.exported);
    },
  });
  new Counter({
    name: dropped.name,
    help: dropped.help,
    labelNames: dropped.labels,
    registers: [registry],
    collect() {
      this.reset();
      for (const counts of exporters.stats()) {
        for (const reason of DROP_REASONS) this.inc({ policy: counts.policy, reason }, counts.dropped[reason]);
      }
    },
  });
  new Gauge({
    name: queued.name,
    help: queued.help,
    labelNames: queued.labels,
    registers: [registry],
    collect() {
      this.reset();
      for (const counts of exporters.stats()) this.set({ policy: counts.policy }, counts.queued);
    },
  });
}
