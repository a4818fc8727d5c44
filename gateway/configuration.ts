import { compile } from './compile/compile.ts';
import type { Snapshot } from './compile/snapshot.ts';
import { DEFAULT_RESOLVE_OPTIONS, type ResolveOptions, resolve } from './resolve/resolve.ts';
import type { ObjectStatus } from './resolve/status.ts';
import type { ResourceEvent, SourceListener } from './source/event.ts';
import type { Problem } from './source/problem.ts';
import { type Finding, findings } from './status/findings.ts';
import { Store } from './store/store.ts';

/** What the configuration looks like from outside, after each change. */
export interface Report {
  /** Version of the snapshot that this is about. */
  readonly version: number;
  readonly problems: readonly Problem[];
  readonly statuses: readonly ObjectStatus[];
  /** All of the above that somebody should look at. */
  readonly findings: readonly Finding[];
}

export interface ConfigurationOptions {
  readonly resolve?: Partial<ResolveOptions>;
  /** Takes the place of the snapshot before; requests in flight keep theirs. */
  readonly onSnapshot: (snapshot: Snapshot) => void;
  readonly onReport: (report: Report) => void;
}

/** The pipeline: changes from a source, into the store, resolved, compiled, handed on. It is the listener that a source is given. */
export class Configuration implements SourceListener {
  readonly #options: ConfigurationOptions;
  readonly #resolveOptions: ResolveOptions;
  readonly #store = new Store();
  #snapshot: Snapshot | undefined;
  #statuses: readonly ObjectStatus[] = [];

  constructor(options: ConfigurationOptions) {
    this.#options = options;
    this.#resolveOptions = { ...DEFAULT_RESOLVE_OPTIONS, ...options.resolve };
  }

  /** The snapshot in force. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  onChange(events: readonly ResourceEvent[], problems: readonly Problem[]): void {
    this.#store.apply(events);
    if (events.length > 0 || this.#snapshot === undefined) {
      const resolution = resolve(this.#store.resources(), this.#resolveOptions);
      const { snapshot, statuses } = compile(resolution, (this.#snapshot?.version ?? 0) + 1);
      this.#snapshot = snapshot;
      this.#statuses = statuses;
      this.#options.onSnapshot(snapshot);
    }
    this.#options.onReport({
      version: this.#snapshot?.version ?? 0,
      problems,
      statuses: this.#statuses,
      findings: findings(problems, this.#statuses, (kind, namespace, name) =>
        this.#store.locate(kind, namespace, name),
      ),
    });
  }
}
