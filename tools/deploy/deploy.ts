import { relative } from 'node:path';
import { reachedCluster } from './cluster.ts';
import { sourcesOf } from './definitions.ts';
import { type Kubectl, KubectlError } from './kubectl.ts';
import { CRD_KIND, type Manifest, type ManifestFile } from './manifests.ts';
import { readinessOf } from './readiness.ts';
import { putToken } from './secrets.ts';
import type { Settings } from './settings.ts';

/** Told what happens, a line each. */
export type Say = (line: string) => void;

/** Seconds until definitions must be served. */
const ESTABLISHED = 60;

/**
 * Brings `dist/` into a cluster: definitions of others, ours, everything else, the token, and waits until all of it runs. Doing it again
 * changes nothing. Rejects with a KubectlError that says what kubectl did.
 */
export const deploy = async (
  kubectl: Kubectl,
  files: readonly ManifestFile[],
  settings: Settings,
  say: Say,
): Promise<void> => {
  say(`cluster      ${await reachedCluster(kubectl)}`);
  for (const source of sourcesOf(settings.crds)) {
    const names = await withHint(kubectl.apply(source), OTHERS_CONFLICT);
    await established(kubectl, names);
    say(`definitions  ${names.length} from ${source}`);
  }
  for (const { path, objects } of files) {
    // Objects of a kind can only be applied once it is served.
    await established(kubectl, await withHint(kubectl.apply(path, settings.force), OWN_CONFLICT));
    say(`applied      ${relative('', path)}: ${objects.length} objects`);
  }
  say(`token        ${await putToken(kubectl, settings.token)}`);
  await ready(
    kubectl,
    files.flatMap(({ objects }) => objects),
    settings,
    say,
  );
};

const OWN_CONFLICT = 'Somebody changed these fields since: FORCE=1 make deploy sets them back.';
const OTHERS_CONFLICT = 'Somebody else has installed these definitions: CRDS=none make deploy leaves them as they are.';

/** @throws {KubectlError} that says how a conflict is ended */
const withHint = async <T>(applied: Promise<T>, hint: string): Promise<T> => {
  try {
    return await applied;
  } catch (error) {
    const isConflict = error instanceof KubectlError && /Apply failed with \d+ conflict/.test(error.message);
    throw isConflict ? new KubectlError(`${error.message}\n${hint}`) : error;
  }
};

const established = async (kubectl: Kubectl, names: readonly string[]): Promise<void> => {
  const definitions = names.filter((name) => name.startsWith('customresourcedefinition'));
  if (definitions.length === 0) return;
  await kubectl.must(['wait', '--for=condition=Established', `--timeout=${ESTABLISHED}s`, ...definitions]);
};

const ready = async (
  kubectl: Kubectl,
  objects: readonly Manifest[],
  { without, timeout }: Settings,
  say: Say,
): Promise<void> => {
  const deadline = Date.now() + timeout * 1_000;
  for (const object of objects) {
    const args = readinessOf(object);
    if (args === undefined || object.kind === CRD_KIND) continue;
    const name = `${object.kind} ${object.metadata.name}`;
    if (without.some((end) => object.metadata.name.endsWith(end))) {
      say(`left out     ${name}`);
      continue;
    }
    const left = Math.max(1, Math.ceil((deadline - Date.now()) / 1_000));
    const { code, err } = await kubectl.run([...args, `--timeout=${left}s`], '', (left + 10) * 1_000);
    if (code !== 0)
      throw new KubectlError(`${name} is not ready after ${timeout} s: ${err.trim()}\n${await pods(kubectl, object)}`);
    say(`ready        ${name}`);
  }
};

/** What runs where the object is: mostly one pod says why. */
const pods = async (kubectl: Kubectl, { metadata: { namespace = 'default' } }: Manifest): Promise<string> =>
  (await kubectl.run(['get', 'pods', '-n', namespace])).out;
