import { KINDS, type KindName } from '../../lib/api/kinds.ts';
import { byAge, type ObjectTypes, type Resources } from '../../lib/api/objects.ts';
import { keyOf, type ObjectKey, objectKey, type ResourceEvent, type SourcedObject } from '../source/event.ts';
import type { Location } from '../source/problem.ts';

/** An object that is another one now: as it was, if it was there, and as it is. */
export interface Change {
  readonly kind: KindName;
  readonly objects: readonly ObjectTypes[KindName][];
}

/** All objects as of now, by kind and name. Sources write events, the pipeline reads `resources`. */
export class Store {
  readonly #objects = new Map<KindName, Map<ObjectKey, SourcedObject>>();
  /** Of kinds without a change since they were asked for. */
  readonly #sorted = new Map<KindName, readonly ObjectTypes[KindName][]>();
  #generation = 0;

  /** Counts up with each `apply` that changed something. */
  get generation(): number {
    return this.#generation;
  }

  apply(events: readonly ResourceEvent[]): readonly Change[] {
    if (events.length > 0) this.#generation++;
    return events.map((event) => {
      const after = event.type === 'put' ? event.resource : undefined;
      const kind = event.type === 'put' ? event.resource.kind : event.kind;
      const key = event.type === 'put' ? keyOf(event.resource) : objectKey(kind, event.namespace, event.name);
      const byKey = this.#objects.get(kind) ?? new Map<ObjectKey, SourcedObject>();
      const before = byKey.get(key);
      if (after === undefined) byKey.delete(key);
      else byKey.set(key, after);
      this.#objects.set(kind, byKey);
      this.#sorted.delete(kind);
      return { kind, objects: [before, after].flatMap((resource) => resource?.object ?? []) };
    });
  }

  /** Every kind's objects, oldest first. */
  resources(): Resources {
    const sorted = (Object.keys(KINDS) as KindName[]).map((kind) => [kind, this.#sortedOf(kind)]);
    return Object.fromEntries(sorted) as unknown as Resources;
  }

  #sortedOf(kind: KindName): readonly ObjectTypes[KindName][] {
    let sorted = this.#sorted.get(kind);
    if (sorted === undefined) {
      sorted = [...(this.#objects.get(kind)?.values() ?? [])].map(({ object }) => object).sort(byAge);
      this.#sorted.set(kind, sorted);
    }
    return sorted;
  }

  /** Where an object was read from, if from a file. */
  locate(kind: KindName, namespace: string, name: string): Location | undefined {
    return this.#objects.get(kind)?.get(objectKey(kind, namespace, name))?.location;
  }
}
