import { namespacedName } from '../../lib/api/kinds.ts';
import { byAge, type Resources } from '../../lib/api/objects.ts';
import { RESERVED_PORTS } from '../../lib/api/ports.ts';
import { resolveBackends } from './backends.ts';
import { type GatewayState, gatewayStatus, resolveGateways } from './gateways.ts';
import { Grants } from './grants.ts';
import { isServed, type ListenerState } from './listeners.ts';
import { type PolicyResolution, resolvePolicies } from './policy/policies.ts';
import { policyStatus } from './policy/status.ts';
import type { AttachedRoute, Resolved, ResolvedGateway } from './resolved.ts';
import { resolveRoute } from './routes.ts';
import type { ObjectStatus } from './status.ts';

/** For which references across namespaces a ReferenceGrant is asked for. References to Secrets are always within a namespace. */
export type ReferenceGrantMode = 'route-and-policy' | 'route' | 'none';

export interface ResolveOptions {
  /** Default: `route-and-policy`. */
  readonly referenceGrants: ReferenceGrantMode;
  /**
   * The objects given are all there are, as with files: a parentRef to a Gateway that is not there is a mistake and not another
   * controller's, and a Service that is not there is dialled by its cluster name. Default: true.
   */
  readonly standalone: boolean;
  /** Ports that a listener must not take. Default: the gateway's own. */
  readonly reservedPorts: readonly number[];
}

export const DEFAULT_RESOLVE_OPTIONS: ResolveOptions = {
  referenceGrants: 'route-and-policy',
  standalone: true,
  reservedPorts: RESERVED_PORTS,
};

export interface Resolution {
  readonly resolved: Resolved;
  /** For every object that has a status of ours, in the order: Gateways, routes, backends, policies. */
  readonly statuses: readonly ObjectStatus[];
}

/**
 * Gateway API semantics: which routes attach to which listeners, which references hold, which policies apply. Pure, and the same for the
 * same objects in any order.
 */
export const resolve = (resources: Resources, options: ResolveOptions = DEFAULT_RESOLVE_OPTIONS): Resolution => {
  const grants = new Grants(resources.ReferenceGrant);
  const states = resolveGateways(resources.Gateway.toSorted(byAge), options.reservedPorts);
  const gateways = new Map(states.map((state) => [namespacedName(state.gateway.metadata), state]));
  const allGateways = options.standalone
    ? new Set(resources.Gateway.map(({ metadata }) => namespacedName(metadata)))
    : undefined;
  const backends = resolveBackends(resources.AgentgatewayBackend.toSorted(byAge), resources.Secret);
  const routes = resources.HTTPRoute.toSorted(byAge).map((route) =>
    resolveRoute(route, {
      gateways,
      allGateways,
      namespaces: resources.Namespace,
      backends: backends.backends,
      grants: options.referenceGrants === 'none' ? undefined : grants,
    }),
  );
  const policies = resolvePolicies(resources.AgentgatewayPolicy.toSorted(byAge), {
    gateways,
    allGateways,
    services: resources.Service,
    undeclaredServices: options.standalone,
    grants: options.referenceGrants === 'route-and-policy' ? grants : undefined,
  });
  const attached = (listener: ListenerState): readonly AttachedRoute[] =>
    routes.flatMap((route) => route.attached.get(listener) ?? []);
  return {
    resolved: { gateways: states.map((state) => toResolved(state, attached, policies)), policies: policies.policies },
    statuses: [
      ...states.map(gatewayStatus),
      ...routes.map(({ status }) => status),
      ...backends.statuses,
      ...policies.policies.map(policyStatus),
    ],
  };
};

const toResolved = (
  { gateway, rejected, listeners }: GatewayState,
  attached: (listener: ListenerState) => readonly AttachedRoute[],
  policies: PolicyResolution,
): ResolvedGateway => ({
  namespace: gateway.metadata.namespace ?? '',
  name: gateway.metadata.name,
  listeners: (rejected === undefined ? listeners : []).filter(isServed).map((state) => ({
    name: state.spec.name,
    port: state.spec.port,
    protocol: 'HTTP',
    hostname: state.hostname,
    routes: attached(state),
    frontend: policies.frontendOf(namespacedName(gateway.metadata), state.spec.name),
  })),
});
