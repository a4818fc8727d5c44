import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from './environment.ts';
import { go, moduleCache, pinned, Unavailable } from './go.ts';

/** Definitions of others that `dist/` needs in a cluster; each is in the Go module that its project publishes. */
const DEFINITIONS = {
  'gateway-api': { module: 'conformance', path: 'sigs.k8s.io/gateway-api', folder: 'config/crd/standard' },
  'prometheus-operator': {
    module: 'prometheus-operator',
    path: 'github.com/prometheus-operator/prometheus-operator',
    folder: 'example/prometheus-operator-crd',
  },
} as const;

export type Definitions = keyof typeof DEFINITIONS;

/** The folder with a project's CustomResourceDefinitions, at the pinned version. Rejects with `Unavailable`. */
export const definitions = async (name: Definitions, env: Environment): Promise<string> => {
  const { module, path, folder } = DEFINITIONS[name];
  const source = await sourceOf(module, path, env);
  const found = join(source, folder);
  if (globSync(join(found, '*.yaml')).length === 0) throw new Error(`no definitions in ${found}`);
  return found;
};

const sourceOf = async (
  module: 'conformance' | 'prometheus-operator',
  path: string,
  env: Environment,
): Promise<string> => {
  const unpacked = join(moduleCache(env), `${path}@${pinned(module, path)}`);
  if (existsSync(unpacked)) return unpacked;
  try {
    const { Dir } = JSON.parse(await go(module, ['mod', 'download', '-json', path], env)) as { readonly Dir: string };
    return Dir;
  } catch (error) {
    if (error instanceof Unavailable) throw new Unavailable(`the definitions of ${path}: ${error.message}`);
    throw error;
  }
};
