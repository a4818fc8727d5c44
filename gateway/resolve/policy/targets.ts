import type { AgentgatewayBackend } from '../../../lib/api/agentgateway/backend.ts';
import type { AgentgatewayPolicy, TargetReference, TargetSelector } from '../../../lib/api/agentgateway/policy.ts';
import type { Service } from '../../../lib/api/core.ts';
import type { Gateway } from '../../../lib/api/gateway-api.ts';
import type { HTTPRoute } from '../../../lib/api/http-route.ts';
import { KINDS, type KubernetesObject, namespacedName } from '../../../lib/api/kinds.ts';
import type { GatewayState } from '../gateway/gateways.ts';
import { Lookup } from '../lookup.ts';
import { Labelled } from './labelled.ts';
import { portSection } from './levels.ts';

/** Everything that policies can target. */
export interface TargetObjects {
  /** Ours, by `namespace/name`. */
  readonly gateways: ReadonlyMap<string, GatewayState>;
  readonly allGateways: readonly Gateway[];
  readonly routes: readonly HTTPRoute[];
  readonly backends: readonly AgentgatewayBackend[];
  readonly services: Lookup<Service>;
  /** A Service that is declared nowhere may be there all the same. */
  readonly standalone: boolean;
}

export interface PolicyTarget {
  readonly kind: string;
  /** `namespace/name`. */
  readonly name: string;
  readonly section: string | undefined;
}

type Section = Pick<TargetReference, 'sectionName' | 'port'>;
type TargetKind = 'Gateway' | 'HTTPRoute' | 'AgentgatewayBackend' | 'Service';

/** Looks up the targets of policies: by name, or by labels. */
export class Targets {
  readonly #objects: TargetObjects;
  readonly #byKind: Readonly<Record<TargetKind, Pick<Lookup<KubernetesObject>, 'get' | 'within'>>>;
  /** By kind and namespace. */
  readonly #labelled = new Map<string, Labelled<KubernetesObject>>();

  constructor(objects: TargetObjects) {
    this.#objects = objects;
    this.#byKind = {
      Gateway: new Lookup(objects.allGateways),
      HTTPRoute: new Lookup(objects.routes),
      AgentgatewayBackend: new Lookup(objects.backends),
      Service: objects.services,
    };
  }

  /** What a policy is attached to, and why it is not to others. */
  of({ metadata, spec }: AgentgatewayPolicy): {
    readonly targets: readonly PolicyTarget[];
    readonly unattached: readonly string[];
  } {
    const targets = new Map<string, PolicyTarget>();
    const unattached: string[] = [];
    const add = (found: PolicyTarget | string | undefined): void => {
      if (found === undefined) return;
      if (typeof found === 'string') unattached.push(found);
      else targets.set(`${found.kind}/${found.name}#${found.section ?? ''}`, found);
    };
    const namespace = metadata.namespace ?? '';
    for (const ref of spec.targetRefs ?? []) add(this.#find(ref, `${namespace}/${ref.name}`));
    for (const selector of spec.targetSelectors ?? [])
      for (const found of this.#select(selector, namespace)) add(found);
    return { targets: [...targets.values()], unattached };
  }

  #select(selector: TargetSelector, namespace: string): readonly (PolicyTarget | string | undefined)[] {
    const { group, kind, matchLabels } = selector;
    const known = servedKind(group, kind);
    if (known === undefined) return [`${kind} of ${group} is not supported`];
    const names = this.#labelledIn(namespace, known)
      .find(matchLabels)
      .map(({ metadata }) => namespacedName(metadata));
    if (names.length === 0) return [`no ${kind} in namespace ${namespace} has the labels of targetSelectors`];
    return names.map((name) => this.#find(selector, name));
  }

  #labelledIn(namespace: string, kind: TargetKind): Labelled<KubernetesObject> {
    const key = `${kind}/${namespace}`;
    let labelled = this.#labelled.get(key);
    if (labelled === undefined) {
      labelled = new Labelled(this.#byKind[kind].within(namespace));
      this.#labelled.set(key, labelled);
    }
    return labelled;
  }

  /** Undefined: another controller's business. A string: why there is nothing to attach to. */
  #find(
    { group, kind, sectionName, port }: Section & { readonly group: string; readonly kind: string },
    name: string,
  ): PolicyTarget | string | undefined {
    const known = servedKind(group, kind);
    if (known === undefined) return `${kind} of ${group} is not supported`;
    const object = this.#byKind[known].get(name);
    if (object === undefined && !(known === 'Service' && this.#objects.standalone)) return `${kind} ${name} not found`;
    const state = known === 'Gateway' ? this.#objects.gateways.get(name) : undefined;
    if (known === 'Gateway' && state === undefined) return undefined;
    const problem = object === undefined ? undefined : sectionProblem(known, object, { sectionName, port });
    if (problem !== undefined) return `${kind} ${name} has no ${problem}`;
    return { kind: known, name, section: sectionName ?? (port === undefined ? undefined : portSection(port)) };
  }
}

const servedKind = (group: string, kind: string): TargetKind | undefined =>
  (['Gateway', 'HTTPRoute', 'AgentgatewayBackend', 'Service'] as const).find(
    (name) => KINDS[name].kind === kind && KINDS[name].group === group,
  );

/** Which part of a target is missing. */
const sectionProblem = (
  kind: TargetKind,
  object: KubernetesObject,
  { sectionName, port }: { readonly sectionName: string | undefined; readonly port: number | undefined },
): string | undefined => {
  if (sectionName === undefined && port === undefined) return undefined;
  switch (kind) {
    case 'Gateway': {
      const { listeners } = (object as Gateway).spec;
      if (port !== undefined) return listeners.some((item) => item.port === port) ? undefined : `port ${port}`;
      return listeners.some((item) => item.name === sectionName) ? undefined : `listener ${sectionName}`;
    }
    case 'HTTPRoute':
      return (object as HTTPRoute).spec.rules?.some((rule) => rule.name === sectionName)
        ? undefined
        : `rule named ${sectionName}`;
    case 'AgentgatewayBackend':
      return (object as AgentgatewayBackend).spec.mcp?.targets.some((target) => target.name === sectionName)
        ? undefined
        : `target ${sectionName}`;
    case 'Service':
      return (object as Service).spec?.ports?.some((item) => String(item.port) === sectionName)
        ? undefined
        : `port ${sectionName}`;
  }
};
