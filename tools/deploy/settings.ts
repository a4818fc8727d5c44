import { resolve } from 'node:path';

/** What `make deploy` and `make undeploy` are told, all of it by variables. */
export interface Settings {
  /** Command that takes kubectl's arguments. KUBECTL, words separated by spaces. */
  readonly kubectl: readonly [command: string, ...first: string[]];
  /** Folder of the objects. DIST. */
  readonly dist: string;
  /** File, folder or address of the definitions of others; `none`: they are there. CRDS. */
  readonly crds: string | undefined;
  /** Goes into the Secret that the post's backend names. GITHUB_PAT. */
  readonly token: string | undefined;
  /** Workloads that nobody waits for, by the end of their names. WITHOUT, separated by commas. */
  readonly without: readonly string[];
  /** Whether fields of `dist/` that somebody else has changed since are set back; else they are an error. FORCE. */
  readonly force: boolean;
  /** Seconds until everything must be ready. DEPLOY_TIMEOUT. */
  readonly timeout: number;
}

/** Value of CRDS: they are there. */
export const NO_CRDS = 'none';

const DEFAULT_TIMEOUT = 300;

/** @throws {Error} that names the variable */
export const settingsOf = (env: Readonly<Record<string, string | undefined>>): Settings => {
  const [command = 'kubectl', ...first] = words(env.KUBECTL, ' ');
  const timeout = Number(env.DEPLOY_TIMEOUT || DEFAULT_TIMEOUT);
  if (!Number.isInteger(timeout) || timeout < 1) {
    throw new Error(`DEPLOY_TIMEOUT: ${env.DEPLOY_TIMEOUT} is not a whole number of seconds`);
  }
  return {
    kubectl: [command, ...first],
    dist: resolve(env.DIST || 'dist'),
    crds: sourceOf(env.CRDS),
    token: env.GITHUB_PAT || undefined,
    without: words(env.WITHOUT, ','),
    force: (env.FORCE ?? '') !== '',
    timeout,
  };
};

/** kubectl may run in a folder of its own: paths are absolute, addresses stay. */
const sourceOf = (asked: string | undefined): string | undefined => {
  if (asked === undefined || asked === '') return undefined;
  return asked === NO_CRDS || asked.includes('://') ? asked : resolve(asked);
};

const words = (text: string | undefined, separator: string): string[] =>
  (text ?? '').split(separator).filter((word) => word !== '');
