import { Counter, Gauge, type Registry } from 'prom-client';
import { METRICS } from '../../../lib/api/telemetry/metrics.ts';
import { DROP_REASONS } from './account.ts';
import type { Exporters } from './registry.ts';

/** Publishes the counts of all policies; read at each scrape, nothing on the request path. */
export function registerExporterMetrics(registry: Registry, exporters: Exporters): void {
  const { spansExported: exported, spansDropped: dropped, spanQueueSize: queued } = METRICS;
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
