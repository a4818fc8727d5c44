import { DEPLOYED_KINDS, type DeployedKind } from '../../lib/workload/kinds.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { Clock } from '../kubernetes/clock.ts';
import { isRecord } from '../kubernetes/failure.ts';
import { type ApiObject, isOlder } from '../kubernetes/object.ts';
import { Reflector } from '../kubernetes/reflector.ts';
import { MANAGED_BY_LABEL } from './desired.ts';

/** All that is kept of a stored object. */
export interface Stored {
  readonly resourceVersion: string;
  /** The fields that are ours, hashed; empty: it is deleted. */
  readonly ours: string;
}

/** An object as it was answered when we wrote it. */
export interface Answer extends Stored {
  /** How often its kind had been listed. */
  readonly lists: number;
}

export interface DeployedWatchOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  /** Field manager, and value of the label, of what is ours. */
  readonly manager: string;
  readonly sha256: (text: string) => string;
  /** Whether the deletion of this object matters. */
  readonly isKept: (identity: string) => boolean;
  readonly onChange: (identity: string) => void;
  /** Objects of a kind may be gone that were never seen. */
  readonly onList: (kind: DeployedKind) => void;
}

/** `Kind namespace/name`. */
export const identityOf = (kind: string, { namespace, name }: { readonly namespace?: string; readonly name: string }) =>
  `${kind} ${namespace ?? ''}/${name}`;

/**
 * Follows what was deployed. Whoever changes a field of ours takes it from us (Kubernetes, server-side apply: managed fields), while a
 * status, or a number of pods that somebody else sets, leaves our fields ours.
 */
export class DeployedWatch {
  readonly #options: DeployedWatchOptions;
  readonly #seen = new Map<DeployedKind, Map<string, Stored>>();
  readonly #lists = new Map<DeployedKind, number>();
  readonly #reflectors: readonly Reflector<Stored & { readonly identity: string }>[];

  constructor(options: DeployedWatchOptions) {
    this.#options = options;
    this.#reflectors = (Object.keys(DEPLOYED_KINDS) as DeployedKind[]).map((kind) => this.#reflector(kind));
    for (const reflector of this.#reflectors) reflector.start();
  }

  answer(kind: DeployedKind, object: ApiObject): Answer {
    return { ...this.#read(kind, object), lists: this.#lists.get(kind) ?? 0 };
  }

  /** Whether the object is gone, or has lost a field of ours, since it was answered. */
  isChanged(kind: DeployedKind, identity: string, answer: Answer): boolean {
    const seen = this.#seen.get(kind)?.get(identity);
    if (seen === undefined) return (this.#lists.get(kind) ?? 0) > answer.lists;
    return isOlder(answer.resourceVersion, seen.resourceVersion) && seen.ours !== answer.ours;
  }

  async close(): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.close()));
  }

  #reflector(kind: DeployedKind): Reflector<Stored & { readonly identity: string }> {
    const { client, clock, manager, isKept, onChange, onList } = this.#options;
    const put = ({ identity, ...stored }: Stored & { readonly identity: string }): void => {
      this.#seen.get(kind)?.set(identity, stored);
      onChange(identity);
    };
    this.#seen.set(kind, new Map());
    return new Reflector({
      client,
      clock,
      collection: { kind: DEPLOYED_KINDS[kind], labels: `${MANAGED_BY_LABEL}=${manager}` },
      listener: {
        read: (object) => ({ identity: identityOf(kind, object.metadata), ...this.#read(kind, object) }),
        onList: (objects) => {
          this.#lists.set(kind, (this.#lists.get(kind) ?? 0) + 1);
          this.#seen.set(kind, new Map(objects.map(({ identity, ...stored }) => [identity, stored])));
          onList(kind);
        },
        onPut: put,
        onDelete: (object) => {
          if (isKept(object.identity)) put({ ...object, ours: '' });
          else this.#seen.get(kind)?.delete(object.identity);
        },
        // Without the right to follow a kind, what is changed by hand stays so until the next change of its Gateway.
        onState: () => {},
      },
    });
  }

  #read(kind: DeployedKind, { metadata }: ApiObject): Stored {
    const { manager, sha256 } = this.#options;
    const { resourceVersion = '', managedFields } = metadata;
    // Of a session key it matters alone that there is one.
    const entries = kind === 'Secret' || !Array.isArray(managedFields) ? [] : managedFields.filter(isRecord);
    const own = entries.find((entry) => entry.manager === manager && entry.operation === 'Apply');
    return { resourceVersion, ours: sha256(JSON.stringify(own?.fieldsV1 ?? null)) };
  }
}
