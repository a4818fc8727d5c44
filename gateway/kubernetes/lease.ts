import { apiVersion, CLUSTER_KINDS } from '../../lib/api/kinds.ts';
import type { KubernetesClient } from './client.ts';
import { type Clock, sleep } from './clock.ts';
import { isRecord } from './failure.ts';
import { LEASE_RENEW, LEASE_SECONDS } from './limits.ts';
import { type ApiObject, isOlder, type ObjectRef } from './object.ts';
import { Reflector } from './reflector.ts';

/** Milliseconds before a lease runs out for others that its holder stops to trust it: requests under way end. */
const MARGIN = 1_000;
/** The least that is waited before looking again. */
const LOOK_AGAIN = 200;
/** The longest that a holder may claim it at once, in seconds. */
const LONGEST_SECONDS = 60;

export interface LeaseOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly namespace: string;
  readonly name: string;
  /** Of this process, and of no other. */
  readonly identity: string;
  /** Called with every change. */
  readonly onChange: (held: boolean) => void;
}

interface Spec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/**
 * One of many processes holds it (coordination.k8s.io/v1). Clocks of machines may differ: another's claim runs out when it has not changed
 * for its duration by our own clock. Whoever waits follows it by a watch, and asks for nothing until it is given up or has run out.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #ref: ObjectRef;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #held = false;
  /** By our clock. */
  #trustedUntil = 0;
  #expiry: unknown;
  /** As it was last written by us, or seen. */
  #known: ApiObject | undefined;
  /** Runs while another holds it. */
  #watch: Reflector<ApiObject> | undefined;
  /** Ends the pause: it is another one now. */
  #nap = new AbortController();
  #seen = '';
  #seenAt = 0;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#ref = { kind: CLUSTER_KINDS.Lease, namespace: options.namespace, name: options.name };
  }

  get held(): boolean {
    return this.#held && this.#options.clock.now() < this.#trustedUntil;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Gives it up, so that another can have it at once. */
  async release(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#running, this.#watch?.close()]);
    const { client } = this.#options;
    const known = this.#known;
    const wasHeld = this.#held;
    this.#become(false);
    if (!wasHeld || known === undefined) return;
    const { leaseTransitions = 0 } = specOf(known);
    await client.replace(this.#ref, this.#object({ leaseDurationSeconds: 1, leaseTransitions }, known), LEASE_RENEW);
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stop.signal.aborted) {
      const pause = await this.#turn();
      await sleep(clock, pause, AbortSignal.any([this.#stop.signal, this.#nap.signal]));
      if (this.#nap.signal.aborted) this.#nap = new AbortController();
    }
  }

  /** Takes or renews it if it can be had. Returns the milliseconds until the next turn. */
  async #turn(): Promise<number> {
    const { client, clock, identity } = this.#options;
    if (this.#known === undefined) {
      const found = await client.get(this.#ref, this.#stop.signal, LEASE_RENEW);
      if (found.failure !== undefined && found.failure.status !== 404) return LEASE_RENEW;
      this.#known = found.value;
    }
    const known = this.#known;
    const spec = known === undefined ? {} : specOf(known);
    const free = spec.holderIdentity === undefined || spec.holderIdentity === '' || spec.holderIdentity === identity;
    if (!free) {
      this.#become(false);
      const left = this.#claimLeft(spec, known);
      this.#follow();
      if (left > 0) return Math.max(left, LOOK_AGAIN);
    }
    const startedAt = clock.now();
    const now = new Date(startedAt).toISOString().replace('Z', '000Z');
    const renews = spec.holderIdentity === identity;
    const mine = this.#object(
      {
        holderIdentity: identity,
        leaseDurationSeconds: LEASE_SECONDS,
        acquireTime: renews ? (spec.acquireTime ?? now) : now,
        renewTime: now,
        leaseTransitions: (spec.leaseTransitions ?? 0) + (renews || known === undefined ? 0 : 1),
      },
      known,
    );
    const written =
      known === undefined
        ? await client.create(this.#ref, mine, LEASE_RENEW)
        : await client.replace(this.#ref, mine, LEASE_RENEW);
    if (written.failure !== undefined) {
      // Somebody else was faster, or it is gone: look. Otherwise what we hold is ours until it runs out.
      if (written.failure.status === 409 || written.failure.status === 404) this.#known = undefined;
      return LOOK_AGAIN;
    }
    this.#known = written.value;
    void this.#watch?.close();
    this.#watch = undefined;
    this.#trust(startedAt + LEASE_SECONDS * 1_000 - MARGIN);
    return LEASE_RENEW;
  }

  #follow(): void {
    const { client, clock } = this.#options;
    if (this.#watch !== undefined || this.#stop.signal.aborted) return;
    const changed = (object: ApiObject | undefined): void => {
      if (this.#held) return;
      this.#known = object;
      if (object !== undefined) this.#claimLeft(specOf(object), object);
      this.#nap.abort();
    };
    const put = (object: ApiObject): void => {
      const known = this.#known?.metadata.resourceVersion;
      if (known === undefined || isOlder(known, object.metadata.resourceVersion ?? '')) changed(object);
    };
    const listener = {
      read: (object: ApiObject) => object,
      onList: ([object]: readonly ApiObject[]) => (object === undefined ? changed(undefined) : put(object)),
      onPut: put,
      onDelete: () => changed(undefined),
      // Who may not follow it learns that it was renewed when it should have run out.
      onState: () => {},
    };
    this.#watch = new Reflector({ client, clock, collection: this.#ref, listener });
    this.#watch.start();
  }

  /** Milliseconds that another's claim is to be respected. */
  #claimLeft({ leaseDurationSeconds }: Spec, known: ApiObject | undefined): number {
    const now = this.#options.clock.now();
    const state = `${known?.metadata.uid} ${known?.metadata.resourceVersion}`;
    if (state !== this.#seen) {
      this.#seen = state;
      this.#seenAt = now;
    }
    const seconds = Math.min(leaseDurationSeconds ?? LEASE_SECONDS, LONGEST_SECONDS);
    return this.#seenAt + seconds * 1_000 - now;
  }

  #trust(until: number): void {
    const { clock } = this.#options;
    this.#trustedUntil = until;
    clock.clearTimeout(this.#expiry);
    this.#expiry = clock.setTimeout(() => this.#become(false), until - clock.now());
    this.#become(true);
  }

  #become(held: boolean): void {
    if (!held) this.#options.clock.clearTimeout(this.#expiry);
    if (held === this.#held) return;
    this.#held = held;
    this.#options.onChange(held);
  }

  #object(spec: Spec, known: ApiObject | undefined): object {
    const { kind, name, namespace } = this.#ref;
    const resourceVersion = known?.metadata.resourceVersion;
    return {
      apiVersion: apiVersion(kind),
      kind: kind.kind,
      metadata: { name, namespace, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
      spec,
    };
  }
}

const specOf = ({ spec }: ApiObject): Spec => (isRecord(spec) ? (spec as Spec) : {});
