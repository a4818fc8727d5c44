import { describe, expect, test } from '@jest/globals';
import { driver } from './driver.ts';
import { type Manifest, manifests } from './manifests.ts';

const ROLLOUT_TIMEOUT = '120s';

/** Whether it runs the image that was made here. */
const isOwn = ({ kind, spec }: Manifest): boolean =>
  kind === 'Deployment' && spec?.template?.spec.containers.some(({ image }) => image.startsWith('tooltrail/')) === true;

const named = (which: (manifest: Manifest) => boolean) =>
  manifests.filter(which).map(({ metadata }) => [metadata.name, metadata.namespace] as const);

/** Waits for a Deployment; what its pods say is the error otherwise. */
const rollsOut = async (name: string, namespace: string): Promise<void> => {
  const target = [`deployment/${name}`, '-n', namespace];
  for (const wait of [
    ['wait', '--for=create'],
    ['rollout', 'status'],
  ]) {
    const { code, err } = await driver.kubectl.run([...wait, ...target, `--timeout=${ROLLOUT_TIMEOUT}`]);
    if (code === 0) continue;
    const pods = await driver.kubectl.run(['describe', 'pods', '-n', namespace]);
    const logs = await driver.kubectl.run(['logs', ...target, '--tail=50']);
    throw new Error(`${err}\n${pods.out}\n${logs.out}${logs.err}`);
  }
};

describe('dist/ in a cluster', () => {
  test.each(named(isOwn))('%s of namespace %s rolls out', rollsOut);

  // Its Deployment is in dist/ too, or the controller makes it.
  test.each(named(({ kind }) => kind === 'Gateway'))('Gateway %s of namespace %s gets its proxy', rollsOut);

  test('deploys something of ours', () => {
    expect(named(isOwn).length).toBeGreaterThan(0);
    expect(named(({ kind }) => kind === 'Gateway').length).toBeGreaterThan(0);
  });
});
