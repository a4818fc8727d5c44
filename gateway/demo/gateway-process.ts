import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { DemoError } from './error.ts';
import { stopProcess } from './everything.ts';

const START_TIMEOUT = 15_000;
/** Lines of output that are kept for the log line and for error messages. */
const MAX_LINES = 500;

export interface GatewayProcess {
  /** What it printed so far, oldest first; the last MAX_LINES of them. */
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

export interface GatewayProcessOptions {
  readonly execPath: string;
  /** The file of this very command line. */
  readonly script: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readyUrl: string;
}

/** Starts the gateway as users do, and waits until it says that it is ready. */
export const startGateway = async (options: GatewayProcessOptions): Promise<GatewayProcess> => {
  const child = spawn(options.execPath, [options.script, 'gateway', ...options.args], {
    env: { ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > MAX_LINES) lines.shift();
    });
  }
  for (const deadline = Date.now() + START_TIMEOUT; !(await isReady(options.readyUrl)); await sleep(50)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stopProcess(child);
      throw new DemoError(['the gateway did not get ready; it printed:', ...lines.slice(-20)].join('\n  '));
    }
  }
  return { lines, stop: () => stopProcess(child) };
};

const isReady = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
};
