import type { AgentgatewayParametersSpec } from '../../lib/api/agentgateway/parameters.ts';
import type { Gateway } from '../../lib/api/gateway-api.ts';
import { namespacedName } from '../../lib/api/kinds.ts';
import { DEPLOYED_KINDS, type DeployedKind, SWEPT_KINDS } from '../../lib/workload/kinds.ts';
import { SESSION_KEY_DATA, sessionKeyName } from '../../lib/workload/pod.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { Clock } from '../kubernetes/clock.ts';
import { type ApiFailure, isRecord } from '../kubernetes/failure.ts';
import type { ObjectRef } from '../kubernetes/object.ts';
import type { References } from '../resolve/references.ts';
import { Lane, type Outcome } from '../status/lane.ts';
import { type DesiredObject, type DesiredOptions, desiredObjects, ownerOf, ownMetadata } from './desired.ts';
import { workloadName } from './name.ts';
import { Parameters } from './parameters.ts';

/** Milliseconds after which everything is applied once more: somebody may have changed or deleted it. */
export const RESYNC = 60_000;
/** Bytes of a key that seals sessions. */
const SESSION_KEY_BYTES = 32;

export interface ControllerOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields?: Readonly<Record<string, string>>) => void;
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

/** Deploys proxies for each Gateway, and keeps them as they should be, as long as this process is the leader. */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #lane: Lane;
  #wanted: ReadonlyMap<string, DesiredOptions> = new Map();
  /** What was applied last, by Gateway: what is no longer wanted of it is deleted. */
  readonly #applied = new Map<string, { readonly text: string; readonly objects: readonly DesiredObject[] }>();
  readonly #failures = new Map<string, string>();
  #resync: unknown;
  #sweep = true;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#lane = new Lane({
      clock: options.clock,
      work: (key) => (key === SWEEP ? this.#sweepUp() : this.#reconcile(key)),
      onHealth: () => {},
    });
    this.#tick();
  }

  /**
   * All Gateways that are to have proxies, from now on.
   * @param kept those (`namespace/name`) that stay as they are, if they have any
   */
  report(gateways: readonly DeployedGateway[], kept: ReadonlySet<string> = new Set()): void {
    const { image, version, proxyRole, sha256 } = this.#options;
    const stays = [...this.#wanted].filter(([key]) => kept.has(key));
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
            } satisfies DesiredOptions,
          ] as const,
      ),
    ]);
    this.check();
  }

  /** Looks at all Gateways; call it when this process has become the leader. */
  check(): void {
    if (!this.#options.isLeader()) return;
    for (const [key, options] of this.#wanted) {
      if (this.#applied.get(key)?.text !== textOf(desiredObjects(options))) this.#lane.add(key);
    }
    for (const key of this.#applied.keys()) if (!this.#wanted.has(key)) this.#lane.add(key);
    if (this.#sweep) this.#lane.add(SWEEP);
  }

  close(): void {
    this.#options.clock.clearTimeout(this.#resync);
    this.#lane.close();
  }

  #tick(): void {
    this.#resync = this.#options.clock.setTimeout(() => {
      if (this.#options.isLeader()) for (const key of this.#wanted.keys()) this.#lane.add(key);
      this.#tick();
    }, RESYNC);
  }

  async #reconcile(key: string): Promise<Outcome> {
    if (!this.#options.isLeader()) return 'done';
    const options = this.#wanted.get(key);
    const before = this.#applied.get(key);
    if (options === undefined) {
      const failure = await this.#delete(before?.objects.filter(({ kind }) => isSwept(kind)) ?? []);
      if (failure !== undefined) return this.#failed(key, failure);
      this.#applied.delete(key);
      this.#options.log('info', 'the Gateway is gone: its proxies go with it', { gateway: key });
      return 'done';
    }
    const objects = desiredObjects(options);
    const kept = new Set(objects.map(identity));
    const failure =
      (await this.#createSessionKey(options)) ??
      (await this.#delete(objects.filter((object) => isReaddressed(object, before?.objects)))) ??
      (await this.#apply(objects)) ??
      (await this.#delete(before?.objects.filter((object) => !kept.has(identity(object))) ?? []));
    if (failure !== undefined) return this.#failed(key, failure);
    this.#failures.delete(key);
    const text = textOf(objects);
    if (before === undefined) this.#options.log('info', 'proxies are deployed', { gateway: key, name: options.name });
    else if (before.text !== text)
      this.#options.log('info', 'proxies are changed', { gateway: key, name: options.name });
    this.#applied.set(key, { text, objects });
    return 'done';
  }

  async #apply(objects: readonly DesiredObject[]): Promise<ApiFailure | undefined> {
    for (const object of objects) {
      const { failure } = await this.#options.client.apply(refOf(object), object, {
        fieldManager: MANAGER,
        force: true,
      });
      if (failure !== undefined) return describe(object, failure);
    }
    return undefined;
  }

  /** Only when there is none: with another one all sessions would be lost. */
  async #createSessionKey(options: DesiredOptions): Promise<ApiFailure | undefined> {
    const { client, randomBytes } = this.#options;
    const metadata = { ...ownMetadata(options), name: sessionKeyName(options.name) };
    const key = Buffer.from(randomBytes(SESSION_KEY_BYTES)).toString('hex');
    const kind = DEPLOYED_KINDS.Secret;
    const found = await client.get({ kind, namespace: metadata.namespace, name: metadata.name });
    if (found.failure?.status !== 404) return found.failure;
    const object = {
      apiVersion: 'v1',
      kind: kind.kind,
      metadata,
      type: 'Opaque',
      stringData: { [SESSION_KEY_DATA]: key },
    };
    const { failure } = await client.create({ kind, namespace: metadata.namespace }, object);
    return failure?.status === 409 ? undefined : failure;
  }

  async #delete(objects: readonly DesiredObject[]): Promise<ApiFailure | undefined> {
    for (const object of objects.toReversed()) {
      const { failure } = await this.#options.client.delete(refOf(object));
      if (failure !== undefined && failure.status !== 404) return describe(object, failure);
    }
    return undefined;
  }

  /** Deletes what was made for Gateways that went away while nobody looked. */
  async #sweepUp(): Promise<Outcome> {
    const { client, isLeader } = this.#options;
    if (!isLeader()) return 'done';
    for (const name of SWEPT_KINDS) {
      const kind = DEPLOYED_KINDS[name];
      let next: string | undefined;
      do {
        const page = await client.list({ kind }, { next });
        if (page.failure !== undefined) return this.#failed(SWEEP, page.failure);
        for (const { metadata } of page.value.items) {
          const owner = ownerOf(metadata);
          if (owner === undefined || this.#wanted.has(owner)) continue;
          const { namespace, name: own } = metadata;
          const { failure } = await client.delete({
            kind,
            name: own,
            ...(namespace === undefined ? {} : { namespace }),
          });
          if (failure !== undefined && failure.status !== 404) return this.#failed(SWEEP, failure);
        }
        next = page.value.next;
      } while (next !== undefined);
    }
    this.#sweep = false;
    return 'done';
  }

  #failed(key: string, { reason, message }: ApiFailure): Outcome {
    if (this.#failures.get(key) !== message) {
      this.#failures.set(key, message);
      const gateway = key === SWEEP ? {} : { gateway: key };
      this.#options.log('error', 'proxies cannot be deployed, and are tried again', {
        ...gateway,
        reason,
        problem: message,
      });
    }
    return 'failed';
  }
}

const MANAGER = 'tooltrail-controller';
/** A key that no Gateway has. */
const SWEEP = '';

/** Load balancers heed a wanted address when they are made, and never again. */
const isReaddressed = (object: DesiredObject, before: readonly DesiredObject[] = []): boolean => {
  if (object.kind !== 'Service') return false;
  const old = before.find(({ kind }) => kind === 'Service');
  return old !== undefined && addressOf(old) !== addressOf(object);
};

const addressOf = ({ spec }: DesiredObject): unknown => (isRecord(spec) ? spec.loadBalancerIP : undefined);

const isSwept = (kind: DeployedKind): boolean => (SWEPT_KINDS as readonly string[]).includes(kind);

const textOf = (objects: readonly DesiredObject[]): string => JSON.stringify(objects);

const identity = ({ kind, metadata }: DesiredObject): string => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;

const refOf = ({ kind, metadata: { name, namespace } }: DesiredObject): ObjectRef => ({
  kind: DEPLOYED_KINDS[kind],
  name,
  ...(namespace === undefined ? {} : { namespace }),
});

const describe = (object: DesiredObject, failure: ApiFailure): ApiFailure => ({
  ...failure,
  message: `${identity(object)}: ${failure.message}`,
});
