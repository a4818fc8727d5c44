import type { IHTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute';
import type { IHTTPRouteMatch } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRouteMatch';
import type { IHTTPRouteRule } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRouteRule';
import { ApiObject, Lazy } from 'cdk8s';
import { Construct } from 'constructs';
import { HTTP_ROUTE } from '../api/http-route.ts';
import { apiVersion, KINDS, namespacedName } from '../api/kinds.ts';
import { type ObjectProps, settleMetadata } from '../core/metadata.ts';
import { schemaProblems } from '../core/schema-problems.ts';
import { type Attachment, gatewayOf, sectionOf, sectionProblems } from './attachment.ts';
import { matchProblems } from './match.ts';
import { ReferenceGrant, type ReferenceTarget } from './reference-grant.ts';

/** What a route can send requests to. */
export interface RouteBackend {
  /** The object behind it, as routes refer to it. */
  readonly referenceTarget: ReferenceTarget;
}

/** One backend of a rule with its share of the requests. */
export interface WeightedBackend {
  readonly backend: RouteBackend;
  /** Share relative to the rule's other backends, 0 to 1000000. */
  readonly weight: number;
}

export interface HttpRouteRuleProps {
  /**
   * Name of the rule, unique in the route.
   *
   * @default - none
   */
  readonly name?: string;
  /**
   * Requests that the rule is for: any of these matches, each with all of its conditions. At most 64.
   *
   * @default - every request
   */
  readonly matches?: readonly IHTTPRouteMatch[];
  /** Where matching requests go, by weight; a backend without a weight has weight 1. At most 16. */
  readonly backends: readonly (RouteBackend | WeightedBackend)[];
}

export interface HttpRouteProps extends ObjectProps {
  /** Gateways, or single listeners, that the route is attached to: 1 to 32. */
  readonly parents: readonly Attachment[];
  /**
   * Hosts that the route is for; may begin with `*.`.
   *
   * @default - those of the listeners
   */
  readonly hostnames?: readonly string[];
  /**
   * Rules to begin with; `addRule` adds more. A route has 1 to 16.
   *
   * @default - none
   */
  readonly rules?: readonly HttpRouteRuleProps[];
}

/** A route from a Gateway to backends. Backends in other namespaces get the ReferenceGrant they need. Source: Gateway API v1, HTTPRoute. */
export class HttpRoute extends Construct {
  readonly name: string;
  readonly namespace: string;
  readonly parents: readonly Attachment[];
  readonly #hostnames: readonly string[] | undefined;
  readonly #rules: HttpRouteRuleProps[] = [];
  readonly #object: ApiObject;

  constructor(scope: Construct, id: string, props: HttpRouteProps) {
    super(scope, id);
    const metadata = settleMetadata(this, id, props);
    this.name = metadata.name;
    this.namespace = metadata.namespace;
    this.parents = [...props.parents];
    this.#hostnames = props.hostnames;
    for (const rule of props.rules ?? []) this.addRule(rule);
    this.#object = new ApiObject(this, 'HTTPRoute', {
      apiVersion: apiVersion(KINDS.HTTPRoute),
      kind: KINDS.HTTPRoute.kind,
      metadata,
      spec: Lazy.any({ produce: () => this.#spec() }),
    });
    this.node.addValidation({ validate: () => [...schemaProblems(HTTP_ROUTE, this.toJson()), ...this.#problems()] });
  }

  /** The backends of all rules. */
  get backends(): readonly RouteBackend[] {
    return this.#rules.flatMap((rule) => rule.backends.map((item) => weighted(item).backend));
  }

  /** Adds a rule, and the grants that its backends need. */
  addRule(rule: HttpRouteRuleProps): this {
    this.#rules.push(rule);
    for (const item of rule.backends) {
      ReferenceGrant.allow(
        { kind: KINDS.HTTPRoute, namespace: this.namespace },
        weighted(item).backend.referenceTarget,
      );
    }
    return this;
  }

  /** The object as it is written. */
  toJson(): unknown {
    return this.#object.toJson();
  }

  #spec(): NonNullable<IHTTPRoute['spec']> {
    return {
      parentRefs: this.parents.map((parent) => {
        const gateway = gatewayOf(parent);
        const sectionName = sectionOf(parent);
        return {
          name: gateway.name,
          ...(gateway.namespace === this.namespace ? {} : { namespace: gateway.namespace }),
          ...(sectionName === undefined ? {} : { sectionName }),
        };
      }),
      ...(this.#hostnames === undefined ? {} : { hostnames: [...this.#hostnames] }),
      rules: this.#rules.map(toRule),
    };
  }

  #problems(): readonly string[] {
    return [
      ...(this.parents.length === 0 ? ['parents is empty: attach the route to a Gateway'] : []),
      ...(this.#rules.length === 0 ? ['the route has no rule: add one with addRule'] : []),
      ...this.#rules.flatMap((rule, index) => [
        ...(rule.name !== undefined && this.#rules.findIndex(({ name }) => name === rule.name) < index
          ? [`rules[${index}]: the name ${JSON.stringify(rule.name)} is there twice`]
          : []),
        ...(rule.backends.length === 0
          ? [`rules[${index}].backends is empty: every request would get status 500`]
          : []),
        ...(rule.matches ?? []).flatMap(matchProblems).map((problem) => `rules[${index}]: ${problem}`),
      ]),
      ...this.parents.flatMap((parent) => [
        ...sectionProblems(parent, 'parents'),
        ...namespaceProblems(parent, this.namespace),
      ]),
    ];
  }
}

const weighted = (
  item: RouteBackend | WeightedBackend,
): { readonly backend: RouteBackend; readonly weight?: number } => ('backend' in item ? item : { backend: item });

const toRule = ({ name, matches, backends }: HttpRouteRuleProps): IHTTPRouteRule => ({
  ...(name === undefined ? {} : { name }),
  ...(matches === undefined ? {} : { matches: [...matches] }),
  backendRefs: backends.map((item) => {
    const { backend, weight } = weighted(item);
    const { kind, name: backendName, namespace } = backend.referenceTarget;
    return {
      group: kind.group,
      kind: kind.kind,
      name: backendName,
      namespace,
      ...(weight === undefined ? {} : { weight }),
    };
  }),
});

/** A route of another namespace attaches only where a listener lets it in. */
const namespaceProblems = (parent: Attachment, namespace: string): readonly string[] => {
  const gateway = gatewayOf(parent);
  const section = sectionOf(parent);
  const listeners = gateway.listeners.filter(({ name }) => section === undefined || name === section);
  if (gateway.namespace === namespace || listeners.length === 0) return [];
  if (listeners.some(({ routesFrom = 'Same' }) => routesFrom !== 'Same')) return [];
  return [
    `parents: no listener of Gateway ${namespacedName(gateway)} takes routes of namespace ${namespace}: ` +
      `set routesFrom of ${listeners.map(({ name }) => name).join(', ')}`,
  ];
};
