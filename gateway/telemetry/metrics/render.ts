import type { Registry } from 'prom-client';

/** All metrics in Prometheus' text format 0.0.4. */
export const renderMetrics = async (
  registry: Registry,
): Promise<{ readonly contentType: string; readonly body: string }> => ({
  contentType: registry.contentType,
  body: await registry.metrics(),
});
