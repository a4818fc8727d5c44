import { Gauge, type Registry } from 'prom-client';
import { METRICS } from '../../../lib/api/telemetry/metrics.ts';

/** Backends whose state is told. */
const MAX_UPSTREAMS = 1_000;

/** How the gateway stands, asked for at each scrape. */
export interface GatewayState {
  /** Milliseconds of the Unix epoch; undefined: nothing is served yet. */
  readonly applied: number | undefined;
  /** Number of findings by severity. */
  readonly findings: Readonly<Record<'error' | 'note', number>>;
  /** `scheme://host:port`, and whether connecting to it went well the last time. */
  readonly upstreams: Iterable<readonly [upstream: string, up: boolean]>;
}

export const registerStateMetrics = (registry: Registry, state: () => GatewayState): void => {
  const { configSynchronized, configApplied, configFindings, upstreamUp } = METRICS;
  const registers = [registry];
  new Gauge({
    name: configSynchronized.name,
    help: configSynchronized.help,
    registers,
    collect() {
      this.set(state().applied === undefined ? 0 : 1);
    },
  });
  new Gauge({
    name: configApplied.name,
    help: configApplied.help,
    registers,
    collect() {
      this.set((state().applied ?? 0) / 1_000);
    },
  });
  new Gauge({
    name: configFindings.name,
    help: configFindings.help,
    labelNames: configFindings.labels,
    registers,
    collect() {
      for (const [severity, count] of Object.entries(state().findings)) this.set({ severity }, count);
    },
  });
  new Gauge({
    name: upstreamUp.name,
    help: upstreamUp.help,
    labelNames: upstreamUp.labels,
    registers,
    collect() {
      this.reset();
      let told = 0;
      for (const [upstream, up] of state().upstreams) {
        if (++told > MAX_UPSTREAMS) return;
        this.set({ upstream }, up ? 1 : 0);
      }
    },
  });
};
