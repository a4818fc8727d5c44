import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PORTS } from '../../lib/api/ports.ts';
import { type AgentSpan, callTool } from './agent.ts';
import { selfSigned } from './certificate.ts';
import { DemoError } from './error.ts';
import { isFree, startEverything } from './everything.ts';
import { startGateway } from './gateway-process.ts';
import { startOtlpReceiver } from './otlp-receiver.ts';
import { printTrail } from './print.ts';
import { startTlsFront } from './tls-front.ts';
import { type Evidence, findTrail, missing, type Trail } from './trail.ts';

export interface DemoDependencies {
  readonly write: (line: string) => void;
  /** DEMO_EXIT=1: stop after the call. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Node, and the file of this command line: the gateway is started as users start it. */
  readonly execPath: string;
  readonly script: string;
  readonly random: (bytes: number) => Uint8Array;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Folder of the synthesized objects. */
const MANIFESTS = 'dist';
/** The post's MCP server and collector, as its objects name them. */
const UPSTREAM = 'api.githubcopilot.com';
const COLLECTOR = 'opentelemetry-collector-traces.telemetry.svc.cluster.local';
/** The post's Gateway listens here. */
const GATEWAY_PORT = 3000;
const TOOL = { name: 'echo', arguments: { message: 'who called this tool?' } };
/** The exporter sends after five seconds at the latest. */
const TRAIL_TIMEOUT = 15_000;

/**
 * The product's main job on one machine: a real tool call through the synthesized objects, and its whole trail.
 * Returns the exit code: 1 if the trail is incomplete or something is missing to run it.
 */
export const runDemo = async (deps: DemoDependencies): Promise<number> => {
  const cleanup: (() => Promise<void>)[] = [];
  try {
    const complete = await demonstrate(deps, (stop) => cleanup.push(stop));
    if (deps.env.DEMO_EXIT === '1' || deps.signal.aborted) return complete ? 0 : 1;
    deps.write('\nEverything keeps running. Ctrl-C ends it.');
    await new Promise((resolve) => deps.signal.addEventListener('abort', resolve, { once: true }));
    return 0;
  } catch (error) {
    if (!(error instanceof DemoError)) throw error;
    deps.write(`tooltrail demo: ${error.message}`);
    return 1;
  } finally {
    for (const stop of cleanup.reverse()) await stop();
  }
};

const demonstrate = async (
  deps: DemoDependencies,
  onCleanup: (stop: () => Promise<void>) => void,
): Promise<boolean> => {
  const { write, env, execPath } = deps;
  if (!(await isFolder(MANIFESTS))) {
    throw new DemoError(`there is no ${MANIFESTS}/ here: run it in the project's folder, after make synth`);
  }
  for (const port of [GATEWAY_PORT, PORTS.admin, PORTS.stats, PORTS.readiness]) {
    if (!(await isFree(port))) {
      throw new DemoError(`port ${port} of 127.0.0.1 is taken, perhaps by another demo: end what listens there`);
    }
  }
  const everything = await startEverything(execPath, env);
  onCleanup(everything.stop);
  const certificate = await selfSigned(UPSTREAM);
  const front = await startTlsFront(certificate, everything.port);
  onCleanup(front.stop);
  const collector = await startOtlpReceiver({ protocol: 'grpc' });
  onCleanup(collector.close);
  const folder = await mkdtemp(join(tmpdir(), 'tooltrail-demo-'));
  onCleanup(() => rm(folder, { recursive: true, force: true }));
  const files = await writeInputs(folder, certificate.ca);

  const gateway = await startGateway({
    execPath,
    script: deps.script,
    env: { ...env, GITHUB_PAT: env.GITHUB_PAT ?? 'demo', NODE_EXTRA_CA_CERTS: files.ca },
    readyUrl: `http://127.0.0.1:${PORTS.readiness}/healthz/ready`,
    args: [
      ...['--config', MANIFESTS, '--config', files.config],
      ...['--bind', '127.0.0.1'],
      ...['--admin', `127.0.0.1:${PORTS.admin}`],
      ...['--stats', `127.0.0.1:${PORTS.stats}`],
      ...['--readiness', `127.0.0.1:${PORTS.readiness}`],
      ...['--connect-to', `${UPSTREAM}:443=127.0.0.1:${front.port}`],
      ...['--connect-to', `${COLLECTOR}:${PORTS.otlpGrpc}=127.0.0.1:${collector.port}`],
    ],
  });
  onCleanup(gateway.stop);
  const url = `http://127.0.0.1:${GATEWAY_PORT}/mcp`;
  write(`Gateway     ${url}  (objects of ${MANIFESTS}/, in front of the reference MCP server)`);

  const agent: AgentSpan = { traceId: hex(deps.random(16)), spanId: hex(deps.random(8)) };
  const answer = await callTool(url, agent, TOOL);
  write(`Tool call   ${TOOL.name}(${JSON.stringify(TOOL.arguments)}) → ${JSON.stringify(answer)}\n`);

  const trail = await followTrail(deps.signal, agent, async () => ({
    metrics: await (await fetch(`http://127.0.0.1:${PORTS.stats}/metrics`)).text(),
    spans: collector.spans(),
    log: gateway.lines,
  }));
  for (const line of printTrail(trail, agent)) write(line);
  const gaps = missing(trail, agent);
  if (gaps.length > 0) write(`\nThe trail is incomplete. Missing: ${gaps.join(', ')}.`);
  write('\nLook further');
  write(`  npx @modelcontextprotocol/inspector --cli ${url} --transport http --method tools/list`);
  write(`  curl -s http://127.0.0.1:${PORTS.stats}/metrics | grep agentgateway_mcp_requests`);
  write(`  curl -s http://127.0.0.1:${PORTS.admin}/config_dump`);
  return gaps.length === 0;
};

/** The token's Secret, which `dist/` holds without data, and the certificate that the gateway has to trust. */
const writeInputs = async (folder: string, ca: string): Promise<{ readonly config: string; readonly ca: string }> => {
  const files = { config: join(folder, 'config'), ca: join(folder, 'ca.crt') };
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'github-pat', namespace: 'agentgateway-system' },
    type: 'Opaque',
    // The gateway puts the variable's value in.
    stringData: { Authorization: ['Bearer $', '{GITHUB_PAT}'].join('') },
  };
  await mkdir(files.config);
  await writeFile(join(files.config, 'secret.json'), JSON.stringify(secret));
  await writeFile(files.ca, ca);
  return files;
};

/** Waits for what comes late: spans are sent in batches. */
const followTrail = async (signal: AbortSignal, agent: AgentSpan, gather: () => Promise<Evidence>): Promise<Trail> => {
  for (const deadline = Date.now() + TRAIL_TIMEOUT; ; await sleep(100)) {
    const trail = findTrail(await gather(), agent, TOOL.name);
    if (missing(trail, agent).length === 0 || Date.now() > deadline || signal.aborted) return trail;
  }
};

const isFolder = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
