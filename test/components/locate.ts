import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { build, type Say } from './build.ts';
import type { Environment } from './environment.ts';
import { Unavailable } from './go.ts';
import type { Program } from './programs.ts';

/** The folder that has programs already, as the Kubernetes ecosystem's tools name it. */
export const ASSETS_VARIABLE = 'KUBEBUILDER_ASSETS';

/** Path of a program: the one in KUBEBUILDER_ASSETS, or the project's own. Rejects with `Unavailable`. */
export const locate = async (program: Program, env: Environment, say: Say = () => {}): Promise<string> => {
  const assets = env[ASSETS_VARIABLE];
  if (assets !== undefined && assets !== '') {
    const given = join(assets, program);
    if (isExecutable(given)) return given;
    say(`${program}: not in ${ASSETS_VARIABLE} (${assets})`);
  }
  try {
    return await build(program, env, say);
  } catch (error) {
    if (error instanceof Unavailable) throw new Unavailable(`${program}: ${error.message}`);
    throw error;
  }
};

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
