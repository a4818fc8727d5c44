import { GROUPS, KINDS } from '../../lib/api/kinds.ts';
import { compareText } from '../../lib/api/objects.ts';
import type { AncestorStatus, ListenerStatus, ObjectStatus, ParentStatus } from '../resolve/status.ts';
import { isNewer, mergeConditions, type StoredCondition } from './merge.ts';

/** Entries that the CRDs allow, those of other controllers among them. */
export const MAX_PARENTS = 32;
export const MAX_ANCESTORS = 16;

export interface DocumentContext {
  /** Entries of parents and ancestors that are ours. */
  readonly controllerName: string;
  /** RFC 3339. */
  readonly now: string;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The fields of `/status` that have to be written so that it says what it should; undefined: it does, or it is about a newer generation
 * than ours. What is not ours stays as it is: conditions of other types, entries of other controllers, other fields.
 */
export const statusChanges = (stored: unknown, ours: ObjectStatus, context: DocumentContext): Fields | undefined => {
  const before = isRecord(stored) ? stored : {};
  if (knowsNewer(before, ours, context)) return undefined;
  const { conditions, supportedFeatures, addresses, listeners, parents, ancestors } = ours;
  const changes: Record<string, unknown> = {};
  const set = (field: string, value: unknown): void => {
    const isEmpty = Array.isArray(value) && value.length === 0 && before[field] === undefined;
    if (!isEmpty && canonical(value) !== canonical(before[field])) changes[field] = value;
  };
  if (conditions !== undefined) {
    const known = list<StoredCondition>(before.conditions);
    set('conditions', mergeConditions(known, conditions, context.now) ?? known);
  }
  if (supportedFeatures !== undefined) set('supportedFeatures', supportedFeatures);
  if (addresses !== undefined) set('addresses', addresses);
  if (listeners !== undefined) set('listeners', mergeListeners(list(before.listeners), listeners, context.now));
  if (parents !== undefined) set('parents', mergeEntries(list(before.parents), parents, MAX_PARENTS, context));
  if (ancestors !== undefined)
    set('ancestors', mergeEntries(list(before.ancestors), ancestors, MAX_ANCESTORS, context));
  return Object.keys(changes).length === 0 ? undefined : changes;
};

const knowsNewer = (before: Fields, ours: ObjectStatus, { controllerName }: DocumentContext): boolean => {
  const { conditions = [], listeners = [], parents = [], ancestors = [] } = ours;
  if (isNewer(list(before.conditions), conditions)) return true;
  const isOurs = (entry: Fields): boolean => entry.controllerName === controllerName;
  const storedEntries = [...list<Fields>(before.parents), ...list<Fields>(before.ancestors)].filter(isOurs);
  const entries: readonly (ParentStatus | AncestorStatus)[] = [...parents, ...ancestors];
  return (
    listeners.some(({ name, conditions: own }) => {
      const known = list<Fields>(before.listeners).find((listener) => listener.name === name);
      return isNewer(list(known?.conditions), own);
    }) ||
    entries.some((entry) => {
      const known = storedEntries.find((other) => keyOf(other) === keyOf(entry));
      return isNewer(list(known?.conditions), entry.conditions);
    })
  );
};

const mergeListeners = (stored: readonly Fields[], ours: readonly ListenerStatus[], now: string): readonly unknown[] =>
  ours.map((listener) => {
    const known = list<StoredCondition>(stored.find(({ name }) => name === listener.name)?.conditions);
    return { ...listener, conditions: mergeConditions(known, listener.conditions, now) ?? known };
  });

/** Others' entries and those of ours that stay keep their places; new ones go behind them, as many as there is room for. */
const mergeEntries = (
  stored: readonly Fields[],
  ours: readonly (ParentStatus | AncestorStatus)[],
  limit: number,
  { controllerName, now }: DocumentContext,
): readonly unknown[] => {
  const byKey = new Map(ours.map((entry) => [keyOf(entry), entry]));
  const merged: unknown[] = [];
  for (const known of stored) {
    if (known.controllerName !== controllerName) {
      merged.push(known);
      continue;
    }
    const key = keyOf(known);
    const entry = byKey.get(key);
    if (entry === undefined) continue;
    byKey.delete(key);
    const conditions = list<StoredCondition>(known.conditions);
    merged.push({ ...entry, conditions: mergeConditions(conditions, entry.conditions, now) ?? conditions });
  }
  for (const entry of byKey.values()) {
    if (merged.length >= limit) break;
    merged.push({ ...entry, conditions: mergeConditions([], entry.conditions, now) ?? [] });
  }
  return merged;
};

/** What an entry is about. The API server fills in the defaults of a parentRef. */
const keyOf = (entry: ParentStatus | AncestorStatus | Fields): string => {
  const { parentRef, ancestorRef } = entry as { readonly parentRef?: Fields; readonly ancestorRef?: Fields };
  return canonical({ group: GROUPS.gateway, kind: KINDS.Gateway.kind, ...(parentRef ?? ancestorRef) });
};

/** The same text for equal values, however their fields are ordered. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    isRecord(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => compareText(a, b))) : part,
  ) ?? '';

const list = <T = Fields>(value: unknown): readonly T[] =>
  Array.isArray(value) ? (value.filter(isRecord) as readonly T[]) : [];

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
