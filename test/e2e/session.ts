import { mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheFolder } from '../components/environment.ts';
import { withLock } from '../components/lock.ts';
import { withCluster } from './cluster.ts';
import { interrupt, run } from './command.ts';
import { driver } from './driver.ts';

/** One part of the work, with what to call it and how long it took. Refused once the process was asked to end. */
export type Step = <T>(what: string, work: () => Promise<T>) => Promise<T>;

const IMAGES = 'build/image';

/**
 * Runs `work` with a cluster that has the gateway's image, and leaves nothing. One such cluster at a time on a machine.
 * E2E_KEEP=1 leaves it up to be looked at. The process ends with 1 unless all goes well.
 */
export const session = async (name: string, work: (step: Step) => Promise<void>): Promise<void> => {
  const say = (line: string): void => console.error(`${name}: ${line}`);
  const keep = process.env.E2E_KEEP === '1';
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      interrupted = true;
      interrupt();
    });
  }
  const step: Step = async (what, part) => {
    if (interrupted) throw new Error('interrupted');
    const began = Date.now();
    const result = await part();
    say(`${what} (${((Date.now() - began) / 1_000).toFixed(1)} s)`);
    return result;
  };
  const inCluster = async (): Promise<void> => {
    await step('image loaded', loadImages);
    await work(step);
  };
  const all = async (): Promise<void> => {
    await step('image made', () => run(process.execPath, ['tools/image/main.ts']));
    await step('all done', () => withCluster(driver, keep, inCluster));
    if (keep) say(`the cluster stays up; end it with: ${driver.path} down`);
  };
  const cache = cacheFolder(process.env);
  mkdirSync(cache, { recursive: true });
  try {
    await withLock(join(cache, '.e2e'), all, {
      onWait: (holder) => say(`process ${holder} has a cluster up; waiting for it`),
    });
  } catch (error) {
    say((error as Error).message);
    process.exitCode = 1;
  }
};

const loadImages = async (): Promise<void> => {
  for (const name of readdirSync(IMAGES).filter((file) => file.endsWith('.tar'))) {
    await driver.do('load', resolve(IMAGES, name));
  }
};
