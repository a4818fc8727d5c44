import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Written } from '../charts.ts';

const TIMEOUT = 120_000;

export interface Answer {
  /** Exit code; 0 is success. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs kubectl and says what came of it, whatever that is. */
export type Run = (args: readonly string[], input?: string) => Promise<Answer>;

/** A command that takes kubectl's arguments. */
export const runnerOf =
  (command: string, first: readonly string[]): Run =>
  async (args, input = '') => {
    const child = spawn(command, [...first, ...args], { stdio: 'pipe', timeout: TIMEOUT, killSignal: 'SIGKILL' });
    // It may end before it has read all.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const ended = new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, out, err };
  };

export class Kubectl {
  readonly run: Run;

  constructor(run: Run) {
    this.run = run;
  }

  /** @throws {Error} with what kubectl said, unless it ends well. */
  async must(args: readonly string[], input?: string): Promise<string> {
    const { code, out, err } = await this.run(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: exit ${code}\n${err}${out}`);
    return out;
  }

  /** Applies a file, or each file of a folder, server-side. */
  apply(path: string): Promise<string> {
    return this.must(['apply', '--server-side', '-f', path]);
  }

  async get(kind: string, name: string, namespace = 'default'): Promise<Written> {
    return JSON.parse(await this.must(['get', kind, name, '-n', namespace, '-o', 'json'])) as Written;
  }

  /** Waits until every definition is served. */
  async established(): Promise<void> {
    await this.must(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
  }
}
