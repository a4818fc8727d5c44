import type { KindName } from '../../../lib/api/kinds.ts';
import type { ApiObject } from '../../kubernetes/object.ts';
import type { ReflectorListener, ReflectorState } from '../../kubernetes/reflector.ts';
import { type ObjectKey, objectKey, type ResourceEvent, type SourcedObject } from '../event.ts';
import type { Problem } from '../problem.ts';
import { readApiObject } from './read.ts';

/** The status of an object as it is stored, and which state of the object that was. */
export interface StoredStatus {
  readonly resourceVersion: string;
  readonly status: unknown;
}

/** What is kept of one object. */
export interface Entry {
  readonly key: ObjectKey;
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string | undefined;
  /** The last version that could be read. */
  readonly resource: SourcedObject | undefined;
  /** Why the newest one cannot be. */
  readonly problems: readonly Problem[];
  readonly stored: StoredStatus | undefined;
}

export interface ScopeListener {
  /** The object is another one to those who read it. */
  onEvent(key: ObjectKey, event: ResourceEvent): void;
  /** Another status is stored. */
  onStatus(kind: KindName, namespace: string, name: string): void;
  /** Problems or the state may have changed. */
  onState(): void;
}

/** The objects of one collection. */
export class Scope implements ReflectorListener<Entry> {
  readonly kind: KindName;
  readonly #keepStatus: boolean;
  readonly #listener: ScopeListener;
  #entries = new Map<ObjectKey, Entry>();
  #state: ReflectorState = { type: 'starting' };
  #listed = false;

  constructor(kind: KindName, keepStatus: boolean, listener: ScopeListener) {
    this.kind = kind;
    this.#keepStatus = keepStatus;
    this.#listener = listener;
  }

  get state(): ReflectorState {
    return this.#state;
  }

  /** Whether all there is was read. */
  get listed(): boolean {
    return this.#listed;
  }

  *problems(): Iterable<Problem> {
    for (const { problems } of this.#entries.values()) yield* problems;
  }

  stored(key: ObjectKey): StoredStatus | undefined {
    return this.#entries.get(key)?.stored;
  }

  /** Nobody follows it any more: its objects are gone. */
  drop(): void {
    for (const entry of this.#entries.values()) this.#gone(entry);
    this.#entries.clear();
  }

  read(raw: ApiObject): Entry {
    const { name, namespace = '', resourceVersion } = raw.metadata;
    const key = objectKey(this.kind, namespace, name);
    const before = this.#entries.get(key);
    if (before !== undefined && resourceVersion !== undefined && before.resourceVersion === resourceVersion) {
      return before;
    }
    const { resource, problems = [] } = readApiObject(this.kind, raw);
    const unchanged = before?.resource !== undefined && same(before.resource, resource);
    return {
      key,
      namespace,
      name,
      resourceVersion,
      resource: unchanged ? before.resource : (resource ?? before?.resource),
      problems,
      stored: this.#keepStatus ? { resourceVersion: resourceVersion ?? '', status: raw.status } : undefined,
    };
  }

  onList(entries: readonly Entry[]): void {
    const before = this.#entries;
    this.#listed = true;
    this.#entries = new Map(entries.map((entry) => [entry.key, entry]));
    for (const [key, entry] of before) if (!this.#entries.has(key)) this.#gone(entry);
    for (const entry of this.#entries.values()) this.#changed(before.get(entry.key), entry);
    this.#listener.onState();
  }

  onPut(entry: Entry): void {
    const before = this.#entries.get(entry.key);
    this.#entries.set(entry.key, entry);
    this.#changed(before, entry);
  }

  onDelete({ key }: Entry): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#gone(entry);
  }

  onState(state: ReflectorState): void {
    this.#state = state;
    this.#listener.onState();
  }

  #changed(before: Entry | undefined, entry: Entry): void {
    const { key, namespace, name, resource } = entry;
    if (resource !== undefined && resource !== before?.resource) this.#listener.onEvent(key, { type: 'put', resource });
    if (!same(entry.problems, before?.problems ?? [])) this.#listener.onState();
    if (entry.stored !== before?.stored) this.#listener.onStatus(this.kind, namespace, name);
  }

  #gone({ key, namespace, name, resource, problems }: Entry): void {
    if (resource !== undefined) this.#listener.onEvent(key, { type: 'delete', kind: this.kind, namespace, name });
    if (problems.length > 0) this.#listener.onState();
  }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
