import { KINDS, type KindName } from '../../../lib/api/kinds.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import type { Clock } from '../../kubernetes/clock.ts';
import type { Collection } from '../../kubernetes/object.ts';
import { Reflector } from '../../kubernetes/reflector.ts';
import { type ObjectKey, objectKey, type ResourceEvent, type Source, type SourceListener } from '../event.ts';
import type { Problem } from '../problem.ts';
import { stateProblems } from './problems.ts';
import { Scope, type ScopeListener, type StoredStatus } from './scope.ts';

/** Milliseconds of quiet after a change before it is handed on: one `kubectl apply` is many. */
export const QUIET = 50;
/** A change is handed on at the latest after this, however busy the cluster is. */
export const MAX_WAIT = 500;
/** Problems that are handed on. */
export const MAX_PROBLEMS = 1_000;
/** Objects of one kind that are read by name; each has a watch of its own. */
export const MAX_NAMES = 500;

/** Milliseconds that an object is waited for that may not be read yet: who grants it sees the reference at the same time as we do. */
export const NAME_WAIT = 2_000;

export interface KubernetesSourceOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  /** Kinds that are read by name, and only what `read` asks for; of the others all objects are read, in all namespaces. */
  readonly byName?: readonly KindName[];
  /** Given, statuses are kept, and this is called when another one is stored. */
  readonly onStatus?: (kind: KindName, namespace: string, name: string) => void;
}

interface Running {
  readonly scope: Scope;
  readonly reflector: Reflector<unknown>;
  /** One object, which is no longer waited for at that time. */
  readonly waitUntil: number | undefined;
}

/**
 * Objects from the Kubernetes API. What was read stays in force as long as the API does not answer; of an object that cannot be read, the
 * last version that could.
 */
export class KubernetesSource implements Source {
  readonly #options: KubernetesSourceOptions;
  readonly #listener: SourceListener;
  readonly #scopes = new Map<string, Running>();
  #events = new Map<ObjectKey, ResourceEvent>();
  #problems = '[]';
  #surplus: readonly KindName[] = [];
  #outage: string | undefined;
  #published = false;
  #loaded = false;
  #watching = false;
  #closed = false;
  #waiting: (() => void)[] = [];
  #quiet: unknown;
  #deadline: unknown;

