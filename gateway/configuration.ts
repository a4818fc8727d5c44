import type { Resources } from '../lib/api/objects.ts';
import { type Compilation, compile } from './compile/compile.ts';
import type { Snapshot } from './compile/snapshot.ts';
import { authorityProblem, certificateProblem } from './http/tls/certificate.ts';
import { isConcerned, type Lookups } from './resolve/lookup.ts';
import type { References } from './resolve/references.ts';
import { type ResolveOptions, resolve } from './resolve/resolve.ts';
import type { ObjectStatus } from './resolve/status.ts';
import type { ResourceEvent, SourceListener } from './source/event.ts';
import type { Problem } from './source/problem.ts';
import { type Finding, findings, type Locate } from './status/findings.ts';
import { type Change, Store } from './store/store.ts';

/** What the configuration looks like from outside, after each change. */
export interface Report {
  /** Version of the snapshot that this is about. */
  readonly version: number;
  readonly problems: readonly Problem[];
  readonly statuses: readonly ObjectStatus[];
  /** All of the above that somebody should look at. */
  readonly findings: readonly Finding[];
  readonly locate: Locate;
}

export interface ConfigurationOptions {
  /** Asked each time. */
  readonly resolve?: () => Partial<ResolveOptions>;
  /** Takes the place of the snapshot before; requests in flight keep theirs. With what each Gateway (`namespace/name`) leads to. */
  readonly onSnapshot: (snapshot: Snapshot, references: ReadonlyMap<string, References>) => void;
  readonly onReport: (report: Report) => void;
}

/** The pipeline: changes from a source, into the store, resolved, compiled, handed on. It is the listener that a source is given. */
export class Configuration implements SourceListener {
  readonly #options: ConfigurationOptions;
  readonly #store = new Store();
  #snapshot: Snapshot | undefined;
  #statuses: readonly ObjectStatus[] = [];
  #problems: readonly Problem[] = [];
  /** What the snapshot and the statuses depend on. */
  #lookups: Lookups | undefined;

  constructor(options: ConfigurationOptions) {
    this.#options = options;
  }

  /** All objects as of now. */
  get resources(): Resources {
    return this.#store.resources();
  }

  /** The snapshot in force. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  onChange(events: readonly ResourceEvent[], problems: readonly Problem[]): void {
    const isOurs = this.#isOurs(this.#store.apply(events));
    const isSame = JSON.stringify(problems) === JSON.stringify(this.#problems);
    this.#problems = problems;
    if (!isOurs && isSame) return;
    if (isOurs) {
      const { snapshot, statuses, references } = this.#compile((this.#snapshot?.version ?? 0) + 1);
      this.#snapshot = snapshot;
      this.#statuses = statuses;
      this.#options.onSnapshot(snapshot, references);
    }
    this.#report();
  }

  /** What the options of `resolve` tell of the world has changed, say a port was bound: conditions follow, the snapshot stays. */
  refresh(): void {
    if (this.#snapshot === undefined) return;
    const { statuses } = this.#compile(this.#snapshot.version);
    if (JSON.stringify(statuses) === JSON.stringify(this.#statuses)) return;
    this.#statuses = statuses;
    this.#report();
  }

  /** In a busy cluster something changes all the time, and next to nothing of it is ours. */
  #isOurs(changes: readonly Change[]): boolean {
    const lookups = this.#lookups;
    if (lookups === undefined) return true;
    return changes.some(({ kind, objects }) => objects.some((object) => isConcerned(lookups, kind, object)));
  }

  #compile(version: number): Compilation & { readonly references: ReadonlyMap<string, References> } {
    const options = { certificateProblem, authorityProblem, ...this.#options.resolve?.() };
    const resolution = resolve(this.#store.resources(), options);
    this.#lookups = resolution.lookups;
    return { ...compile(resolution, version), references: resolution.references };
  }

  #report(): void {
    const locate: Locate = (kind, namespace, name) => this.#store.locate(kind, namespace, name);
    this.#options.onReport({
      version: this.#snapshot?.version ?? 0,
      problems: this.#problems,
      statuses: this.#statuses,
      findings: findings(this.#problems, this.#statuses, locate),
      locate,
    });
  }
}
