import { type KindName, type KubernetesObject, namespacedName } from '../../lib/api/kinds.ts';
import type { Resources } from '../../lib/api/objects.ts';

/** Kinds of which a cluster has many objects that no Gateway leads to, and that change all the time. */
export type LookedUpKind = 'Secret' | 'ConfigMap' | 'Service' | 'EndpointSlice' | 'Namespace';

/**
 * Objects of one kind by key. It remembers what it was asked for, there or not: whoever read nothing but this would read the same after a
 * change of anything else.
 */
export class Lookup<T extends KubernetesObject> {
  readonly #objects: ReadonlyMap<string, readonly T[]>;
  readonly #keyOf: (object: T) => string;
  readonly #keys = new Set<string>();
  readonly #namespaces = new Set<string>();
  #byNamespace: ReadonlyMap<string, readonly T[]> | undefined;

  /** @param keyOf default: `namespace/name` */
  constructor(objects: readonly T[], keyOf: (object: T) => string = ({ metadata }) => namespacedName(metadata)) {
    this.#objects = Map.groupBy(objects, keyOf);
    this.#keyOf = keyOf;
  }

  get(key: string): T | undefined {
    return this.all(key).at(-1);
  }

  /** In the order in which they were given. */
  all(key: string): readonly T[] {
    this.#keys.add(key);
    return this.#objects.get(key) ?? [];
  }

  /** Everything in a namespace. */
  within(namespace: string): readonly T[] {
    this.#namespaces.add(namespace);
    this.#byNamespace ??= Map.groupBy([...this.#objects.values()].flat(), ({ metadata }) => metadata.namespace ?? '');
    return this.#byNamespace.get(namespace) ?? [];
  }

  /** Whether a change of this object, as it was or as it is, could be seen by whoever asked. */
  isConcerned(object: T): boolean {
    return this.#keys.has(this.#keyOf(object)) || this.#namespaces.has(object.metadata.namespace ?? '');
  }
}

/** One for each of these kinds. */
export type Lookups = { readonly [K in LookedUpKind]: Lookup<Resources[K][number]> };

/** Whether a change of this object, as it was or as it is, can change what was made with these. Of all other kinds, every change can. */
export const isConcerned = (lookups: Lookups, kind: KindName, object: KubernetesObject): boolean => {
  const byKind: Partial<Record<KindName, { isConcerned(object: KubernetesObject): boolean }>> = lookups;
  return byKind[kind]?.isConcerned(object) ?? true;
};