  constructor(options: KubernetesSourceOptions, listener: SourceListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** Resolves when all kinds that are served were read, however long the API is away, or at `close`. */
  async load(): Promise<void> {
    for (const kind of Object.keys(KINDS) as KindName[]) {
      if (!this.#isByName(kind)) this.#start(kind, { kind: KINDS[kind] });
    }
    await this.#settle();
    if (this.#closed) return;
    // Who listens may now know what else to read.
    this.#publish(true);
    await this.#settle();
    if (!this.#closed) this.#publish(true);
    this.#loaded = true;
  }

  watch(): void {
    this.#watching = true;
    this.#changed();
  }

  /**
   * Of a kind that is read by name: exactly these (`namespace/name`) from now on. Resolves when those that are new have been handed on, as
   * far as they are there.
   */
  async read(kind: KindName, names: Iterable<string>): Promise<void> {
    const asked = [...new Set(names)].sort();
    const wanted = new Map(asked.slice(0, MAX_NAMES).map((name) => [`${kind}/${name}`, name]));
    const others = this.#surplus.filter((other) => other !== kind);
    const surplus = asked.length > MAX_NAMES ? [...others, kind] : others;
    if (surplus.length !== this.#surplus.length) this.#changed();
    this.#surplus = surplus;
    for (const [key, running] of this.#scopes) {
      if (running.scope.kind !== kind || wanted.has(key)) continue;
      this.#scopes.delete(key);
      void running.reflector.close();
      running.scope.drop();
      // What was said of it is no longer so.
      this.#changed();
    }
    for (const text of wanted.values()) {
      const slash = text.indexOf('/');
      this.#start(kind, { kind: KINDS[kind], namespace: text.slice(0, slash), name: text.slice(slash + 1) });
    }
    await this.#settle();
  }

  /** The status of an object as it was last seen. */
  stored(kind: KindName, namespace: string, name: string): StoredStatus | undefined {
    const key = objectKey(kind, namespace, name);
    return (this.#scopes.get(kind) ?? this.#scopes.get(key))?.scope.stored(key);
  }

  close(): void {
    this.#closed = true;
    for (const { reflector } of this.#scopes.values()) void reflector.close();
    for (const timer of [this.#quiet, this.#deadline]) this.#options.clock.clearTimeout(timer);
    this.#wake();
  }

  #isByName(kind: KindName): boolean {
    return this.#options.byName?.includes(kind) === true;
  }

  #start(kind: KindName, collection: Collection): void {
    const { client, clock, onStatus } = this.#options;
    const { namespace, name } = collection;
    const key = name === undefined ? kind : `${kind}/${namespace}/${name}`;
    if (this.#closed || this.#scopes.has(key)) return;
    const listener: ScopeListener = {
      onEvent: (object, event) => {
        this.#events.set(object, event);
        this.#changed();
      },
      onStatus: (...object) => onStatus?.(...object),
      onState: () => {
        this.#changed();
        if (scope.state.type !== before && scope.state.type === 'synced') {
          for (const { reflector } of this.#scopes.values()) reflector.hurry();
        }
        before = scope.state.type;
      },
    };
    let before = 'starting';
    const scope: Scope = new Scope(kind, onStatus !== undefined, listener);
    const reflector = new Reflector({ client, clock, collection, listener: scope });
    const waitUntil = name === undefined ? undefined : clock.now() + NAME_WAIT;
    this.#scopes.set(key, { scope, reflector, waitUntil });
    reflector.start();
  }

  /** Resolves when all that is asked for was read, and handed on if this is the time for it. */
  async #settle(): Promise<void> {
    while (!this.#closed && (!this.#settled || (this.#loaded && this.#events.size > 0))) {
      await new Promise<void>((resolve) => {
        const timer = this.#options.clock.setTimeout(resolve, NAME_WAIT);
        this.#waiting.push(() => {
          this.#options.clock.clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  get #settled(): boolean {
    const now = this.#options.clock.now();
    return [...this.#scopes.values()].every(
      // A kind that the server does not serve will not come.
      ({ scope, waitUntil }) =>
        scope.listed || (waitUntil === undefined ? scope.state.type === 'unserved' : waitUntil <= now),
    );
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #changed(): void {
    if (this.#closed) return;
    const { clock } = this.#options;
    const publish = (): void => this.#publish(this.#loaded && this.#watching);
    clock.clearTimeout(this.#quiet);
    this.#quiet = clock.setTimeout(publish, QUIET);
    this.#deadline ??= clock.setTimeout(publish, MAX_WAIT);
    if (!this.#loaded && this.#settled) this.#wake();
  }

  /** @param complete false: only problems, objects are held back until all were read. */
  #publish(complete: boolean): void {
    const { clock } = this.#options;
    clock.clearTimeout(this.#quiet);
    clock.clearTimeout(this.#deadline);
    this.#quiet = undefined;
    this.#deadline = undefined;
    const problems = this.#collectProblems();
    const text = JSON.stringify(problems);
    const events = complete ? [...this.#events.values()] : [];
    const first = complete && !this.#published;
    this.#published ||= complete;
    if (first || events.length > 0 || text !== this.#problems) {
      if (complete) this.#events = new Map();
      this.#problems = text;
      this.#listener.onChange(events, problems);
    }
    this.#wake();
  }

  #collectProblems(): readonly Problem[] {
    const states = [...this.#scopes].map(([key, { reflector }]) => ({ key, state: reflector.state }));
    const outage = states.find(({ state }) => state.type === 'failing')?.state;
    // Kinds fail one after the other, each in its way: it is one outage.
    this.#outage = outage?.type === 'failing' ? (this.#outage ?? outage.failure.reason) : undefined;
    const problems = stateProblems(states, this.#outage, this.#surplus);
    for (const { scope } of this.#scopes.values()) {
      for (const problem of scope.problems()) {
        if (problems.length >= MAX_PROBLEMS) return problems;
        problems.push(problem);
      }
    }
    return problems;
  }
}
