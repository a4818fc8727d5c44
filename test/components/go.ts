import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './environment.ts';
import type { Module } from './programs.ts';

/** Go's minor version that the components are built with: with a later one, kubectl cannot read the API server's OpenAPI document. */
const GO_LINE = 'go1.26';
/** What Go fetches for itself when it is of another line. */
const TOOLCHAIN = 'go1.26.8';
const VERSION_TIMEOUT = 30_000;

/** A component cannot be had on this machine. The message says what to do. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

export const moduleFolder = (module: Module): string => join(import.meta.dirname, module);

/** What `go` runs with: from the pinned modules alone, the same result on every machine. */
const goEnvironment = (env: Environment): NodeJS.ProcessEnv => {
  const asked = { ...env, GOTOOLCHAIN: 'local' };
  const { error, stdout } = spawnSync('go', ['env', 'GOVERSION'], {
    env: asked,
    encoding: 'utf8',
    timeout: VERSION_TIMEOUT,
  });
  if (error !== undefined) {
    throw new Unavailable(
      'it needs Go (https://go.dev/dl, any version from 1.21 on), and `go` is not in PATH. Without Go, KUBEBUILDER_ASSETS can ' +
        'name a folder that holds the programs',
    );
  }
  const local = stdout.trim().startsWith(`${GO_LINE}.`);
  return {
    ...asked,
    CGO_ENABLED: '0',
    GOFLAGS: '-trimpath -buildvcs=false -mod=readonly',
    GOTOOLCHAIN: local ? 'local' : TOOLCHAIN,
    GOWORK: 'off',
  };
};

/** Runs `go` in a module's folder; what it says goes to this process's standard error. Resolves with its output. */
export const go = (
  module: Parameters<typeof moduleFolder>[0],
  args: readonly string[],
  env: Environment,
): Promise<string> => {
  const child = spawn('go', args, {
    cwd: moduleFolder(module),
    env: goEnvironment(env),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(out);
      else reject(new Unavailable(`go ${args.join(' ')} in test/components/${module}: ${signal ?? `exit ${code}`}`));
    });
  });
};

/** The version that a module's go.mod pins. */
export const pinned = (module: Parameters<typeof moduleFolder>[0], path: string): string => {
  const text = readFileSync(join(moduleFolder(module), 'go.mod'), 'utf8');
  const line = text.split('\n').find((candidate) =>
    candidate
      .replace(/^require /, '')
      .trim()
      .startsWith(`${path} v`),
  );
  const version = line
    ?.replace(/^require /, '')
    .trim()
    .split(' ')[1];
  if (version === undefined) throw new Error(`test/components/${module}/go.mod does not name ${path}`);
  return version;
};

/** Where Go keeps the sources of modules, for readers that have no Go. */
export const moduleCache = (env: Environment): string =>
  env.GOMODCACHE ?? join(env.GOPATH ?? join(env.HOME ?? homedir(), 'go'), 'pkg/mod');
