import type { Gateway, GatewayClass } from '../../lib/api/gateway-api.ts';
import { KINDS } from '../../lib/api/kinds.ts';
import { DEPLOYED_KINDS, SWEPT_KINDS } from '../../lib/workload/kinds.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { ApiFailure, Result } from '../kubernetes/failure.ts';
import { MANAGED_BY_LABEL, ownerOf } from './desired.ts';

export interface SweepOptions {
  readonly client: KubernetesClient;
  readonly controllerName: string;
  /** Value of the label of what this controller makes. */
  readonly manager: string;
  readonly isLeader: () => boolean;
  /** Of a Gateway, `namespace/name`. */
  readonly isWanted: (owner: string) => boolean;
}

/**
 * Deletes what was made for Gateways that went away while nobody looked, where Kubernetes does not. Each is asked for first: that it is
 * not known may also mean that Gateways or classes cannot be read.
 */
export const sweep = async (options: SweepOptions): Promise<ApiFailure | undefined> => {
  const { client, manager, isLeader, isWanted } = options;
  const gone = new Map<string, boolean>();
  for (const name of SWEPT_KINDS) {
    const collection = { kind: DEPLOYED_KINDS[name], labels: `${MANAGED_BY_LABEL}=${manager}` };
    let next: string | undefined;
    do {
      const page = await client.list(collection, { next });
      if (page.failure !== undefined) return page.failure;
      for (const { metadata } of page.value.items) {
        const owner = ownerOf(metadata, manager);
        if (owner === undefined || isWanted(owner)) continue;
        const known = gone.has(owner) ? { value: gone.get(owner) as boolean } : await isGone(owner, options);
        if (known.failure !== undefined) return known.failure;
        gone.set(owner, known.value);
        if (!known.value || isWanted(owner)) continue;
        if (!isLeader()) return undefined;
        const { namespace, name: own, uid } = metadata;
        const ref = { kind: collection.kind, name: own, ...(namespace === undefined ? {} : { namespace }) };
        const { failure } = await client.delete(ref, uid);
        if (failure !== undefined && failure.status !== 404 && failure.status !== 409) return failure;
      }
      next = page.value.next;
    } while (next !== undefined);
  }
  return undefined;
};

/** Whether there is no such Gateway, or it is another controller's. */
const isGone = async (
  owner: string,
  { client, controllerName }: Pick<SweepOptions, 'client' | 'controllerName'>,
): Promise<Result<boolean>> => {
  const slash = owner.indexOf('/');
  const found = await client.get({
    kind: KINDS.Gateway,
    namespace: owner.slice(0, slash),
    name: owner.slice(slash + 1),
  });
  if (found.failure !== undefined) return found.failure.status === 404 ? { value: true } : found;
  const { spec } = found.value as unknown as Gateway;
  const ofClass = await client.get({ kind: KINDS.GatewayClass, name: spec.gatewayClassName });
  if (ofClass.failure !== undefined) return ofClass.failure.status === 404 ? { value: true } : ofClass;
  return { value: (ofClass.value as unknown as GatewayClass).spec.controllerName !== controllerName };
};
