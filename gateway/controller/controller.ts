import type { AgentgatewayParametersSpec } from '../../lib/api/agentgateway/parameters.ts';
import type { Gateway } from '../../lib/api/gateway-api.ts';
import { KINDS, namespacedName } from '../../lib/api/kinds.ts';
import { controllersOwn } from '../../lib/workload/controller-name.ts';
import { DEPLOYED_KINDS, type DeployedKind, SWEPT_KINDS } from '../../lib/workload/kinds.ts';
import { SESSION_KEY_DATA, sessionKeyName } from '../../lib/workload/pod.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { backoff, type Clock } from '../kubernetes/clock.ts';
import { type ApiFailure, isRecord, type Result } from '../kubernetes/failure.ts';
import type { ObjectRef } from '../kubernetes/object.ts';
import type { References } from '../resolve/references.ts';
import { Lane, type Outcome } from '../status/lane.ts';
import { REWRITE_FIRST, REWRITE_FORGOTTEN, REWRITE_LONGEST } from '../status/writer.ts';
import { type DesiredObject, type DesiredOptions, desiredObjects, ownMetadata } from './desired.ts';
import { workloadName } from './name.ts';
import { Parameters } from './parameters.ts';
import { sweep } from './sweep.ts';
import { type Answer, DeployedWatch, identityOf } from './watch.ts';

/** Bytes of a key that seals sessions. */
const SESSION_KEY_BYTES = 32;

export interface ControllerOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields?: Readonly<Record<string, string>>) => void;
  /** Whose GatewayClasses are served. Controllers of other names leave what this one makes alone, and it theirs. */
  readonly controllerName: string;
  /** Of the proxies. */
  readonly image: string;
  readonly version: string;
  /** ClusterRole with what every proxy may read. */
  readonly proxyRole: string;
  readonly randomBytes: (size: number) => Uint8Array;
  /** In hexadecimal digits. */
  readonly sha256: (text: string) => string;
  /** Others act while this is false. */
  readonly isLeader: () => boolean;
}

/** A Gateway that is to have proxies. */
export interface DeployedGateway {
  readonly gateway: Gateway;
  /** Of its class, then its own. */
  readonly parameters: readonly AgentgatewayParametersSpec[];
  readonly references: References;
}

/** What is kept of an object that was written. */
interface Applied {
  readonly kind: DeployedKind;
  readonly ref: ObjectRef;
  /** Hash of what was applied. */
  readonly digest: string;
  /** Of a Service: the address that was asked of its load balancer. */
  readonly address: unknown;
  readonly answer: Answer;
}

/** What became of one Gateway. */
interface Deployment {
  readonly objects: Map<string, Applied>;
  /** Digest of all objects, once all were applied. */
  complete: string | undefined;
  /** Times that others' changes were undone, one soon after the other. */
  mended: number;
  mendedAt: number;
}

