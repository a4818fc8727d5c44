import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type GatewayProcess, startGateway } from '../support/acceptance/gateway.ts';
import { plainManifests } from '../support/acceptance/manifests.ts';
import { freePort } from '../support/free-port.ts';
import { openSession } from '../support/mcp/client.ts';
import type { Mode, Order, Report } from './exporter-collectors.ts';
import { CLIENTS, callTools, quantile } from './tool-calls.ts';
import { usageOf } from './usage.ts';

/**
 * Collectors that fail, and what calls feel of it: a gateway whose collector fails and one whose collector works are called at once, by as
 * many clients each. Ends with 1 if a call fails, a span is unaccounted for, or memory is not bounded. Latencies are printed, not judged: "as
 * well" says what two gateways differ by whose collectors both work. Run: `node test/bench/exporter.ts [SECONDS]`, on Linux for memory.
 */
const WARM_UP = 1_000;
/** Seconds of each fault, of flapping, and milliseconds of each state of a collector that flaps. */
const TIME = 8;
const FLAPPING = Number(process.argv[2] ?? 60);
const TURN = 2_000;
/**
 * MiB that a gateway may have more than the one whose collector works: a full queue is 16 at most, a batch under way not 4, and heaps of equal
 * gateways differ by some 40.
 */
const MAX_MEMORY = 64;
/** Spans of a batch. */
const BATCH = 512;
/** At least as many times more spans as the slow collector takes, with some to spare for a machine that slows down; seconds, for some batches. */
const OVERLOAD = 12;
const SLOW_TIME = 20;
/** Milliseconds for spans that wait when a collector is back. */
const SETTLE_TIME = 90_000;

const STATES: readonly Mode[] = [
  'takes',
  { status: 503 },
  'takes',
  'away',
  'takes',
  'hangs',
  { delay: 500 },
  { status: 429, retryAfter: 1 },
  'takes',
  { status: 400 },
];

const policy = (port: number): string => `---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayPolicy
metadata: { name: tracing, namespace: test }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gateway }]
  frontend:
    tracing: { url: 'http://127.0.0.1:${port}', protocol: HTTP, randomSampling: 'true' }
    accessLog: { filter: 'false' }
`;

const worker = new Worker(new URL('./exporter-collectors.ts', import.meta.url));
const ask = (order: Order): Promise<Report> =>
  new Promise((resolve, reject) => {
    worker.removeAllListeners().once('message', resolve).once('error', reject);
    worker.postMessage(order);
  });
const become = async (collector: string, mode: Mode): Promise<number> => {
  const report = await ask({ collector, mode });
  return 'port' in report ? report.port : 0;
};

interface Running {
  readonly name: string;
  readonly gateway: GatewayProcess;
  readonly session: Record<string, string>;
  calls: number;
  /** MiB, at most. */
  memory: number;
}

const servers = new Worker(new URL('./tracing-servers.ts', import.meta.url));
const { upstream } = await new Promise<{ readonly upstream: number }>((resolve, reject) => {
  servers.once('message', resolve).once('error', reject);
});

const start = async (name: string, mode: Mode): Promise<Running> => {
  // It has a port before it is away.
  const collector = await become(name, 'takes');
  const port = await freePort();
  const gateway = await startGateway({ manifests: plainManifests(port, upstream) + policy(collector), port });
  const running = { name, gateway, session: await openSession(gateway.url), calls: 0, memory: 0 };
  await call(running, (begun) => begun < WARM_UP);
  await become(name, mode);
  return running;
};

const call = async (running: Running, more: (begun: number) => boolean): Promise<readonly number[]> => {
  const times = await callTools(running.gateway.url, running.session, more, CLIENTS / 2);
  running.calls += times.length;
  running.memory = Math.max(running.memory, usageOf(running.gateway.pid)?.memory ?? 0);
  return times;
};

interface Spans {
  readonly requests: number;
  readonly exported: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly queued: number;
}

const spansOf = async ({ gateway }: Running): Promise<Spans> => {
  const lines = (await gateway.metrics()).split('\n');
  const values = (name: string): readonly (readonly [line: string, value: number])[] =>
    lines
      .filter((line) => line.startsWith(`${name}{`))
      .map((line) => [line, Number(line.slice(line.lastIndexOf(' ')))] as const);
  const sum = (name: string): number => values(name).reduce((total, [, value]) => total + value, 0);
  return {
    requests: sum('agentgateway_requests_total'),
    exported: sum('tooltrail_spans_exported_total'),
    dropped: Object.fromEntries(
      values('tooltrail_spans_dropped_total')
        .filter(([, value]) => value > 0)
        .map(([line, value]) => [/reason="(\w+)"/.exec(line)?.[1] ?? '', value]),
    ),
    queued: sum('tooltrail_span_queue_size'),
  };
};

