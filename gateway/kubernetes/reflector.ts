import { type KubernetesClient, type Page, TOO_LARGE, type WatchEvent } from './client.ts';
import { backoff, type Clock, jitter, sleep } from './clock.ts';
import { type ApiFailure, type Result, TOO_NEW } from './failure.ts';
import {
  PAGE_SIZE,
  REFUSALS_DOUBTED,
  RETRY_FIRST,
  RETRY_LONGEST,
  UNSERVED_RETRY,
  WATCH_LONGEST,
  WATCH_MINIMUM,
  WATCH_SHORTEST,
} from './limits.ts';
import type { ApiObject, Collection } from './object.ts';

/**
 * How a collection stands: `synced` follows the server; `unserved` is a kind that is not there or forbidden; `failing` is everything else.
 * What was known before stays right as far as anybody knows.
 */
export type ReflectorState =
  | { readonly type: 'starting' }
  | { readonly type: 'synced' }
  | { readonly type: 'unserved'; readonly failure: ApiFailure }
  | { readonly type: 'failing'; readonly failure: ApiFailure };

export interface ReflectorListener<T> {
  /** What is kept of an object; called for one at a time, so that lists need not be held as they come. */
  read(object: ApiObject): T;
  /** All objects there are, in place of those before. */
  onList(objects: readonly T[]): void;
  onPut(object: T): void;
  onDelete(object: T): void;
  onState(state: ReflectorState): void;
}

export interface ReflectorOptions<T> {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly collection: Collection;
  readonly listener: ReflectorListener<T>;
}

