import { isDeepStrictEqual } from 'node:util';
import type { Stored } from './store.ts';

interface Entry {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly fieldsV1: Readonly<Record<string, object>>;
}

const entriesOf = ({ metadata }: Stored): readonly Entry[] => (metadata.managedFields ?? []) as readonly Entry[];

const UNMANAGED = new Set(['apiVersion', 'kind', 'status']);

/** Paths of all fields but what identifies the object; a list is one field. */
const leaves = (value: unknown, path: readonly string[] = []): readonly (readonly string[])[] =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? [path]
    : Object.entries(value).flatMap(([name, part]) =>
        path.length === 0 && UNMANAGED.has(name) ? [] : leaves(part, [...path, name]),
      );

const at = (object: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], object);

/** Who applied a field loses it to whoever gives it another value. */
export const managedFields = (before: Stored | undefined, next: Stored): readonly Entry[] =>
  (before === undefined ? [] : entriesOf(before)).map((entry) => ({
    ...entry,
    fieldsV1: Object.fromEntries(
      Object.entries(entry.fieldsV1).filter(([key]) => {
        const path = JSON.parse(key) as readonly string[];
        return isDeepStrictEqual(at(before, path), at(next, path));
      }),
    ),
  }));

/** Those of `next` after it was applied by this manager. */
export const appliedFields = (manager: string, known: Stored | undefined, applied: Stored): readonly Entry[] => [
  ...(known === undefined ? [] : entriesOf(known)).filter((entry) => entry.manager !== manager),
  {
    manager,
    operation: 'Apply',
    fieldsV1: Object.fromEntries(leaves(applied).map((path) => [JSON.stringify(path), {}])),
  },
];
