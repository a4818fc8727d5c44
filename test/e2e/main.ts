import { mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheFolder } from '../components/environment.ts';
import { withLock } from '../components/lock.ts';
import { applyDefinitions } from '../support/control-plane/definitions.ts';
import { withCluster } from './cluster.ts';
import { interrupt, run } from './command.ts';
import { driver } from './driver.ts';

/**
 * A cluster with the image and dist/ in it, the tests of this folder, and nothing left. Arguments are jest's. E2E_KEEP=1 leaves the cluster up
 * to be looked at.
 */
const say = (line: string): void => console.error(`e2e: ${line}`);

const IMAGES = 'build/image';
const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupted = true;
    interrupt();
  });
}

const step = async (what: string, work: () => Promise<unknown>): Promise<void> => {
  if (interrupted) throw new Error('interrupted');
  const began = Date.now();
  await work();
  say(`${what} (${((Date.now() - began) / 1_000).toFixed(1)} s)`);
};

const loadImages = async (): Promise<void> => {
  for (const name of readdirSync(IMAGES).filter((file) => file.endsWith('.tar'))) {
    await driver.do('load', resolve(IMAGES, name));
  }
};

const tests = (): Promise<void> =>
  run(process.execPath, [...JEST, '--config', 'test/e2e/jest.config.ts', ...process.argv.slice(2)]);

const inCluster = async (): Promise<void> => {
  await step('images loaded', loadImages);
  await step('definitions applied', () => applyDefinitions(driver.kubectl));
  await step('dist/ applied', () => driver.kubectl.apply(resolve('dist')));
  await step('tests passed', tests);
};

const keep = process.env.E2E_KEEP === '1';
const all = async (): Promise<void> => {
  await step('image made', () => run(process.execPath, ['tools/image/main.ts']));
  await step('all done', () => withCluster(driver, keep, inCluster));
  if (keep) say(`the cluster stays up; end it with: ${driver.path} down`);
};

const cache = cacheFolder(process.env);
mkdirSync(cache, { recursive: true });
try {
  // One cluster at a time.
  await withLock(join(cache, '.e2e'), all, {
    onWait: (holder) => say(`process ${holder} runs one; waiting for it`),
  });
} catch (error) {
  say((error as Error).message);
  process.exitCode = 1;
}