/**
 * Deploys proxies for each Gateway, and keeps them as they should be, as long as this process is the leader. What somebody changes or
 * deletes is seen by a watch; nothing is written otherwise.
 */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #manager: string;
  readonly #lane: Lane;
  readonly #watch: DeployedWatch;
  #wanted: ReadonlyMap<string, DesiredOptions> = new Map();
  #kept: ReadonlySet<string> = new Set();
  readonly #deployments = new Map<string, Deployment>();
  /** Which Gateway an object was applied for. */
  readonly #owners = new Map<string, string>();
  readonly #failures = new Map<string, { readonly message: string; readonly times: number }>();
  #reported = false;
  #sweep = true;

  constructor(options: ControllerOptions) {
    const { client, clock, controllerName, sha256 } = options;
    this.#options = options;
    this.#manager = controllersOwn(MANAGER, controllerName, sha256);
    this.#lane = new Lane({
      clock,
      work: (key) => (key === SWEEP ? this.#sweepUp() : this.#reconcile(key)),
      onHealth: () => {},
    });
    this.#watch = new DeployedWatch({
      client,
      clock,
      manager: this.#manager,
      sha256,
      isKept: (identity) => this.#owners.has(identity),
      onChange: (identity) => this.#mend(identity),
      onList: (kind) => {
        for (const { objects } of this.#deployments.values()) {
          for (const [identity, applied] of objects) if (applied.kind === kind) this.#mend(identity);
        }
      },
    });
  }

  /**
   * All Gateways that are to have proxies, from now on.
   * @param kept those (`namespace/name`) that stay as they are, if they have any
   */
  report(gateways: readonly DeployedGateway[], kept: ReadonlySet<string> = new Set()): void {
    const { image, version, proxyRole, controllerName, sha256 } = this.#options;
    const stays = [...this.#wanted].filter(([key]) => kept.has(key));
    this.#kept = kept;
    this.#reported = true;
    this.#wanted = new Map([
      ...stays,
      ...gateways.map(
        ({ gateway, parameters, references }) =>
          [
            namespacedName(gateway.metadata),
            {
              gateway,
              name: workloadName(gateway.metadata.name, sha256),
              parameters: new Parameters(parameters),
              references,
              image,
              version,
              proxyRole,
              controllerName,
              manager: this.#manager,
            } satisfies DesiredOptions,
          ] as const,
      ),
    ]);
    this.check();
  }

  /** Looks at all Gateways; call it when this process has become the leader. */
  check(): void {
    if (!this.#reported || !this.#options.isLeader()) return;
    for (const [key, options] of this.#wanted) {
      // What was refused may be taken now that it is another.
      if (this.#deployments.get(key)?.complete !== this.#digest(desiredObjects(options))) this.#lane.add(key, true);
    }
    for (const key of this.#deployments.keys()) if (!this.#wanted.has(key)) this.#lane.add(key, true);
    for (const identity of this.#owners.keys()) this.#mend(identity);
    if (this.#sweep) this.#lane.add(SWEEP);
  }

  async close(): Promise<void> {
    this.#lane.close();
    await this.#watch.close();
  }

  #mend(identity: string): void {
    const key = this.#owners.get(identity);
    const applied = key === undefined ? undefined : this.#deployments.get(key)?.objects.get(identity);
    if (key === undefined || applied === undefined || !this.#options.isLeader()) return;
    if (this.#watch.isChanged(applied.kind, identity, applied.answer)) this.#lane.add(key);
  }

  async #reconcile(key: string): Promise<Outcome> {
    if (!this.#options.isLeader()) return 'done';
    const options = this.#wanted.get(key);
    return options === undefined ? this.#remove(key) : this.#deploy(key, options);
  }

  async #deploy(key: string, options: DesiredOptions): Promise<Outcome> {
    const { clock, log } = this.#options;
    const isNew = !this.#deployments.has(key);
    const deployment = this.#deployments.get(key) ?? {
      objects: new Map(),
      complete: undefined,
      mended: 0,
      mendedAt: 0,
    };
    this.#deployments.set(key, deployment);
    const objects = desiredObjects(options);
    const complete = this.#digest(objects);
    const isMended = deployment.complete === complete;
    if (isMended) {
      const pause = mendPause(deployment, clock.now());
      if (pause > 0) return pause;
      const gone = await this.#isGoing(options.gateway);
      if (gone.failure !== undefined) return this.#failed(key, gone.failure);
      if (gone.value) return 'done';
    }
    const failure = await this.#write(key, deployment, options, objects);
    if (failure !== undefined) return this.#failed(key, failure);
    if (!this.#options.isLeader()) return 'done';
    this.#failures.delete(key);
    const fields = { gateway: key, name: options.name };
    if (isMended) {
      deployment.mended++;
      deployment.mendedAt = clock.now();
      log('warn', 'proxies were changed or deleted by somebody else, and are mended', fields);
    } else log('info', isNew ? 'proxies are deployed' : 'proxies are changed', fields);
    deployment.complete = complete;
    return 'done';
  }

  /** Session key first, then each object that is not yet as it should be; at last what is no longer wanted goes. */
  async #write(
    key: string,
    deployment: Deployment,
    options: DesiredOptions,
    objects: readonly DesiredObject[],
  ): Promise<ApiFailure | undefined> {
    const known = deployment.objects;
    const secret = await this.#createSessionKey(key, known, options);
    if (secret.failure !== undefined) return secret.failure;
    const kept = new Set([secret.value, ...objects.map(identity)]);
    for (const object of objects) {
      const id = identity(object);
      const before = known.get(id);
      const digest = this.#digest(object);
      if (before?.digest === digest && !this.#watch.isChanged(object.kind, id, before.answer)) continue;
      // Load balancers heed a wanted address when they are made, and never again.
      if (object.kind === 'Service' && before !== undefined && before.address !== addressOf(object)) {
        const failure = await this.#delete(known, [id]);
        if (failure !== undefined) return failure;
      }
      if (!this.#options.isLeader()) return undefined;
      this.#owners.set(id, key);
      const applied = await this.#options.client.apply(refOf(object), object, {
        fieldManager: this.#manager,
        force: true,
      });
      if (applied.failure !== undefined) return describe(id, applied.failure);
      const answer = this.#watch.answer(object.kind, applied.value);
      known.set(id, { kind: object.kind, ref: refOf(object), digest, address: addressOf(object), answer });
      this.#mend(id);
    }
    return this.#delete(
      known,
      [...known.keys()].filter((id) => !kept.has(id)),
    );
  }

  /** Only when there is none: with another one all sessions would be lost. */
  async #createSessionKey(key: string, known: Map<string, Applied>, options: DesiredOptions): Promise<Result<string>> {
    const { client, randomBytes } = this.#options;
    const metadata = { ...ownMetadata(options), name: sessionKeyName(options.name) };
    const kind = DEPLOYED_KINDS.Secret;
    const id = identityOf(kind.kind, metadata);
    const before = known.get(id);
    if (before !== undefined && !this.#watch.isChanged('Secret', id, before.answer)) return { value: id };
    const ref = { kind, namespace: metadata.namespace, name: metadata.name };
    this.#owners.set(id, key);
    let found = await client.get(ref);
    if (found.failure?.status === 404) {
      if (!this.#options.isLeader()) return { value: id };
      const data = { [SESSION_KEY_DATA]: Buffer.from(randomBytes(SESSION_KEY_BYTES)).toString('hex') };
      const object = { apiVersion: 'v1', kind: kind.kind, metadata, type: 'Opaque', stringData: data };
      found = await client.create({ kind, namespace: metadata.namespace }, object);
      if (found.failure?.status === 409) found = await client.get(ref);
    }
    if (found.failure !== undefined) return { failure: describe(id, found.failure) };
    const answer = this.#watch.answer('Secret', found.value);
    known.set(id, { kind: 'Secret', ref, digest: '', address: undefined, answer });
    return { value: id };
  }

  async #remove(key: string): Promise<Outcome> {
    const deployment = this.#deployments.get(key);
    if (deployment === undefined) return 'done';
    const { objects } = deployment;
    const swept = [...objects].filter(([, { kind }]) => (SWEPT_KINDS as readonly DeployedKind[]).includes(kind));
    const failure = await this.#delete(
      objects,
      swept.map(([id]) => id),
    );
    if (failure !== undefined) return this.#failed(key, failure);
    if (!this.#options.isLeader()) return 'done';
    for (const id of objects.keys()) this.#owners.delete(id);
    this.#deployments.delete(key);
    this.#failures.delete(key);
    this.#options.log('info', 'the Gateway is gone: its proxies go with it', { gateway: key });
    return 'done';
  }

  async #delete(known: Map<string, Applied>, ids: readonly string[]): Promise<ApiFailure | undefined> {
    for (const id of ids.toReversed()) {
      const applied = known.get(id);
      if (applied === undefined) continue;
      if (!this.#options.isLeader()) return undefined;
      this.#owners.delete(id);
      const { failure } = await this.#options.client.delete(applied.ref);
      if (failure !== undefined && failure.status !== 404) return describe(id, failure);
      known.delete(id);
    }
    return undefined;
  }

  /** Whether it is Kubernetes that deletes what belongs to the Gateway. */
  async #isGoing({ metadata }: Gateway): Promise<Result<boolean>> {
    const { namespace, name, uid } = metadata;
    const found = await this.#options.client.get({ kind: KINDS.Gateway, namespace, name });
    if (found.failure !== undefined) return found.failure.status === 404 ? { value: true } : found;
    return { value: found.value.metadata.deletionTimestamp !== undefined || found.value.metadata.uid !== uid };
  }

  async #sweepUp(): Promise<Outcome> {
    const { client, isLeader, controllerName } = this.#options;
    if (!isLeader()) return 'done';
    const isWanted = (owner: string): boolean => this.#wanted.has(owner) || this.#kept.has(owner);
    const failure = await sweep({ client, controllerName, manager: this.#manager, isLeader, isWanted });
    if (failure !== undefined) return this.#failed(SWEEP, failure);
    this.#sweep = !isLeader();
    this.#failures.delete(SWEEP);
    return 'done';
  }

  /** What is refused waits alone; where the API is away, all wait. */
  #failed(key: string, { status, reason, message }: ApiFailure): Outcome {
    const before = this.#failures.get(key);
    const times = (before?.times ?? 0) + 1;
    this.#failures.set(key, { message, times });
    if (before?.message !== message) {
      const gateway = key === SWEEP ? {} : { gateway: key };
      const fields = { ...gateway, reason, problem: message };
      this.#options.log('error', 'proxies cannot be deployed, and are tried again', fields);
    }
    if (status < 400 || status === TOO_MANY_REQUESTS || status >= 500) return 'failed';
    return backoff(times, REWRITE_FIRST, REWRITE_LONGEST, () => this.#options.clock.random());
  }

  #digest(value: unknown): string {
    return this.#options.sha256(JSON.stringify(value));
  }
}

/** Field manager, and value of the label `app.kubernetes.io/managed-by`, of the controller with the usual name. */
export const MANAGER = 'tooltrail-controller';
/** A key that no Gateway has. */
const SWEEP = '';
const TOO_MANY_REQUESTS = 429;

/** Two who undo each other's changes do not do so all the time. */
const mendPause = (deployment: Deployment, now: number): number => {
  const since = now - deployment.mendedAt;
  if (since >= REWRITE_FORGOTTEN) deployment.mended = 0;
  if (deployment.mended === 0) return 0;
  return Math.max(0, backoff(deployment.mended, REWRITE_FIRST, REWRITE_LONGEST, () => 1) - since);
};

const addressOf = ({ spec }: DesiredObject): unknown => (isRecord(spec) ? spec.loadBalancerIP : undefined);

const identity = ({ kind, metadata }: DesiredObject): string => identityOf(kind, metadata);

const refOf = ({ kind, metadata: { name, namespace } }: DesiredObject): ObjectRef => ({
  kind: DEPLOYED_KINDS[kind],
  name,
  ...(namespace === undefined ? {} : { namespace }),
});

const describe = (id: string, failure: ApiFailure): ApiFailure => ({
  ...failure,
  message: `${id}: ${failure.message}`,
});
