import type { Clock, Timer } from '../../../gateway/telemetry/export/transport.ts';
import type { Collector, TracingPolicy } from '../../../gateway/telemetry/policy.ts';
import type { SpanData } from '../../../gateway/telemetry/trace/span.ts';

/** A SERVER span as the gateway makes them; `overrides` replace what a test is about. */
export const aSpan = (overrides: Partial<SpanData> = {}): SpanData => ({
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  parentSpanId: undefined,
  parentIsRemote: false,
  traceState: undefined,
  traceFlags: 1,
  name: 'POST /mcp/*',
  kind: 'SERVER',
  startTime: 1_732_364_512_345.25,
  endTime: 1_732_364_512_561.5,
  attributes: [
    ['gateway', 'agentgateway-system/mcp-gateway'],
    ['http.status', 200n],
  ],
  events: [],
  droppedEvents: 0,
  links: [],
  status: { code: 'UNSET' },
  ...overrides,
});

/** Spans named `0`, `1`, … */
export const spansNamed = (from: number, to: number): SpanData[] =>
  Array.from({ length: to - from }, (_, index) => aSpan({ name: String(from + index) }));

export const aCollector = (overrides: Partial<Collector> & Pick<Collector, 'port'>): Collector => ({
  protocol: 'GRPC',
  host: '127.0.0.1',
  path: '/v1/traces',
  ...overrides,
});

export const aTracingPolicy = (collector: Collector, overrides: Partial<TracingPolicy> = {}): TracingPolicy => ({
  policy: 'agentgateway-system/tracing',
  collector,
  resource: [
    { name: 'service.name', value: 'agentgateway-mcp' },
    { name: 'deployment.environment.name', value: 'development' },
  ],
  clientSampling: true,
  randomSampling: true,
  attributes: { add: [], remove: new Set() },
  ...overrides,
});

/** The machine's clock; `open()` is the number of timers that are still to fire. */
export function countingClock(): Clock & { open(): number } {
  const timers = new Set<Timer>();
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    setTimeout(run, milliseconds) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        run();
      }, milliseconds);
      timers.add(timer);
      return timer;
    },
    clearTimeout(timer) {
      timers.delete(timer);
      clearTimeout(timer as NodeJS.Timeout);
    },
    open: () => timers.size,
  };
}

/** Resolves once `condition` holds; rejects after `timeout` milliseconds. */
export async function until(condition: () => boolean, timeout = 5000): Promise<void> {
  const end = Date.now() + timeout;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${timeout} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
