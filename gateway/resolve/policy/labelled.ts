import type { KubernetesObject } from '../../../lib/api/kinds.ts';
import { selects } from '../selector.ts';

/** Objects to be found by their labels, without looking at all of them. */
export class Labelled<T extends KubernetesObject> {
  readonly #objects: readonly T[];
  readonly #byLabel = new Map<string, T[]>();

  constructor(objects: readonly T[]) {
    this.#objects = objects;
    for (const object of objects) {
      for (const label of labelsOf(object.metadata.labels)) {
        const known = this.#byLabel.get(label);
        if (known === undefined) this.#byLabel.set(label, [object]);
        else known.push(object);
      }
    }
  }

  /** Those that have all of these labels, in the order in which they were given. */
  find(matchLabels: Readonly<Record<string, string>>): readonly T[] {
    // Only the rarest label's objects can have all of them.
    const candidates = labelsOf(matchLabels)
      .map((label) => this.#byLabel.get(label) ?? [])
      .reduce<readonly T[]>((rarest, own) => (own.length < rarest.length ? own : rarest), this.#objects);
    return candidates.filter(({ metadata }) => selects({ matchLabels }, metadata.labels ?? {}));
  }
}

/** No label's name has a `=`. */
const labelsOf = (labels: Readonly<Record<string, string>> = {}): readonly string[] =>
  Object.entries(labels).map(([name, value]) => `${name}=${value}`);
