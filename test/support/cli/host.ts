import { randomBytes, randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import type { Host } from '../../../gateway/cli/host.ts';
import { clock } from '../http/server.ts';

export interface TestHost extends Host {
  readonly out: string[];
  readonly err: string[];
}

/** A process that is none: its files are in memory, and what it writes is kept. */
export const aHost = (
  files: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): TestHost => {
  const out: string[] = [];
  const err: string[] = [];
  const missing = (): never => {
    throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
  };
  const text = (path: string): string => files[path] ?? missing();
  return {
    version: '1.2.3',
    env,
    fs: {
      promises: {
        stat: async (path) =>
          ({ isDirectory: () => false, isFile: () => true, size: text(path).length }) as unknown as Stats,
        readdir: async () => missing(),
        readFile: async (path) => text(path),
      },
      watch: missing,
    },
    clock: { ...clock, random: Math.random },
    randomBytes,
    randomUuid: randomUUID,
    stdout: (written) => void out.push(written),
    stderr: (written) => void err.push(written),
    onSignal: () => {},
    onDefect: () => {},
    exit: () => {},
    execPath: '',
    script: '',
    out,
    err,
  };
};
