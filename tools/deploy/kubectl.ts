import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** Milliseconds for one command that brings no limit of its own. */
const TIMEOUT = 120_000;

export interface Answer {
  /** Exit code; 0 is success. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs kubectl and says what came of it, whatever that is. */
export type Run = (args: readonly string[], input?: string, timeout?: number) => Promise<Answer>;

/** A command that takes kubectl's arguments. */
export const runnerOf =
  (command: string, first: readonly string[]): Run =>
  async (args, input = '', timeout = TIMEOUT) => {
    const child = spawn(command, [...first, ...args], { stdio: 'pipe', timeout, killSignal: 'SIGKILL' });
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

/** What kubectl said against a command. */
export class KubectlError extends Error {
  override readonly name = 'KubectlError';
}

export class Kubectl {
  readonly run: Run;

  constructor(run: Run) {
    this.run = run;
  }

  /** @throws {KubectlError} with what kubectl said, unless it ends well. */
  async must(args: readonly string[], input?: string, timeout?: number): Promise<string> {
    const { code, out, err } = await this.run(args, input, timeout);
    if (code !== 0) throw new KubectlError(`kubectl ${args.join(' ')}: exit ${code}\n${err}${out}`);
    return out;
  }

  /**
   * Applies a file, an address, or each file of a folder, server-side. Returns what was named, as `kind.group/name`.
   * @param force fields that somebody else has set are set back; else they are an error
   */
  async apply(path: string, force = false): Promise<readonly string[]> {
    const forced = force ? ['--force-conflicts'] : [];
    const out = await this.must(['apply', '--server-side', ...forced, '--recursive', '-o', 'name', '-f', path]);
    return out.split('\n').filter((line) => line !== '');
  }
}
