import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';

export interface Load {
  /** Requests that were answered as they should be. */
  readonly served: () => number;
  /** What became of each of the others. */
  readonly failures: () => readonly string[];
  /** Ends it when the requests under way are answered. */
  stop(): Promise<void>;
}

const CLIENTS = 3;
const PAUSE = 20;
const REQUEST_TIMEOUT = 5_000;
const KEPT_FAILURES = 100;

/** Clients that ask for `url` one request after the other, and expect 200. */
export const startLoad = (url: string): Load => {
  let served = 0;
  let stopped = false;
  const failures: string[] = [];
  const fail = (what: string): void => {
    if (failures.length < KEPT_FAILURES) failures.push(`${new Date().toISOString()} ${what}`);
  };
  const client = async (): Promise<void> => {
    while (!stopped) {
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT) });
        await response.arrayBuffer();
        if (response.status === 200) served++;
        else fail(String(response.status));
      } catch (error) {
        fail(String(error));
      }
      await sleep(PAUSE);
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  return {
    served: () => served,
    failures: () => failures,
    stop: async () => {
      stopped = true;
      await Promise.all(clients);
    },
  };
};

/** Does `action` while clients ask for `url`: each of them is answered, and the load ends however the action does. */
export const underLoad = async (url: string, action: () => Promise<void>): Promise<void> => {
  const load = startLoad(url);
  try {
    await action();
  } finally {
    await load.stop();
  }
  expect(load.failures()).toEqual([]);
  expect(load.served()).toBeGreaterThan(0);
};
