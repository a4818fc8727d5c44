import { CLUSTER_KINDS, KINDS, type KindInfo } from '../../../lib/api/kinds.ts';
import { DEPLOYED_KINDS } from '../../../lib/workload/kinds.ts';
import { managedFields } from './managed-fields.ts';

export interface Stored {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    generation?: number;
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly collection: string;
  readonly version: number;
  readonly object: Stored;
}

const ALL_KINDS: readonly KindInfo[] = [KINDS, CLUSTER_KINDS, DEPLOYED_KINDS].flatMap((kinds) => Object.values(kinds));

/** `group/plural`, as a path has them. */
export const collectionOf = ({ group, plural }: { readonly group: string; readonly plural: string }): string =>
  `${group}/${plural}`;

/** The objects of an API server, and what became of them: the part of etcd. */
export class ObjectStore {
  readonly changes: Change[] = [];
  readonly #objects = new Map<string, Map<string, Stored>>();
  #version = 100;
  #uids = 0;
  /** Changes up to this version are forgotten. */
  compacted = 0;

  get version(): number {
    return this.#version;
  }

  list(collection: string): readonly Stored[] {
    return [...(this.#objects.get(collection)?.entries() ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, o]) => o);
  }

  get(collection: string, namespace: string | undefined, name: string): Stored | undefined {
    return this.#objects.get(collection)?.get(`${namespace ?? ''}/${name}`);
  }

  /** Creates or replaces; a change outside of metadata and status counts the generation up. */
  put(object: Stored, fields?: readonly unknown[]): Stored {
    const group = String(object.apiVersion).includes('/') ? String(object.apiVersion).split('/')[0] : '';
    const info = ALL_KINDS.find((kind) => kind.kind === object.kind && kind.group === group);
    if (info === undefined) throw new Error(`no kind ${object.apiVersion} ${object.kind}`);
    const collection = collectionOf(info);
    const { name, namespace } = object.metadata;
    const before = this.get(collection, namespace, name);
    this.#version++;
    const stored: Stored = {
      ...object,
      metadata: {
        ...object.metadata,
        creationTimestamp: before?.metadata.creationTimestamp ?? '2026-01-01T00:00:00Z',
        uid: before?.metadata.uid ?? `uid-${++this.#uids}`,
        resourceVersion: String(this.#version),
        generation:
          (before?.metadata.generation ?? 0) + (before === undefined || specOf(before) !== specOf(object) ? 1 : 0),
        managedFields: fields ?? managedFields(before, object),
      },
    };
    const objects = this.#objects.get(collection) ?? new Map<string, Stored>();
    objects.set(`${namespace ?? ''}/${name}`, stored);
    this.#objects.set(collection, objects);
    this.#record(before === undefined ? 'ADDED' : 'MODIFIED', collection, stored);
    return stored;
  }

  remove(collection: string, namespace: string | undefined, name: string): Stored | undefined {
    const object = this.get(collection, namespace, name);
    if (object === undefined) return undefined;
    this.#objects.get(collection)?.delete(`${namespace ?? ''}/${name}`);
    this.#version++;
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.#record('DELETED', collection, last);
    return last;
  }

  #record(type: Change['type'], collection: string, object: Stored): void {
    this.changes.push({ type, collection, version: this.#version, object });
  }
}

const specOf = ({ metadata: _, status: __, ...rest }: Stored): string => JSON.stringify(rest);
