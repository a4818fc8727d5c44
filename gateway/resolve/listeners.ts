import { type Condition, type ConditionName, condition } from '../../lib/api/conditions.ts';
import type { Gateway, GatewayListener } from '../../lib/api/gateway-api.ts';
import { GROUPS, KINDS } from '../../lib/api/kinds.ts';

/** A listener of one of our Gateways on its way through the ladder of Gateway API. */
export interface ListenerState {
  readonly gateway: Gateway;
  readonly spec: GatewayListener;
  /** Lower case. */
  readonly hostname: string | undefined;
  readonly supportedKinds: readonly { readonly group: string; readonly kind: string }[];
  /** Why it is not accepted. */
  readonly rejected: Rejection | undefined;
  readonly invalidKinds: boolean;
  /** `namespace/name` of the routes that are accepted through it. */
  readonly attached: Set<string>;
}

interface Rejection {
  readonly reason: ConditionName;
  readonly message: string;
  readonly conflict?: ConditionName;
}

const HTTP_ROUTE = { group: KINDS.HTTPRoute.group, kind: KINDS.HTTPRoute.kind };

/** The listeners of one Gateway. `taken` holds the ports and hostnames of older Gateways: one process cannot tell them apart. */
export const resolveListeners = (
  gateway: Gateway,
  taken: Map<string, string>,
  reservedPorts: readonly number[],
): readonly ListenerState[] => {
  const { listeners } = gateway.spec;
  const states = listeners.map((spec): ListenerState => {
    const supported = spec.protocol === 'HTTP' ? [HTTP_ROUTE] : [];
    const asked = spec.allowedRoutes?.kinds;
    const isSupported = (kind: { readonly group?: string; readonly kind: string }): boolean =>
      supported.some((item) => item.group === (kind.group ?? GROUPS.gateway) && item.kind === kind.kind);
    return {
      gateway,
      spec,
      hostname: spec.hostname?.toLowerCase(),
      supportedKinds:
        asked === undefined || asked.length === 0 ? supported : supported.filter(() => asked.some(isSupported)),
      invalidKinds: spec.protocol === 'HTTP' && (asked ?? []).some((kind) => !isSupported(kind)),
      rejected: reject(spec, listeners, taken, reservedPorts),
      attached: new Set(),
    };
  });
  for (const state of states) {
    if (state.rejected !== undefined) continue;
    taken.set(address(state.spec), `${gateway.metadata.namespace}/${gateway.metadata.name}`);
  }
  return states;
};

const address = (spec: GatewayListener): string => `${spec.port} ${spec.hostname?.toLowerCase() ?? ''}`;

const reject = (
  spec: GatewayListener,
  all: readonly GatewayListener[],
  taken: ReadonlyMap<string, string>,
  reservedPorts: readonly number[],
): Rejection | undefined => {
  if (spec.protocol !== 'HTTP') {
    return { reason: 'ListenerUnsupportedProtocol', message: `protocol ${spec.protocol} is not supported, only HTTP` };
  }
  if (reservedPorts.includes(spec.port)) {
    return { reason: 'ListenerPortUnavailable', message: `port ${spec.port} is used by the gateway itself` };
  }
  const others = all.filter((other) => other !== spec && other.port === spec.port);
  if (others.some((other) => other.protocol !== spec.protocol)) {
    return {
      reason: 'ListenerProtocolConflict',
      conflict: 'ListenerConflictedProtocol',
      message: `listeners on port ${spec.port} have different protocols`,
    };
  }
  if (others.some((other) => address(other) === address(spec))) {
    const hostname = spec.hostname === undefined ? 'no hostname' : `hostname ${spec.hostname}`;
    return {
      reason: 'ListenerHostnameConflict',
      conflict: 'ListenerConflictedHostname',
      message: `several listeners on port ${spec.port} have ${hostname}`,
    };
  }
  const holder = taken.get(address(spec));
  if (holder === undefined) return undefined;
  const hostname = spec.hostname === undefined ? '' : ` and hostname ${spec.hostname}`;
  return { reason: 'ListenerPortUnavailable', message: `port ${spec.port}${hostname} is served for Gateway ${holder}` };
};

export const isServed = (state: ListenerState): boolean => state.rejected === undefined;

export const listenerConditions = (state: ListenerState, generation: number): readonly Condition[] => {
  const { rejected, invalidKinds } = state;
  const resolvedRefs = condition(invalidKinds ? 'ListenerInvalidRouteKinds' : 'ListenerResolvedRefs', generation);
  if (rejected === undefined) {
    return [
      condition('ListenerAccepted', generation),
      condition('ListenerNoConflicts', generation),
      resolvedRefs,
      condition('ListenerProgrammed', generation),
    ];
  }
  return [
    condition(rejected.reason, generation, rejected.message),
    rejected.conflict === undefined
      ? condition('ListenerNoConflicts', generation)
      : condition(rejected.conflict, generation, rejected.message),
    resolvedRefs,
    condition('ListenerNotProgrammed', generation, rejected.message),
  ];
};
