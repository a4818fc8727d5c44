import type { Driver } from './driver.ts';

/**
 * Runs `work` while the driver's cluster is up, and removes the cluster, whatever comes of it; `keep` leaves it. A cluster that is up already
 * is refused and left alone: it may be somebody's.
 */
export const withCluster = async (driver: Driver, keep: boolean, work: () => Promise<void>): Promise<void> => {
  if (await driver.isUp()) {
    throw new Error(`a cluster is up already, and may be somebody's. If it is not: ${driver.path} down`);
  }
  try {
    await driver.do('up');
    await work();
  } finally {
    if (!keep) await driver.do('down');
  }
};