/** Until everything has been sent or given up, or for so long; a slow collector hurries up. */
const settle = async (running: Running, mode: Mode): Promise<Spans> => {
  if (typeof mode === 'object' && 'delay' in mode) await become(running.name, 'takes');
  const end = performance.now() + SETTLE_TIME;
  for (;;) {
    const spans = await spansOf(running);
    if (spans.queued === 0 || performance.now() > end) return spans;
    await sleep(200);
  }
};

const failures: string[] = [];

/** Each request has two spans. */
const account = async ({ name, calls }: Running, { requests, exported, dropped, queued }: Spans): Promise<string> => {
  const report = await ask({ collector: name, mode: 'count' });
  const distinct = 'distinct' in report ? report.distinct : 0;
  const lost = Object.values(dropped).reduce((sum, value) => sum + value, 0);
  const offered = 2 * requests;
  if (requests !== calls + 1) failures.push(`${name}: ${calls} calls and a session were ${requests} requests`);
  if (offered !== exported + lost + queued) failures.push(`${name}: spans are unaccounted for`);
  if (exported !== distinct) failures.push(`${name}: ${exported} exported spans, and ${distinct} received`);
  const reasons = Object.entries(dropped).map(([reason, count]) => `${count} ${reason}`);
  return `${offered} spans = ${exported} exported (${distinct} received) + ${lost} dropped${lost === 0 ? '' : ` (${reasons.join(', ')})`} + ${queued} waiting`;
};

/**
 * Calls a gateway whose collector is in this mode beside one whose collector works, both new, and says how they compare.
 *
 * @returns spans a second.
 */
const compare = async (
  name: string,
  mode: Mode,
  seconds = TIME,
  meanwhile: (more: () => boolean) => Promise<void> = async () => {},
): Promise<{ readonly offered: number; readonly exported: number }> => {
  const healthy = await start(`beside ${name}`, 'takes');
  const running = await start(name, mode);
  const before = await spansOf(running);
  const end = performance.now() + seconds * 1_000;
  const more = (): boolean => performance.now() < end;
  const [own, other] = await Promise.all([call(running, more), call(healthy, more), meanwhile(more)]);
  const after = await spansOf(running);
  // What came late is accounted for as well, where it can come.
  const final = mode === 'takes' || typeof mode === 'object' ? await settle(running, mode) : after;
  const ratio = (share: number): string => `${(quantile(own, share) / quantile(other, share)).toFixed(2)}x`;
  const rate = (times: readonly number[]): string => `${(times.length / seconds).toFixed(0)} calls/s`;
  console.log(
    `${name.padEnd(14)} p50 ${ratio(0.5)}  p99 ${ratio(0.99)}  ${rate(own)} beside ${rate(other)}  ${running.memory.toFixed(0)} MiB beside ${healthy.memory.toFixed(0)}`,
  );
  console.log(`  ${await account(running, final)}`);
  await account(healthy, await settle(healthy, 'takes'));
  if (running.memory > healthy.memory + MAX_MEMORY) failures.push(`${name}: ${running.memory.toFixed(0)} MiB`);
  await Promise.all([running.gateway.stop(), healthy.gateway.stop()]);
  return {
    offered: (2 * (after.requests - before.requests)) / seconds,
    exported: (after.exported - before.exported) / seconds,
  };
};

console.log(
  `Tool calls by the state of the collector, and beside them those of a gateway whose collector works; ${CLIENTS / 2} clients each, ${TIME} s`,
);
const { offered } = await compare('as well', 'takes');
await compare('is away', 'away');
await compare('hangs', 'hangs');
await compare('answers 503', { status: 503 });
await compare('answers 429', { status: 429, retryAfter: 1 });
await compare('answers 400', { status: 400 });
const slow = await compare('is slow', { delay: Math.ceil((OVERLOAD * BATCH * 1_000) / offered) }, SLOW_TIME);
console.log(`  it was offered ${(slow.offered / slow.exported).toFixed(1)} times what it took`);
await compare(`flaps ${FLAPPING} s`, 'takes', FLAPPING, async (more) => {
  for (let turn = 0; more(); turn++) {
    await become(`flaps ${FLAPPING} s`, STATES[turn % STATES.length] ?? 'takes');
    await sleep(TURN);
  }
  await become(`flaps ${FLAPPING} s`, 'takes');
});
await Promise.all([worker.terminate(), servers.terminate()]);
for (const failure of failures) console.error(`FAILED ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;
