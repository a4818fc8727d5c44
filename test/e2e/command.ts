import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

let running: ChildProcess | undefined;

/**
 * Runs a command whose output is for who watches, or for `onLine`. Rejects unless it ends well.
 * @param onLine told each line of both outputs, in place of who watches
 */
export const run = async (command: string, args: readonly string[], onLine?: (line: string) => void): Promise<void> => {
  const child = spawn(command, args, { stdio: ['ignore', ...OUTPUTS[onLine === undefined ? 'watched' : 'read']] });
  running = child;
  if (onLine !== undefined) {
    for (const input of [child.stdout!, child.stderr!]) createInterface({ input }).on('line', onLine);
  }
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve(status ?? signal));
  });
  running = undefined;
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${code}`);
};

const OUTPUTS = { watched: ['inherit', 'inherit'], read: ['pipe', 'pipe'] } as const;

/** Ends the command that runs now. */
export const interrupt = (): void => {
  running?.kill('SIGTERM');
};
