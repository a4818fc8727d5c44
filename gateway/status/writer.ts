import { KINDS, type KindName, STATUS_KINDS } from '../../lib/api/kinds.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { backoff, type Clock } from '../kubernetes/clock.ts';
import type { ApiFailure } from '../kubernetes/failure.ts';
import { type ApiObject, isOlder, type ObjectRef } from '../kubernetes/object.ts';
import type { ObjectStatus } from '../resolve/status.ts';
import { type ObjectKey, objectKey } from '../source/event.ts';
import type { StoredStatus } from '../source/kubernetes/scope.ts';
import { statusChanges } from './document.ts';
import { Lane, type Outcome } from './lane.ts';

/** Milliseconds from a report to the first write: what comes one after the other is written once. */
export const REPORT_QUIET = 100;

/** Pause before the same is written to an object again, since somebody undid it; doubled each time, up to the second. */
export const REWRITE_FIRST = 1_000;
export const REWRITE_LONGEST = 60_000;
/** After this long without, it counts as the first time. */
export const REWRITE_FORGOTTEN = 300_000;

/** Pause after somebody else has written at the same time, who may not be finished. */
export const CONFLICT_FIRST = 50;
export const CONFLICT_LONGEST = 4_000;

export interface StatusWriterOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields?: Readonly<Record<string, string>>) => void;
  readonly controllerName: string;
  /** The status that was last seen; undefined: there is no such object. */
  readonly stored: (kind: KindName, namespace: string, name: string) => StoredStatus | undefined;
  /** Others write while this is false. */
  readonly isLeader: () => boolean;
}

interface Wanted {
  readonly status: ObjectStatus;
  readonly text: string;
}

interface Written {
  readonly text: string;
  readonly times: number;
  readonly at: number;
}

