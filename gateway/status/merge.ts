import type { Condition } from '../../lib/api/conditions.ts';

/** metav1.Condition as it is stored. */
export interface StoredCondition extends Condition {
  /** RFC 3339. */
  readonly lastTransitionTime: string;
}

/**
 * Our conditions written over the stored ones: by type, others' untouched and in their place, `lastTransitionTime` moved only when the
 * status flips. Undefined if there is nothing to write: nothing changed, or what is stored is about a newer generation than ours.
 */
export const mergeConditions = (
  stored: readonly StoredCondition[],
  ours: readonly Condition[],
  now: string,
): readonly StoredCondition[] | undefined => {
  if (isNewer(stored, ours)) return undefined;
  const byType = new Map(ours.map((condition) => [condition.type, condition]));
  const known = new Set(stored.map(({ type }) => type));
  const merged = [
    ...stored.map((old) => update(old, byType.get(old.type), now)),
    ...ours.filter(({ type }) => !known.has(type)).map((condition) => ({ ...condition, lastTransitionTime: now })),
  ];
  const changed = merged.length !== stored.length || merged.some((condition, index) => condition !== stored[index]);
  return changed ? merged : undefined;
};

/** Whether what is stored is about a newer generation than ours: we have not seen it yet. */
export const isNewer = (stored: readonly StoredCondition[], ours: readonly Condition[]): boolean =>
  stored.some(({ type, observedGeneration }) => {
    const own = ours.find((condition) => condition.type === type)?.observedGeneration;
    return own !== undefined && own < observedGeneration;
  });

const update = (old: StoredCondition, ours: Condition | undefined, now: string): StoredCondition => {
  if (ours === undefined) return old;
  const same =
    old.status === ours.status &&
    old.reason === ours.reason &&
    old.message === ours.message &&
    old.observedGeneration === ours.observedGeneration;
  if (same) return old;
  return { ...ours, lastTransitionTime: old.status === ours.status ? old.lastTransitionTime : now };
};
