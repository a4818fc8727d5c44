import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { withCluster } from '../../e2e/cluster.ts';
import { Driver } from '../../e2e/driver.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'driver-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A driver that notes its verbs, and fails at the one that is named. Its cluster is up after `up`, or from the start. */
const driverThat = (fails = 'nothing', up = false): Driver => {
  const path = join(folder, 'driver');
  writeFileSync(
    path,
    `#!/bin/sh
case $1 in
  kubectl) [ -e "${folder}/up" ]; exit ;;
  up) touch "${folder}/up" ;;
  down) rm -f "${folder}/up" ;;
esac
echo "$1" >> "${folder}/verbs"
[ "$1" != ${fails} ]
`,
  );
  chmodSync(path, 0o755);
  writeFileSync(join(folder, 'verbs'), '');
  if (up) writeFileSync(join(folder, 'up'), '');
  return new Driver(path);
};
const verbs = (): readonly string[] => readFileSync(join(folder, 'verbs'), 'utf8').trim().split('\n');

describe('a cluster of a driver', () => {
  test('is there during the work, and not after', async () => {
    const driver = driverThat();
    let during: boolean | undefined;
    await withCluster(driver, false, async () => {
      during = await driver.isUp();
    });
    expect(during).toBe(true);
    expect(await driver.isUp()).toBe(false);
    expect(verbs()).toEqual(['up', 'down']);
  });

  test('is removed when the work fails', async () => {
    await expect(withCluster(driverThat(), false, () => Promise.reject(new Error('no pod')))).rejects.toThrow('no pod');
    expect(verbs()).toEqual(['up', 'down']);
  });

  test('is removed when it came up by half', async () => {
    await expect(withCluster(driverThat('up'), false, async () => {})).rejects.toThrow('driver up: 1');
    expect(verbs()).toEqual(['up', 'down']);
  });

  test('is left alone when it is somebody else’s', async () => {
    const asked = withCluster(driverThat('nothing', true), false, async () => {});
    await expect(asked).rejects.toThrow('up already');
    expect(verbs()).toEqual(['']);
  });

  test('stays when it is to be looked at', async () => {
    await withCluster(driverThat(), true, async () => {});
    expect(verbs()).toEqual(['up']);
  });
});
