import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { driver } from './driver.ts';

const ROLLOUT_TIMEOUT = '120s';

interface Deployment {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}

/** Deployments of dist/ that run the image which was made here. */
const own: readonly Deployment[] = readdirSync('dist')
  .flatMap((file) => parseAllDocuments(readFileSync(join('dist', file), 'utf8')))
  .map((document) => document.toJS() as Deployment)
  .filter(
    ({ kind, spec }) =>
      kind === 'Deployment' && spec.template.spec.containers.some(({ image }) => image.startsWith('tooltrail/')),
  );

describe('what dist/ deploys of tooltrail', () => {
  test('is something', () => expect(own.length).toBeGreaterThan(0));

  test.each(own.map(({ metadata }) => [metadata.name, metadata] as const))('%s rolls out', async (_, metadata) => {
    const { name, namespace } = metadata;
    const wait = ['rollout', 'status', `deployment/${name}`, '-n', namespace, `--timeout=${ROLLOUT_TIMEOUT}`];
    const { code, err } = await driver.kubectl.run(wait);
    if (code !== 0) {
      // For whom it did not.
      const pods = await driver.kubectl.run(['describe', 'pods', '-n', namespace]);
      const logs = await driver.kubectl.run(['logs', `deployment/${name}`, '-n', namespace, '--tail=50']);
      throw new Error(`${err}\n${pods.out}\n${logs.out}${logs.err}`);
    }
  });
});
