import type { Rule, WeightedBackend } from '../compile/snapshot.ts';

/**
 * One of a rule's backends, each as often as its weight says; undefined if none has any (Gateway API: answered with 500).
 * @param random from 0 up to, not including, 1
 */
export const chooseBackend = ({ backends, totalWeight }: Rule, random: () => number): WeightedBackend | undefined => {
  if (totalWeight <= 0) return undefined;
  if (backends.length === 1) return backends[0];
  let rest = random() * totalWeight;
  for (const backend of backends) {
    rest -= backend.weight;
    if (rest < 0) return backend;
  }
  return undefined;
};
