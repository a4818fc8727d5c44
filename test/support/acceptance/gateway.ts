import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NODE_COMPILE_CACHE } from '../compile-cache.ts';
import { freePort } from '../free-port.ts';
import { eventually } from './eventually.ts';

const START_TIMEOUT = 15_000;
/** The gateway flushes its spans before it ends. */
const STOP_TIMEOUT = 10_000;

export interface GatewayOptions {
  /** YAML, in one file. */
  readonly manifests: string;
  /** Of the Gateway: what `manifests` say. */
  readonly port: number;
  /** Beside PATH; nothing else of this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** `HOST:PORT` → port of 127.0.0.1. */
  readonly connectTo?: Readonly<Record<string, number>>;
  /** More arguments. */
  readonly args?: readonly string[];
  /** Default 127.0.0.1. */
  readonly bind?: string;
  /** What the start waits for: `ready` (default), or that the admin interface answers. */
  readonly until?: 'ready' | 'admin';
}

/** A gateway as users run it: a process that reads files. */
export interface GatewayProcess {
  /** The MCP endpoint. */
  readonly url: string;
  readonly pid: number;
  /** Path of the file with the manifests. */
  readonly file: string;
  /** Everything that it printed so far, on both streams. */
  output(): string;
  alive(): boolean;
  ready(): Promise<boolean>;
  /** Of `/metrics`. */
  readonly statsPort: number;
  metrics(): Promise<string>;
  configDump(): Promise<string>;
  /** The line that matches, as soon as it is printed; only lines that follow `since`, which is a length of `output()`. */
  printed(pattern: RegExp, since?: number): Promise<string>;
  /** Replaces the manifests as a careful editor does: by an atomic rename. */
  rewrite(manifests: string): Promise<void>;
  /** SIGTERM; rejects unless it ends by itself, with exit code 0. */
  stop(): Promise<void>;
}

/** The gateway from its sources on 127.0.0.1, every interface on a free port but the Gateway's own. */
export const startGateway = async (options: GatewayOptions): Promise<GatewayProcess> => {
  const { manifests, port, env = {}, connectTo = {}, args = [], bind = '127.0.0.1', until = 'ready' } = options;
  const folder = await mkdtemp(join(tmpdir(), 'tooltrail-acceptance-'));
  const file = join(folder, 'manifests.yaml');
  await writeFile(file, manifests);
  const [admin, stats, readiness] = await Promise.all([freePort(), freePort(), freePort()]);
  const interfaces = { '--admin': admin, '--stats': stats, '--readiness': readiness };
  const child = spawn(
    process.execPath,
    [
      ...[
        '--import',
        './test/support/end-with-tests.ts',
        'gateway/main.ts',
        'gateway',
        '--config',
        file,
        '--bind',
        bind,
      ],
      ...Object.entries(interfaces).flatMap(([flag, number]) => [flag, `127.0.0.1:${number}`]),
      ...Object.entries(connectTo).flatMap(([name, number]) => ['--connect-to', `${name}=127.0.0.1:${number}`]),
      ...args,
    ],
    { env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE, ...env }, stdio: 'pipe' },
  );
  // Nothing of it keeps a failed test run from ending.
  for (const handle of [child, child.stdin, child.stdout, child.stderr]) (handle as { unref(): void }).unref();
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const alive = (): boolean => child.exitCode === null && child.signalCode === null;
  const answers = (url: string): Promise<boolean> =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
  const ready = (): Promise<boolean> => answers(`http://127.0.0.1:${readiness}/healthz/ready`);
  const text = async (url: string): Promise<string> => (await fetch(url)).text();

  const gateway: GatewayProcess = {
    url: `http://${bind}:${port}/mcp`,
    pid: child.pid ?? 0,
    file,
    output: () => output,
    alive,
    ready,
    statsPort: stats,
    metrics: () => text(`http://127.0.0.1:${stats}/metrics`),
    configDump: () => text(`http://127.0.0.1:${admin}/config_dump`),
    printed: (pattern, since = 0) =>
      eventually(`a line like ${pattern}`, () =>
        output
          .slice(since)
          .split('\n')
          .slice(0, -1)
          .find((line) => pattern.test(line)),
      ).catch((error: Error) => {
        throw new Error(`${error.message}; it printed:\n${output.slice(since)}`);
      }),
    rewrite: async (changed) => {
      const draft = join(folder, '.manifests.draft');
      await writeFile(draft, changed);
      await rename(draft, file);
    },
    stop: async () => {
      await terminate(child, () => output);
      await rm(folder, { recursive: true, force: true });
    },
  };
  const started = async (): Promise<true | undefined> => {
    if (!alive()) throw new Error(`the gateway has ended with ${child.exitCode ?? child.signalCode}:\n${output}`);
    return (await (until === 'ready' ? ready() : answers(`http://127.0.0.1:${admin}/`))) || undefined;
  };
  await eventually('the gateway starts', started, START_TIMEOUT).catch((error: Error) => {
    child.kill('SIGKILL');
    throw new Error(`${error.message}\n${output}`);
  });
  return gateway;
};

/** A command that ends by itself: its exit code, and what it printed on both streams. */
export const tooltrail = (...args: readonly string[]): Promise<{ exitCode: number; output: string }> =>
  new Promise((resolve) => {
    const options = {
      env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE, GITHUB_PAT: 'secret' },
      timeout: START_TIMEOUT,
    };
    execFile(process.execPath, ['gateway/main.ts', ...args], options, (error, stdout, stderr) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr }),
    );
  });

const terminate = async (child: ChildProcess, output: () => string): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT);
    await exited;
    clearTimeout(timer);
  }
  if (child.exitCode !== 0)
    throw new Error(`the gateway ended with ${child.exitCode ?? child.signalCode}:\n${output()}`);
};
