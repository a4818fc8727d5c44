import type { UpstreamTarget } from './target.ts';

/** How it stands with one endpoint. */
export interface EndpointState {
  /** Exchanges under way. */
  readonly active: number;
  /** Connecting to it failed a moment ago. */
  readonly ejected: boolean;
}

const NONE: ReadonlySet<UpstreamTarget> = new Set();

/**
 * Of two endpoints at random, the one with fewer exchanges under way ("the power of two choices"): nearly as even as the least loaded of
 * all, and a slow one gets less. Those that were tried or are ejected are left out as long as there are others. Undefined: there is none.
 * @param random from 0 up to, not including, 1
 */
export const chooseEndpoint = (
  endpoints: readonly UpstreamTarget[],
  stateOf: (endpoint: UpstreamTarget) => EndpointState,
  random: () => number,
  tried: ReadonlySet<UpstreamTarget> = NONE,
): UpstreamTarget | undefined => {
  const [one, other] = twoOf(endpoints, random);
  if (one === undefined || other === undefined) return one;
  if (tried.size === 0) {
    // Mostly all are well: then nothing has to be looked at but these two.
    const chosen = better(one, other, stateOf);
    if (chosen !== undefined) return chosen;
  }
  const healthy = endpoints.filter((endpoint) => !stateOf(endpoint).ejected);
  const untried = (list: readonly UpstreamTarget[]) => list.filter((endpoint) => !tried.has(endpoint));
  const preferences = [untried(healthy), untried(endpoints), healthy, endpoints];
  const [first, second] = twoOf(preferences.find((list) => list.length > 0) ?? [], random);
  if (first === undefined || second === undefined) return first;
  return lighter(first, second, stateOf);
};

const twoOf = <T>(list: readonly T[], random: () => number): readonly T[] => {
  if (list.length < 2) return list;
  const first = Math.floor(random() * list.length);
  const second = Math.floor(random() * (list.length - 1));
  return [list[first] as T, list[second < first ? second : second + 1] as T];
};

type StateOf = (endpoint: UpstreamTarget) => EndpointState;

const better = (one: UpstreamTarget, other: UpstreamTarget, stateOf: StateOf): UpstreamTarget | undefined =>
  stateOf(one).ejected || stateOf(other).ejected ? undefined : lighter(one, other, stateOf);

const lighter = (one: UpstreamTarget, other: UpstreamTarget, stateOf: StateOf): UpstreamTarget =>
  stateOf(other).active < stateOf(one).active ? other : one;
