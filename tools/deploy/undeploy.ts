import { relative } from 'node:path';
import { reachedCluster } from './cluster.ts';
import type { Say } from './deploy.ts';
import type { Kubectl } from './kubectl.ts';
import type { ManifestFile } from './manifests.ts';

/** Milliseconds for the objects of one file to be gone: namespaces wait for all that is in them. */
const TIMEOUT = 180_000;

/** Takes what `deploy` brought out of the cluster again, last file first. The definitions of others stay: others may use them. */
export const undeploy = async (kubectl: Kubectl, files: readonly ManifestFile[], say: Say): Promise<void> => {
  say(`cluster      ${await reachedCluster(kubectl)}`);
  for (const { path } of files.toReversed()) {
    const { code, err, out } = await kubectl.run(['delete', '--ignore-not-found', '-f', path], '', TIMEOUT);
    // Objects of kinds that are not defined (any more) are not there.
    const others = err
      .split('\n')
      .filter((line) => line !== '' && !/no matches for kind|ensure CRDs are installed first|^Warning/.test(line));
    if (code !== 0 && others.length > 0)
      throw new Error(`kubectl delete -f ${path}: exit ${code}\n${others.join('\n')}`);
    say(
      `deleted      ${relative('', path)}: ${out.split('\n').filter((line) => line.includes('deleted')).length} objects`,
    );
  }
};
