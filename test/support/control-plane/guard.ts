import { type ChildProcess, spawn } from 'node:child_process';

/** What a test run leaves behind when it is killed: a process, or a folder. */
export type Leftover = { readonly pid: number } | { readonly folder: string };

/**
 * Ends a process or removes a folder once this process is gone, however that happened: a shell of a session of its own waits for the end of
 * its standard input, which closes with us. `release` calls it off.
 */
export const guard = (leftover: Leftover): { release(): void } => {
  const deed = 'pid' in leftover ? 'kill -KILL "$0"' : 'rm -rf "$0"';
  const target = 'pid' in leftover ? String(leftover.pid) : leftover.folder;
  const child = spawn('sh', ['-c', `cat; ${deed}`, target], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  letGo(child);
  return { release: () => void child.kill('SIGKILL') };
};

/** Nothing of a child keeps this process from ending. */
export const letGo = (child: ChildProcess): void => {
  for (const handle of [child, ...child.stdio]) (handle as { unref?(): void } | null)?.unref?.();
};
