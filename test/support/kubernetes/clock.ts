import type { Clock } from '../../../gateway/kubernetes/clock.ts';

/** Time that passes faster, and the least of chance: what takes minutes can be waited for. */
export const fastClock = (factor = 20): Clock => ({
  now: () => performance.now() * factor,
  random: () => 0,
  setTimeout: (run, milliseconds) => setTimeout(run, milliseconds / factor),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
});
