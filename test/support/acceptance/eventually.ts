import { setTimeout as sleep } from 'node:timers/promises';

/** The first value that is not undefined; an error that names `what` after `timeout` milliseconds. */
export const eventually = async <T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  timeout = 10_000,
): Promise<T> => {
  for (const deadline = Date.now() + timeout; ; await sleep(20)) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeout} ms`);
  }
};
