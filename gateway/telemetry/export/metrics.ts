import { Counter, Gauge, type Registry } from 'prom-client';
import { DROP_REASONS } from './account.ts';
import type { Exporters } from './registry.ts';

/** What the gateway says of its own span export. */
export const EXPORTER_METRICS = {
  exported: { name: 'tooltrail_spans_exported_total', help: 'Spans that a collector took.', labels: ['policy'] },
  dropped: {
    name: 'tooltrail_spans_dropped_total',
    help: 'Spans that never arrived, by reason: queue_full, rejected, unreachable, shutdown.',
    labels: ['policy', 'reason'],
  },
  queued: { name: 'tooltrail_span_queue_size', help: 'Spans waiting for export or in flight.', labels: ['policy'] },
} as const;

/** Publishes the counts of all policies; read at each scrape, nothing on the request path. */
export function registerExporterMetrics(registry: Registry, exporters: Exporters): void {
  const { exported, dropped, queued } = EXPORTER_METRICS;
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
