import { CONTROLLER_NAME, namespacedName } from '../../lib/api/kinds.ts';
import { byAge, type Resources } from '../../lib/api/objects.ts';
import { RESERVED_PORTS } from '../../lib/api/ports.ts';
import { Backends, backendStatus } from './backend/backends.ts';
import { Services, serviceOf } from './backend/services.ts';
import type { BackendTlsContext } from './backend/tls.ts';
import { resolveClasses } from './gateway/classes.ts';
import { type GatewayState, gatewayStatus, resolveGateways } from './gateway/gateways.ts';
import { isServed, type ListenerState } from './gateway/listeners.ts';
import { parametersStatus } from './gateway/parameters.ts';
import { Grants } from './grants.ts';
import { Lookup, type Lookups } from './lookup.ts';
import { BackendTlsPolicies } from './policy/backend-tls.ts';
import { backendTlsStatus, gatewaysOf } from './policy/backend-tls-status.ts';
import { Levels } from './policy/levels.ts';
import { finishPolicy, type PolicyDraft, resolvePolicies } from './policy/policies.ts';
import { policyStatus } from './policy/status.ts';
import { type References, resolveReferences } from './references.ts';
import type { AttachedRoute, Resolved, ResolvedGateway } from './resolved.ts';
import { type RouteResolution, resolveRoute } from './route/routes.ts';
import type { ObjectStatus } from './status.ts';

/** For which references across namespaces a ReferenceGrant is asked for. References to Secrets always need one. */
export type ReferenceGrantMode = 'route-and-policy' | 'route' | 'none';

export interface ResolveOptions {
  /** Classes of this controller are ours, and statuses are in its name. Default: CONTROLLER_NAME. */
  readonly controllerName: string;
  /** Default: `route-and-policy`. */
  readonly referenceGrants: ReferenceGrantMode;
  /**
   * The objects given are all there are, as with files, and one process serves all Gateways: a parentRef to a Gateway that is not there is
   * a mistake and not another controller's, a Service that is not there is dialled by its cluster name, and Gateways share ports.
   * Default: true.
   */
  readonly standalone: boolean;
  /** One process serves all Gateways on the same addresses: what two of them ask of one port must go together. Default: as `standalone`. */
  readonly sharedPorts: boolean | undefined;
  /** The Gateway (`namespace/name`) that is served; all have a status. Default: all. */
  readonly only: string | undefined;
  /** Ports that a listener must not take. Default: the gateway's own. */
  readonly reservedPorts: readonly number[];
  /** Why a certificate and its key cannot be served; says nothing of the key. Default: whatever is there is taken. */
  readonly certificateProblem: (certificate: string, key: string) => string | undefined;
  /** Why a text is no list of certificates of authorities. Default: whatever is there is taken. */
  readonly authorityProblem: (certificates: string) => string | undefined;
  /** Why a port is not bound right now. Default: all are. */
  readonly unboundPort: (address: string | undefined, port: number) => string | undefined;
  /** Where a Gateway (`namespace/name`) is reached. Default: as it asks for itself. */
  readonly addressesOf: ((gateway: string, services: Services) => readonly string[]) | undefined;
  /** Why nobody would answer for a Gateway (`namespace/name`) yet. Default: somebody would. */
  readonly pending: (gateway: string, services: Services) => string | undefined;
  /** Version of the Gateway API CRDs. Default: there are none. */
  readonly bundleVersion: string | undefined;
}

export const DEFAULT_RESOLVE_OPTIONS: ResolveOptions = {
  controllerName: CONTROLLER_NAME,
  referenceGrants: 'route-and-policy',
  standalone: true,
  sharedPorts: undefined,
  only: undefined,
  reservedPorts: RESERVED_PORTS,
  certificateProblem: () => undefined,
  authorityProblem: () => undefined,
  unboundPort: () => undefined,
  addressesOf: undefined,
  pending: () => undefined,
  bundleVersion: undefined,
};

export interface Resolution {
  readonly resolved: Resolved;
  /** For every object that has a status of ours, in the order: classes, Gateways, routes, backends, policies, BackendTLSPolicies, parameters. */
  readonly statuses: readonly ObjectStatus[];
  /** By `namespace/name` of each Gateway of ours. */
  readonly references: ReadonlyMap<string, References>;
  /** Which objects of these kinds it depends on. */
  readonly lookups: Lookups;
}

/**
 * Gateway API semantics: which routes attach to which listeners, which references hold, which policies apply. Pure, and the same for the
 * same objects in any order.
 */
