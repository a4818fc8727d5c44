import { type ChildProcess, spawn } from 'node:child_process';

let running: ChildProcess | undefined;

/** Runs a command whose output is for who watches. Rejects unless it ends well. */
export const run = async (command: string, args: readonly string[]): Promise<void> => {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  running = child;
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status, signal) => resolve(status ?? signal));
  });
  running = undefined;
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${code}`);
};

/** Ends the command that runs now. */
export const interrupt = (): void => {
  running?.kill('SIGTERM');
};
