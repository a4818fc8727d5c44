import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type GatewayProcess, startGateway } from '../support/acceptance/gateway.ts';
import { plainManifests } from '../support/acceptance/manifests.ts';
import { freePort } from '../support/free-port.ts';
import { openSession } from '../support/mcp/client.ts';
import { CLIENTS, callTools, median } from './tool-calls.ts';
import { usageOf } from './usage.ts';

/**
 * What tracing costs: CPU of a gateway process per tool call, with the post's policy at several rates, in rounds that take turns. Clients,
 * MCP server and collector are in this process and its worker. Run: `node test/bench/tracing.ts`, on Linux.
 */
const CALLS = 4_000;
const ROUNDS = 5;
const WARM_UP = 2_000;

/** The attributes, resources and log fields of the post. */
const policy = (port: number, sampling: string | undefined): string => {
  const attributes = `attributes: { add: [
      { name: mcp.method_name, expression: mcp.methodName }, { name: mcp.session_id, expression: mcp.sessionId },
      { name: mcp.tool_name, expression: mcp.tool.name }, { name: mcp.tool_target, expression: mcp.tool.target },
      { name: backend.name, expression: backend.name }, { name: backend.type, expression: backend.type }] }`;
  const tracing = `tracing: { url: 'http://127.0.0.1:${port}', protocol: HTTP, path: /v1/traces, randomSampling: '${sampling}', ${attributes},
      resources: [{ name: service.name, expression: '"agentgateway-mcp"' }] }`;
  return `---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayPolicy
metadata: { name: mcp-tracing, namespace: test }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gateway }]
  frontend:
    ${sampling === undefined ? '' : tracing}
    accessLog: { attributes: { add: [{ name: mcp.tool_name, expression: mcp.tool.name }, { name: mcp.tool_target, expression: mcp.tool.target }, { name: mcp.method_name, expression: mcp.methodName }] } }
`;
};

/** What becomes of spans: a collector takes them, there is none, or it never answers. */
type CollectorKind = 'takes' | 'absent' | 'hangs';

interface Setting {
  readonly name: string;
  readonly sampling?: string;
  readonly collector?: CollectorKind;
  readonly args?: readonly string[];
}

const SETTINGS: readonly Setting[] = [
  { name: 'tracing off' },
  { name: 'tracing 0 %', sampling: '0.0' },
  { name: 'tracing 10 %', sampling: '0.1' },
  { name: 'tracing 100 %', sampling: '1.0' },
  { name: 'tracing 100 %, audit', sampling: '1.0', args: ['--audit', 'on'] },
  { name: 'no collector', sampling: '1.0', collector: 'absent' },
  { name: 'collector hangs', sampling: '1.0', collector: 'hangs' },
];

interface Ports {
  readonly upstream: number;
  readonly takes: number;
  readonly hangs: number;
}

/** An MCP server and an OTLP/HTTP collector that say the least, away from the clients. */
const servers = (): Promise<Ports & { readonly worker: Worker }> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./tracing-servers.ts', import.meta.url));
    worker.once('message', (ports: Ports) => resolve({ worker, ...ports }));
    worker.once('error', reject);
  });

const load = async (url: string, session: Record<string, string>, calls: number): Promise<void> => {
  await callTools(url, session, (begun) => begun < calls);
};

interface Running {
  readonly name: string;
  readonly gateway: GatewayProcess;
  readonly session: Record<string, string>;
  /** Microseconds per call, by round. */
  readonly cpu: number[];
  /** Calls a second, by round. */
  readonly rate: number[];
}

const { worker, upstream, takes, hangs } = await servers();
const collectors: Readonly<Record<CollectorKind, number>> = { takes, hangs, absent: await freePort() };
const running: Running[] = [];
for (const { name, sampling, collector = 'takes', args = [] } of SETTINGS) {
  const port = await freePort();
  const manifests = plainManifests(port, upstream) + policy(collectors[collector], sampling);
  const gateway = await startGateway({ manifests, port, args });
  const session = await openSession(gateway.url);
  await load(gateway.url, session, WARM_UP);
  running.push({ name, gateway, session, cpu: [], rate: [] });
}
for (let round = 0; round < ROUNDS; round++) {
  for (const { gateway, session, cpu, rate } of running) {
    const before = usageOf(gateway.pid);
    const began = performance.now();
    await load(gateway.url, session, CALLS);
    rate.push((CALLS * 1_000) / (performance.now() - began));
    // Its spans are on their way.
    await sleep(200);
    const after = usageOf(gateway.pid);
    if (before !== undefined && after !== undefined) cpu.push(((after.cpu - before.cpu) * 1_000) / CALLS);
  }
}
for (const { gateway } of running) await gateway.stop();
await worker.terminate();

const off = median(running[0]?.cpu ?? []);
console.log(`CPU of the gateway per tool call, µs; ${CLIENTS} clients, median of ${ROUNDS} rounds of ${CALLS}`);
for (const { name, cpu, rate } of running) {
  const each = median(cpu);
  const added = each - off;
  console.log(
    `${name.padEnd(22)} ${each.toFixed(0).padStart(5)}  [${Math.min(...cpu).toFixed(0)}-${Math.max(...cpu).toFixed(0)}]  ${added < 0 ? '' : '+'}${added.toFixed(0)}  ${(each / off).toFixed(2)}x  ${median(rate).toFixed(0)} calls/s`,
  );
}
