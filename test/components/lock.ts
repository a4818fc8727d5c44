import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK = 250;
/** A lock without a holder's number is being written, for no longer than this. */
const EMPTY_LIMIT = 10_000;
/** A build of everything takes 15 minutes of two busy cores. */
export const LOCK_TIMEOUT = 45 * 60_000;

export interface LockOptions {
  /** Milliseconds; default LOCK_TIMEOUT. */
  readonly timeout?: number;
  /** Told once, when another process has the lock. */
  readonly onWait?: (holder: number) => void;
}

/**
 * Runs `work` while no other process that asks for the same file does. A lock whose holder is gone counts for nothing. Two processes that
 * find such a lock at one moment may both go on: what they do has to end in an atomic rename.
 */
export const withLock = async <T>(file: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> => {
  const { timeout = LOCK_TIMEOUT, onWait } = options;
  let told = false;
  for (const deadline = Date.now() + timeout; !take(file); ) {
    const holder = holderOf(file);
    if (holder === undefined) {
      rmSync(file, { force: true });
      continue;
    }
    if (Date.now() > deadline) throw new Error(`${file}: process ${holder} has held it for ${timeout} ms`);
    if (!told) onWait?.(holder);
    told = true;
    await sleep(LOOK);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
};

const take = (file: string): boolean => {
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
};

/** The process that holds the lock, or none: it is free, or its holder is gone. 0 is one that has not said its number yet. */
const holderOf = (file: string): number | undefined => {
  try {
    const holder = Number(readFileSync(file, 'utf8'));
    if (!Number.isInteger(holder) || holder <= 0) {
      return Date.now() - statSync(file).mtimeMs < EMPTY_LIMIT ? 0 : undefined;
    }
    process.kill(holder, 0);
    return holder;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    // Another user's process.
    if (code === 'EPERM') return 0;
    throw error;
  }
};
