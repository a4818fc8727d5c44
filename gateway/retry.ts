import type { ServerResponse } from 'node:http';
import type { Exchange } from './exchange.ts';

/** The most further attempts that any configuration gets. */
export const MAX_RETRIES = 16;

/**
 * Whether a request that no upstream can have seen may be tried once more; resolves after the pause that comes before.
 * @param retries that were made so far
 * @param now as `record.startTime` is told
 */
export const waitToRetry = async (
  { forward, record, response }: Exchange,
  retries: number,
  now: number,
): Promise<boolean> => {
  const { attempts, backoff } = forward.retry ?? { attempts: 0, backoff: 0 };
  const timeLeft = (forward.requestTimeout ?? Number.POSITIVE_INFINITY) - (now - record.startTime);
  if (retries >= Math.min(attempts, MAX_RETRIES) || backoff >= timeLeft) return false;
  await pause(backoff, response);
  return true;
};

/** Waits as long as the client does. */
const pause = (milliseconds: number, response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      response.off('close', finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    response.on('close', finish);
    if (response.destroyed) finish();
  });
