import { type Condition, condition } from '../../../lib/api/conditions.ts';
import type { LabelSelector, Namespace } from '../../../lib/api/core.ts';
import type { HTTPRoute, ParentReference } from '../../../lib/api/http-route.ts';
import { GROUPS, KINDS, namespacedName } from '../../../lib/api/kinds.ts';
import type { GatewayState } from '../gateway/gateways.ts';
import { isServed, type ListenerState } from '../gateway/listeners.ts';
import { intersectHostnames } from '../hostname.ts';
import type { Lookup } from '../lookup.ts';
import type { AttachedRoute } from '../resolved.ts';
import { selects } from '../selector.ts';
import type { ObjectStatus, ParentStatus } from '../status.ts';
import { RouteRules, type RuleContext } from './rules.ts';

export interface RouteContext extends RuleContext {
  /** In whose name statuses are. */
  readonly controllerName: string;
  /** Ours, by `namespace/name`. */
  readonly gateways: ReadonlyMap<string, GatewayState>;
  /** Every Gateway there is; absent if there may be others. */
  readonly allGateways: ReadonlySet<string> | undefined;
  /** By name. */
  readonly namespaces: Lookup<Namespace>;
}

export interface RouteResolution {
  readonly status: ObjectStatus;
  /** The served listeners that it is attached to. */
  readonly attached: ReadonlyMap<ListenerState, AttachedRoute>;
  /** `Kind/namespace/name` of the route itself and of what it refers to. */
  readonly refersTo: ReadonlySet<string>;
  /** `namespace/name` of the Gateways that accept it. */
  readonly gateways: ReadonlySet<string>;
}

export const resolveRoute = (route: HTTPRoute, context: RouteContext): RouteResolution => {
  const rules = new RouteRules(route, context);
  const attached = new Map<ListenerState, AttachedRoute>();
  const gateways = new Set<string>();
  const parents = (route.spec.parentRefs ?? []).flatMap((parentRef) => {
    const parent = findParent(route, parentRef, context);
    return parent === undefined ? [] : [attach(route, parentRef, parent, rules, context, attached, gateways)];
  });
  const { namespace = '', name } = route.metadata;
  return { status: { kind: 'HTTPRoute', namespace, name, parents }, attached, refersTo: rules.refersTo, gateways };
};

/** Undefined: another controller's business. Null: there is no such Gateway. */
const findParent = (
  route: HTTPRoute,
  { group = GROUPS.gateway, kind = KINDS.Gateway.kind, namespace, name }: ParentReference,
  { gateways, allGateways }: RouteContext,
): GatewayState | null | undefined => {
  if (group !== KINDS.Gateway.group || kind !== KINDS.Gateway.kind) return undefined;
  const fullName = `${namespace ?? route.metadata.namespace}/${name}`;
  return gateways.get(fullName) ?? (allGateways?.has(fullName) === false ? null : undefined);
};

/** The ladder: the first rung on which no listener is left gives the reason. */
const attach = (
  route: HTTPRoute,
  parentRef: ParentReference,
  parent: GatewayState | null,
  rules: RouteRules,
  { controllerName, namespaces }: RouteContext,
  attached: Map<ListenerState, AttachedRoute>,
  gateways: Set<string>,
): ParentStatus => {
  const generation = route.metadata.generation ?? 1;
  const { unresolved, problems } = rules;
  const resolvedRefs =
    unresolved === undefined
      ? condition('RouteResolvedRefs', generation)
      : condition(`Route${unresolved.reason}`, generation, unresolved.message);
  const status = (accepted: Condition, ...more: readonly Condition[]): ParentStatus => ({
    parentRef,
    controllerName,
    conditions: [accepted, resolvedRefs, ...more],
  });
  if (parent === null) {
    const name = `${parentRef.namespace ?? route.metadata.namespace}/${parentRef.name}`;
    return status(condition('RouteNoMatchingParent', generation, `Gateway ${name} not found`));
  }
  const selected = parent.listeners.filter(
    ({ spec }) =>
      (parentRef.sectionName === undefined || parentRef.sectionName === spec.name) &&
      (parentRef.port === undefined || parentRef.port === spec.port),
  );
  if (selected.length === 0) return status(condition('RouteNoMatchingParent', generation));
  const allowed = selected.filter((listener) => allows(listener, parent, route, namespaces));
  if (allowed.length === 0) return status(condition('RouteNotAllowedByListeners', generation));
  const matching = allowed.flatMap((listener) => {
    const hostnames = intersectHostnames(listener.hostname, route.spec.hostnames);
    return hostnames.length === 0 ? [] : [{ listener, hostnames }];
  });
  if (matching.length === 0) return status(condition('RouteNoMatchingListenerHostname', generation));
  const reasons = problems.map(({ message }) => message).join('; ');
  if (rules.isEmpty) {
    const incompatible = problems.every(({ reason }) => reason === 'IncompatibleFilters');
    return status(condition(incompatible ? 'RouteIncompatibleFilters' : 'RouteUnsupportedValue', generation, reasons));
  }
  const gateway = namespacedName(parent.gateway.metadata);
  for (const { listener, hostnames } of matching) {
    listener.attached.add(namespacedName(route.metadata));
    gateways.add(gateway);
    if (parent.rejected !== undefined || !isServed(listener)) continue;
    attached.set(listener, { route, hostnames, rules: rules.on(gateway, listener.spec.name, listener.spec.port) });
  }
  const { notes } = rules;
  const accepted = condition('RouteAccepted', generation, notes.length === 0 ? undefined : notes.join('; '));
  return problems.length === 0
    ? status(accepted)
    : status(accepted, condition('RoutePartiallyInvalid', generation, `Dropped Rule: ${reasons}`));
};

/** `allowedRoutes`: kinds, then namespaces (Same unless said otherwise). */
const allows = (
  { spec, supportedKinds }: ListenerState,
  { gateway }: GatewayState,
  route: HTTPRoute,
  namespaces: Lookup<Namespace>,
): boolean => {
  if (!supportedKinds.some(({ kind }) => kind === KINDS.HTTPRoute.kind)) return false;
  const { from = 'Same', selector } = spec.allowedRoutes?.namespaces ?? {};
  const { namespace = '' } = route.metadata;
  if (from === 'All') return true;
  if (from === 'Same') return namespace === gateway.metadata.namespace;
  return selector !== undefined && selects(selector as LabelSelector, namespaceLabels(namespace, namespaces));
};

/** A namespace that is declared nowhere still has the label that Kubernetes gives to each. */
const namespaceLabels = (name: string, namespaces: Lookup<Namespace>): Readonly<Record<string, string>> => ({
  ...namespaces.get(name)?.metadata.labels,
  'kubernetes.io/metadata.name': name,
});