/** Writes what became of each object into its `/status`, where it is not there yet, as long as this process is the leader. */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #lanes: ReadonlyMap<KindName, Lane>;
  #wanted: ReadonlyMap<ObjectKey, Wanted> = new Map();
  /** Statuses that the API server answered with, until they are seen. */
  readonly #answered = new Map<ObjectKey, StoredStatus>();
  readonly #written = new Map<ObjectKey, Written>();
  /** In a row. */
  readonly #conflicts = new Map<ObjectKey, number>();
  /** What the API server does not take, so that it is not offered again. */
  readonly #refused = new Map<ObjectKey, string>();
  /** Why the last write of a kind failed. */
  readonly #failures = new Map<KindName, ApiFailure>();
  #quiet: unknown;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    const { clock } = options;
    this.#lanes = new Map(
      STATUS_KINDS.map((kind) => [
        kind,
        new Lane({ clock, work: (key) => this.#write(key), onHealth: (healthy) => this.#onHealth(kind, healthy) }),
      ]),
    );
  }

  /** What all statuses should say, from now on. */
  report(statuses: readonly ObjectStatus[]): void {
    this.#wanted = new Map(
      statuses.map((status) => [
        objectKey(status.kind, status.namespace, status.name),
        { status, text: JSON.stringify(status) },
      ]),
    );
    for (const known of [this.#answered, this.#written, this.#conflicts, this.#refused]) {
      for (const key of known.keys()) if (!this.#wanted.has(key)) known.delete(key);
    }
    const { clock } = this.#options;
    this.#quiet ??= clock.setTimeout(() => {
      this.#quiet = undefined;
      this.check();
    }, REPORT_QUIET);
  }

  /** Another status of this object is stored. */
  onStored(kind: KindName, namespace: string, name: string): void {
    const key = objectKey(kind, namespace, name);
    if (this.#options.isLeader() && this.#differs(key)) this.#lanes.get(kind)?.add(key);
  }

  /** Looks at all objects; call it when this process has become the leader. */
  check(): void {
    if (!this.#options.isLeader()) return;
    for (const [key, { status, text }] of this.#wanted) {
      // What waits because it was undone need not when it says something else.
      if (this.#differs(key)) this.#lanes.get(status.kind)?.add(key, this.#written.get(key)?.text !== text);
    }
  }

  close(): void {
    this.#options.clock.clearTimeout(this.#quiet);
    for (const lane of this.#lanes.values()) lane.close();
  }

  #differs(key: ObjectKey): boolean {
    const wanted = this.#wanted.get(key);
    return wanted !== undefined && this.#refused.get(key) !== wanted.text && this.#changes(key, wanted) !== undefined;
  }

  #changes(key: ObjectKey, { status }: Wanted) {
    const stored = this.#stored(key, status);
    if (stored === undefined) return undefined;
    const { clock, controllerName } = this.#options;
    const now = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    const changes = statusChanges(stored.status, status, { controllerName, now });
    return changes === undefined ? undefined : { resourceVersion: stored.resourceVersion, changes };
  }

  /** The newer one of what was seen and what was answered. */
  #stored(key: ObjectKey, { kind, namespace, name }: ObjectStatus): StoredStatus | undefined {
    const seen = this.#options.stored(kind, namespace, name);
    const answered = this.#answered.get(key);
    if (seen === undefined || answered === undefined) return seen;
    if (isOlder(seen.resourceVersion, answered.resourceVersion)) return answered;
    this.#answered.delete(key);
    return seen;
  }

  async #write(key: ObjectKey): Promise<Outcome> {
    const { client, clock, isLeader } = this.#options;
    const wanted = this.#wanted.get(key);
    if (wanted === undefined || !isLeader() || !this.#differs(key)) return 'done';
    const change = this.#changes(key, wanted);
    if (change === undefined) return 'done';
    const pause = this.#rewritePause(key, wanted.text);
    if (pause > 0) return pause;
    const { kind, namespace, name } = wanted.status;
    const ref: ObjectRef = { kind: KINDS[kind], name, ...(namespace === '' ? {} : { namespace }) };
    const { value, failure } = await client.patchStatus(ref, change.resourceVersion, change.changes);
    if (failure === undefined) {
      this.#remember(key, value);
      this.#conflicts.delete(key);
      const { text, times } = this.#written.get(key) ?? { text: '', times: 0 };
      this.#written.set(key, {
        text: wanted.text,
        times: text === wanted.text ? times + 1 : 1,
        at: clock.now(),
      });
      return 'done';
    }
    if (failure.status === 404) return 'done';
    if (failure.status === 409) {
      const current = await client.get(ref);
      if (current.value !== undefined) {
        this.#remember(key, current.value);
        const conflicts = (this.#conflicts.get(key) ?? 0) + 1;
        this.#conflicts.set(key, conflicts);
        return backoff(conflicts, CONFLICT_FIRST, CONFLICT_LONGEST, () => clock.random());
      }
      return current.failure.status === 404 ? 'done' : this.#failed(kind, current.failure);
    }
    if (failure.status === 400 || failure.status === 422) {
      this.#refused.set(key, wanted.text);
      const { reason, message } = failure;
      this.#options.log('error', 'the Kubernetes API refuses a status', { object: key, reason, cause: message });
      return 'done';
    }
    return this.#failed(kind, failure);
  }

  #failed(kind: KindName, failure: ApiFailure): Outcome {
    this.#failures.set(kind, failure);
    return 'failed';
  }

  /** Milliseconds until this may be written to the object once more. */
  #rewritePause(key: ObjectKey, text: string): number {
    const { clock } = this.#options;
    const before = this.#written.get(key);
    if (before === undefined || before.text !== text) return 0;
    const since = clock.now() - before.at;
    if (since >= REWRITE_FORGOTTEN) {
      this.#written.delete(key);
      return 0;
    }
    return Math.max(0, backoff(before.times, REWRITE_FIRST, REWRITE_LONGEST, () => 1) - since);
  }

  #remember(key: ObjectKey, { metadata, status }: ApiObject): void {
    if (metadata.resourceVersion !== undefined) {
      this.#answered.set(key, { resourceVersion: metadata.resourceVersion, status });
    }
  }

  #onHealth(kind: KindName, healthy: boolean): void {
    const { log } = this.#options;
    if (healthy) {
      log('info', 'statuses can be written again', { kind });
      return;
    }
    const { reason = '', message = '' } = this.#failures.get(kind) ?? {};
    log('warn', 'statuses cannot be written for now, and will be tried again', { kind, reason, cause: message });
  }
}
