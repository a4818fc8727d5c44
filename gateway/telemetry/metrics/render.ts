import { Registry } from 'prom-client';

/** Of one gateway; prom-client's own is the process's. */
export const newRegistry = (): Registry => new Registry();

/** All metrics in Prometheus' text format 0.0.4. */
export const renderMetrics = async (
  registry: Registry,
): Promise<{ readonly contentType: string; readonly body: string }> => ({
  contentType: registry.contentType,
  body: await registry.metrics(),
});