export const resolve = (resources: Resources, given: Partial<ResolveOptions> = {}): Resolution => {
  const options = { ...DEFAULT_RESOLVE_OPTIONS, ...given };
  const { standalone, certificateProblem, authorityProblem } = options;
  const grants = new Grants(resources.ReferenceGrant);
  const parameters = new Set(resources.AgentgatewayParameters.map(({ metadata }) => namespacedName(metadata)));
  const lookups: Lookups = {
    Secret: new Lookup(resources.Secret),
    ConfigMap: new Lookup(resources.ConfigMap),
    Service: new Lookup(resources.Service),
    EndpointSlice: new Lookup(resources.EndpointSlice.toSorted(byAge), serviceOf),
    Namespace: new Lookup(resources.Namespace, ({ metadata }) => metadata.name),
  };
  const secrets: BackendTlsContext = {
    secrets: lookups.Secret,
    configMaps: lookups.ConfigMap,
    certificateProblem,
    authorityProblem,
  };
  const classes = resolveClasses(resources.GatewayClass.toSorted(byAge), { parameters, ...options });
  const states = resolveGateways(resources.Gateway.toSorted(byAge), {
    ...secrets,
    grants,
    classes,
    parameters,
    reservedPorts: options.reservedPorts,
    sharedPorts: options.sharedPorts ?? standalone,
    unboundPort: options.unboundPort,
  });
  const gateways = new Map(states.map((state) => [namespacedName(state.gateway.metadata), state]));
  const agentgatewayBackends = resources.AgentgatewayBackend.toSorted(byAge);
  const services = new Services({
    services: lookups.Service,
    endpointSlices: lookups.EndpointSlice,
    standalone,
  });
  const levels = new Levels();
  const backendTls = new BackendTlsPolicies(resources.BackendTLSPolicy.toSorted(byAge), {
    ...secrets,
    services: lookups.Service,
    standalone,
  });
  const backends = new Backends(agentgatewayBackends, { ...secrets, services, levels, backendTls });
  const drafts = resolvePolicies(resources.AgentgatewayPolicy.toSorted(byAge), {
    ...secrets,
    levels,
    backendTls,
    resolvedBackends: backends,
    gateways,
    allGateways: resources.Gateway,
    routes: resources.HTTPRoute,
    backends: agentgatewayBackends,
    services: lookups.Service,
    standalone,
    grants: options.referenceGrants === 'route-and-policy' ? grants : undefined,
  });
  const allGateways = new Set(resources.Gateway.map(({ metadata }) => namespacedName(metadata)));
  const routes = resources.HTTPRoute.toSorted(byAge).map((route) =>
    resolveRoute(route, {
      controllerName: options.controllerName,
      gateways,
      allGateways: standalone ? allGateways : undefined,
      namespaces: lookups.Namespace,
      backends,
      levels,
      grants: options.referenceGrants === 'none' ? undefined : grants,
    }),
  );
  const reach = gatewaysReached(states, routes, drafts);
  const served = states.filter((state) => [undefined, namespacedName(state.gateway.metadata)].includes(options.only));
  const policies = drafts.map((draft) => finishPolicy(draft, reach, options.controllerName));
  return {
    resolved: { gateways: toResolved(served, routes, levels, standalone), policies },
    references: resolveReferences(states, {
      grants,
      backends: agentgatewayBackends,
      policies,
      backendTls: backendTls.drafts.map((draft) => ({ ...draft, gateways: gatewaysOf(draft, reach) })),
      reach,
    }),
    lookups,
    statuses: [
      ...classes.statuses,
      ...states.map((state) => gatewayStatus(state, services, options)),
      ...routes.map(({ status }) => status),
      ...agentgatewayBackends.map((backend) => backendStatus(backend, backends)),
      ...policies.map(policyStatus),
      ...backendTls.drafts.map((draft) => backendTlsStatus(draft, reach, options.controllerName)),
      ...resources.AgentgatewayParameters.toSorted(byAge).map(parametersStatus),
    ],
  };
};

/** By `Kind/namespace/name`: the Gateways whose requests come by there, or are told of there. */
const gatewaysReached = (
  states: readonly GatewayState[],
  routes: readonly RouteResolution[],
  policies: readonly PolicyDraft[],
): ReadonlyMap<string, ReadonlySet<string>> => {
  const reach = new Map<string, Set<string>>();
  const add = (object: string, gateway: string): void => {
    const known = reach.get(object);
    if (known === undefined) reach.set(object, new Set([gateway]));
    else known.add(gateway);
  };
  for (const { gateway } of states) {
    const name = namespacedName(gateway.metadata);
    add(`Gateway/${name}`, name);
  }
  for (const { refersTo, gateways } of routes) {
    for (const object of refersTo) for (const gateway of gateways) add(object, gateway);
  }
  for (const { targets, collectors } of policies) {
    for (const { kind, name } of targets) if (kind === 'Gateway') for (const object of collectors) add(object, name);
  }
  return reach;
};

const toResolved = (
  states: readonly GatewayState[],
  routes: readonly RouteResolution[],
  levels: Levels,
  standalone: boolean,
): readonly ResolvedGateway[] => {
  const attached = new Map<ListenerState, AttachedRoute[]>();
  for (const route of routes) {
    for (const [listener, own] of route.attached) {
      const known = attached.get(listener);
      if (known === undefined) attached.set(listener, [own]);
      else known.push(own);
    }
  }
  return states.map(({ gateway, rejected, addresses, listeners }) => ({
    namespace: gateway.metadata.namespace ?? '',
    name: gateway.metadata.name,
    // In a cluster they are those of a load balancer in front.
    addresses: standalone ? addresses : [],
    listeners: (rejected === undefined ? listeners : []).filter(isServed).map((state) => ({
      name: state.spec.name,
      port: state.spec.port,
      protocol: state.spec.protocol === 'HTTPS' ? 'HTTPS' : 'HTTP',
      hostname: state.hostname,
      certificates: state.certificates,
      routes: attached.get(state) ?? [],
      frontend: levels.frontend(namespacedName(gateway.metadata), state.spec.name, state.spec.port),
    })),
  }));
};
