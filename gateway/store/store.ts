import { KINDS, type KindName } from '../../lib/api/kinds.ts';
import { byAge, type Resources } from '../../lib/api/objects.ts';
import { keyOf, type ObjectKey, objectKey, type ResourceEvent, type SourcedObject } from '../source/event.ts';
import type { Location } from '../source/problem.ts';

/** All objects as of now, by kind and name. Sources write events, the pipeline reads `resources`. */
export class Store {
  readonly #objects = new Map<KindName, Map<ObjectKey, SourcedObject>>();
  #generation = 0;

  /** Counts up with each `apply` that changed something. */
  get generation(): number {
    return this.#generation;
  }

  apply(events: readonly ResourceEvent[]): void {
    if (events.length > 0) this.#generation++;
    for (const event of events) {
      if (event.type === 'delete') {
        this.#objects.get(event.kind)?.delete(objectKey(event.kind, event.namespace, event.name));
        continue;
      }
      const { resource } = event;
      const byKey = this.#objects.get(resource.kind) ?? new Map<ObjectKey, SourcedObject>();
      byKey.set(keyOf(resource), resource);
      this.#objects.set(resource.kind, byKey);
    }
  }

  /** Every kind's objects, oldest first. */
  resources(): Resources {
    const sorted = (Object.keys(KINDS) as KindName[]).map((kind) => [
      kind,
      [...(this.#objects.get(kind)?.values() ?? [])].map(({ object }) => object).sort(byAge),
    ]);
    return Object.fromEntries(sorted) as unknown as Resources;
  }

  /** Where an object was read from, if from a file. */
  locate(kind: KindName, namespace: string, name: string): Location | undefined {
    return this.#objects.get(kind)?.get(objectKey(kind, namespace, name))?.location;
  }
}
