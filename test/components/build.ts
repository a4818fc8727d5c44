import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, type Environment } from './environment.ts';
import { go, moduleFolder, pinned } from './go.ts';
import { withLock } from './lock.ts';
import { type Module, PROGRAMS, type Program, type Source } from './programs.ts';

/** Told what happens, a line each. */
export type Say = (line: string) => void;

/** Changes whenever what a module is built from does. */
export const moduleKey = (folder: string): string => {
  const code = readdirSync(folder).filter((name) => name.endsWith('.go'));
  const hash = createHash('sha256');
  for (const name of ['go.mod', 'go.sum', ...code.sort()]) hash.update(readFileSync(join(folder, name)));
  return hash.digest('hex').slice(0, 16);
};

/** A program that is in the cache and was built from what its module pins now. */
export const cached = (program: Program, env: Environment): string | undefined => {
  const { module } = PROGRAMS[program];
  const cache = cacheFolder(env);
  const key = moduleKey(moduleFolder(module));
  // A stamp of the module stands for all of its programs.
  const fresh = [program, module].some((name) => stampOf(cache, name) === key);
  const path = join(cache, program);
  return fresh && existsSync(path) ? path : undefined;
};

const stampOf = (cache: string, name: string): string | undefined => {
  const file = join(cache, `.${name}`);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
};

/**
 * Builds a program from its pinned module, unless the cache has it. Rejects with `Unavailable` when this machine cannot. Two builds at once
 * wait for each other; a program appears whole or not at all.
 */
export const build = async (program: Program, env: Environment, say: Say): Promise<string> => {
  const found = cached(program, env);
  if (found !== undefined) return found;
  const cache = cacheFolder(env);
  mkdirSync(cache, { recursive: true });
  const onWait = (holder: number): void => say(`${program}: process ${holder} is building; waiting for it`);
  return withLock(join(cache, '.lock'), async () => cached(program, env) ?? compile(program, env, say), { onWait });
};

const compile = async (program: Program, env: Environment, say: Say): Promise<string> => {
  const source: Source = PROGRAMS[program];
  const cache = cacheFolder(env);
  const path = join(cache, program);
  const fresh = `${path}.${process.pid}`;
  const began = Date.now();
  say(`${program}: building it from the Go module test/components/${source.module}, once; this takes minutes`);
  try {
    const command = source.test ? ['test', '-c'] : ['build'];
    const linker = `-s -w ${LINKER[source.module]?.() ?? ''}`.trim();
    await go(source.module, [...command, '-ldflags', linker, '-o', fresh, source.package], env);
    renameSync(fresh, path);
  } finally {
    rmSync(fresh, { force: true });
  }
  writeFileSync(join(cache, `.${program}`), `${moduleKey(moduleFolder(source.module))}\n`);
  say(`${program}: built in ${Math.round((Date.now() - began) / 1_000)} s`);
  return path;
};

/** Variables that a component's own release build sets. Kubernetes without its version refuses to start. */
const LINKER: Readonly<Partial<Record<Module, () => string>>> = {
  kubernetes: () => {
    const version = pinned('kubernetes', 'k8s.io/kubernetes');
    const [major = '', minor = ''] = version.slice(1).split('.');
    const variables = { gitVersion: version, gitMajor: major, gitMinor: minor };
    return Object.entries(variables)
      .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
      .join(' ');
  },
};
