/** Time and chance, from the shell. */
export interface Clock {
  /** Milliseconds of the Unix epoch. */
  now(): number;
  /** From 0 up to, not including, 1. */
  random(): number;
  setTimeout(run: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** Resolves after that time, or when the signal aborts. */
export const sleep = (clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });

/** Milliseconds to wait after so many failures in a row: doubled each time, and then between half and all of it. */
export const backoff = (failures: number, first: number, longest: number, random: () => number): number =>
  jitter(Math.min(longest, first * 2 ** Math.min(Math.max(failures - 1, 0), 30)), random);

/** Between half and all of it, so that many do not come at once. */
export const jitter = (milliseconds: number, random: () => number): number => milliseconds * (0.5 + random() / 2);