/** Follows one collection: a list in pages, then one watch at a time from where the last left off, until it is closed. */
export class Reflector<T> {
  readonly #options: ReflectorOptions<T>;
  readonly #stop = new AbortController();
  #resourceVersion: string | undefined;
  #versions: readonly string[];
  #pageSize = PAGE_SIZE;
  /** In a row. */
  #failures = 0;
  /** Versions that the server had forgotten, in a row. */
  #expired = 0;
  /** Answers that the kind is not there or forbidden, in a row. */
  #refusals = 0;
  #listed = false;
  /** Lists may work where watches do not. */
  #watchFails = false;
  #state: ReflectorState = { type: 'starting' };
  #running: Promise<void> | undefined;
  /** Ends the pause after a failure. */
  #nap: AbortController | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#versions = options.collection.kind.versions;
  }

  get state(): ReflectorState {
    return this.#state;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** The server answers others again: what failed is tried now. */
  hurry(): void {
    this.#nap?.abort();
  }

  /** The listener is not called any more, from now on. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  get #closed(): boolean {
    return this.#stop.signal.aborted;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#closed) {
      if (this.#resourceVersion === undefined) {
        const failure = await this.#list();
        if (failure !== undefined) await this.#failed(failure);
        continue;
      }
      const end = await this.#watch(this.#resourceVersion);
      if (end.failure !== undefined && needsList(end.failure)) this.#resourceVersion = undefined;
      if (end.worked) {
        // Cut on the way or ended by the server, it is all the same.
        this.#failures = 0;
        this.#expired = 0;
        this.#refusals = 0;
        await sleep(
          clock,
          jitter(RETRY_FIRST, () => clock.random()),
          this.#stop.signal,
        );
      } else {
        await this.#failed(end.failure ?? ENDED_AT_ONCE);
      }
    }
  }

  async #failed(failure: ApiFailure): Promise<void> {
    const { clock } = this.#options;
    const expired = failure.status === 410;
    const unserved = isUnserved(failure);
    // After an outage the server is back with these answers: they are not one more failure.
    const count = expired ? ++this.#expired : unserved ? ++this.#refusals : ++this.#failures;
    // A connection that ends and a version that is too old are how it goes: the next attempt will tell how things are. A server that
    // starts forbids everything until it has read the rights, and has no kinds until it has read their definitions.
    const passing =
      expired || (unserved ? this.#listed && count <= REFUSALS_DOUBTED : count === 1 && this.#state.type === 'synced');
    if (!passing) this.#become({ type: unserved ? 'unserved' : 'failing', failure });
    const pause = backoff(count, RETRY_FIRST, unserved ? UNSERVED_RETRY : RETRY_LONGEST, () => clock.random());
    this.#nap = failure.status === TOO_MANY_REQUESTS ? undefined : new AbortController();
    const signals = [this.#stop.signal, ...(this.#nap === undefined ? [] : [this.#nap.signal])];
    await sleep(clock, Math.max(pause, failure.retryAfter ?? 0), AbortSignal.any(signals));
    this.#nap = undefined;
  }

  async #list(): Promise<ApiFailure | undefined> {
    const { client, listener } = this.#options;
    const objects: T[] = [];
    let next: string | undefined;
    do {
      const page: Result<Page> = await client.list(this.#collection, {
        limit: this.#pageSize,
        next,
        signal: this.#stop.signal,
      });
      if (this.#closed) return undefined;
      if (page.failure !== undefined) return this.#listFailed(page.failure);
      for (const object of page.value.items) objects.push(listener.read(object));
      next = page.value.next;
      if (next === undefined) this.#resourceVersion = page.value.resourceVersion;
    } while (next !== undefined);
    this.#pageSize = PAGE_SIZE;
    this.#listed = true;
    listener.onList(objects);
    if (!this.#watchFails) this.#become({ type: 'synced' });
    return undefined;
  }

  #listFailed(failure: ApiFailure): ApiFailure {
    if (failure.reason === TOO_LARGE) this.#pageSize = Math.max(1, Math.floor(this.#pageSize / 2));
    // A cluster with other versions of the CRDs may serve the kind in another version.
    if (failure.status === 404) this.#versions = [...this.#versions.slice(1), ...this.#versions.slice(0, 1)];
    return failure;
  }

  async #watch(
    resourceVersion: string,
  ): Promise<{ readonly worked: boolean; readonly failure?: ApiFailure | undefined }> {
    const { client, clock } = this.#options;
    const span = WATCH_SHORTEST + clock.random() * (WATCH_LONGEST - WATCH_SHORTEST);
    let worked = false;
    const works = (): void => {
      worked = true;
      this.#watchFails = false;
      this.#become({ type: 'synced' });
    };
    let proof: unknown;
    const { failure } = await client.watch(this.#collection, {
      resourceVersion,
      timeoutSeconds: Math.round(span / 1_000),
      signal: this.#stop.signal,
      onOpen: () => {
        proof = clock.setTimeout(works, WATCH_MINIMUM);
      },
      onEvent: (event) => {
        this.#onEvent(event);
        if (!worked) works();
      },
    });
    clock.clearTimeout(proof);
    this.#watchFails = !worked && failure?.status !== 410;
    return { worked, failure };
  }

  #onEvent({ type, object }: WatchEvent): void {
    if (this.#closed) return;
    const { listener } = this.#options;
    if (type === 'DELETED') listener.onDelete(listener.read(object));
    else if (type !== 'BOOKMARK') listener.onPut(listener.read(object));
    const { resourceVersion } = object.metadata ?? {};
    if (typeof resourceVersion === 'string' && resourceVersion !== '') this.#resourceVersion = resourceVersion;
  }

  get #collection(): Collection {
    return { ...this.#options.collection, version: this.#versions[0] };
  }

  #become(state: ReflectorState): void {
    if (this.#closed) return;
    if (sameState(state, this.#state)) return;
    this.#state = state;
    this.#options.listener.onState(state);
  }
}

/** Who hears this is not hurried. */
const TOO_MANY_REQUESTS = 429;

const ENDED_AT_ONCE: ApiFailure = { status: 0, reason: 'Ended', message: 'a watch ended as soon as it was opened' };

/** An outage fails in many ways, one after the other. */
const sameState = (a: ReflectorState, b: ReflectorState): boolean =>
  a.type === b.type && (a.type !== 'unserved' || b.type !== 'unserved' || a.failure.status === b.failure.status);

const isUnserved = ({ status }: ApiFailure): boolean => status === 404 || status === 403;

/** What a further watch from the same place would meet again. 410: the server has forgotten what came after it. */
const needsList = ({ status, reason }: ApiFailure): boolean =>
  status === 410 || status === 400 || status === 403 || status === 404 || reason === TOO_NEW;
