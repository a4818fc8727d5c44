import { spend } from './engine/meter.ts';

/** Attributes that one value becomes at most. */
export const MAX_FLATTENED = 128;
const MAX_DEPTH = 16;

/** What `flatten` makes of a list or map: in the attributes of spans and log lines, each entry is an attribute of its own. */
export class Flattened {
  /** By the path below the value, parts joined with dots; list items by their index. */
  readonly entries: ReadonlyMap<string, unknown>;

  constructor(entries: ReadonlyMap<string, unknown>) {
    this.entries = entries;
  }
}

/** Of a map, or of a list by index. */
export const entriesOf = (value: object): readonly (readonly [key: unknown, item: unknown])[] => {
  const entries = Array.isArray(value)
    ? Array.from(value as readonly unknown[], (item, index) => [String(index), item] as const)
    : value instanceof Map
      ? [...(value as ReadonlyMap<unknown, unknown>)]
      : Object.entries(value);
  spend(entries.length);
  return entries;
};

/** Of a list or map, the first `MAX_FLATTENED` entries. */
export const flatten = (value: object, isRecursive: boolean): Flattened => {
  const entries = new Map<string, unknown>();
  const visit = (container: object, prefix: string, depth: number): void => {
    for (const [key, item] of entriesOf(container)) {
      if (entries.size >= MAX_FLATTENED) return;
      const path = `${prefix}${key}`;
      if (isRecursive && depth < MAX_DEPTH && isContainer(item)) visit(item, `${path}.`, depth + 1);
      else entries.set(path, item);
    }
  };
  visit(value, '', 0);
  return new Flattened(entries);
};

const isContainer = (value: unknown): value is object =>
  Array.isArray(value) ||
  value instanceof Map ||
  (typeof value === 'object' && value !== null && value.constructor === Object);
