import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { locate } from '../../components/locate.ts';
import type { Program as Name } from '../../components/programs.ts';
import { guard } from '../control-plane/guard.ts';
import { Program } from '../control-plane/program.ts';

const START_TIMEOUT = 60_000;

/** A folder that is gone with the test, however it ends. */
export interface Folder {
  readonly path: string;
  remove(): Promise<void>;
}

export const temporaryFolder = (name: string): Folder => {
  const path = mkdtempSync(join(tmpdir(), `tooltrail-${name}-`));
  const guarded = guard({ folder: path });
  return {
    path,
    remove: async () => {
      guarded.release();
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
    },
  };
};

export const locateProgram = (name: Name): Promise<string> => locate(name, process.env, (line) => console.error(line));

export interface Running {
  /** May be killed and started again with the same configuration. */
  readonly program: Program;
  /** What it printed so far. */
  log(): string;
  stop(): Promise<void>;
}

export interface RunOptions {
  /** URL. */
  readonly ready: string;
  readonly args?: readonly string[];
  /** Besides this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Name of its files. Default: the program's. */
  readonly as?: string;
}

/** Runs a program on a configuration until `ready` answers 2xx. */
export const runProgram = async (
  name: Name,
  folder: Folder,
  config: unknown,
  flag: string,
  options: RunOptions,
): Promise<Running> => {
  const { ready, args = [], env = {}, as = name } = options;
  const file = join(folder.path, `${as}.yaml`);
  writeFileSync(file, stringify(config));
  const log = join(folder.path, `${as}.log`);
  const program = new Program({
    name: as,
    path: await locateProgram(name),
    args: [`${flag}=${file}`, ...args],
    env,
    log,
    ready: () =>
      fetch(ready).then(
        ({ ok }) => ok,
        () => false,
      ),
    timeout: START_TIMEOUT,
  });
  await program.start();
  return { program, log: () => readFileSync(log, 'utf8'), stop: () => program.stop() };
};
