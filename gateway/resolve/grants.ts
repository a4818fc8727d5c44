import type { ReferenceGrant } from '../../lib/api/gateway-api.ts';
import type { KindInfo } from '../../lib/api/kinds.ts';

/** The object that holds a reference, and the one that it names. */
export interface Reference {
  readonly from: { readonly kind: KindInfo; readonly namespace: string };
  readonly to: { readonly group: string; readonly kind: string; readonly namespace: string; readonly name: string };
}

/** Every ReferenceGrant, indexed by who may refer to what; names by pair, null for all names. */
export class Grants {
  readonly #names = new Map<string, Set<string | null>>();

  constructor(grants: readonly ReferenceGrant[]) {
    for (const { metadata, spec } of grants) {
      for (const from of spec.from) {
        for (const to of spec.to) {
          const pair = key(from.group, from.kind, from.namespace, to.group, to.kind, metadata.namespace ?? '');
          const names = this.#names.get(pair) ?? new Set();
          names.add(to.name ?? null);
          this.#names.set(pair, names);
        }
      }
    }
  }

  /** Within a namespace always; otherwise by a grant in the namespace of the object referred to. */
  allows({ from, to }: Reference): boolean {
    if (from.namespace === to.namespace) return true;
    const names = this.#names.get(
      key(from.kind.group, from.kind.kind, from.namespace, to.group, to.kind, to.namespace),
    );
    return names !== undefined && (names.has(null) || names.has(to.name));
  }
}

const key = (...parts: readonly string[]): string => parts.join('\n');
