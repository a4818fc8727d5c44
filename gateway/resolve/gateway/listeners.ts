import { type Condition, type ConditionName, condition } from '../../../lib/api/conditions.ts';
import type { Gateway, GatewayListener } from '../../../lib/api/gateway-api.ts';
import { GROUPS, KINDS } from '../../../lib/api/kinds.ts';
import type { Certificate } from '../../upstream/target.ts';
import { intersectHostname } from '../hostname.ts';
import { type CertificateContext, resolveCertificates } from './certificates.ts';

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
  readonly certificates: readonly Certificate[];
  /** Why its certificates cannot be served. */
  readonly certificateProblem: { readonly reason: ConditionName; readonly message: string } | undefined;
  /** Other listeners of its port answer to names of its own. */
  readonly overlaps: boolean;
  /** Why its port is not bound right now, though it is asked for. */
  readonly unbound: string | undefined;
  /** `namespace/name` of the routes that are accepted through it. */
  readonly attached: Set<string>;
}

interface Rejection {
  readonly reason: ConditionName;
  readonly message: string;
  readonly conflict?: ConditionName;
}

export interface ListenerContext extends CertificateContext {
  readonly reservedPorts: readonly number[];
  /** Why a port cannot be had: another Gateway's, or none of this machine. */
  readonly portProblem: (listener: GatewayListener) => string | undefined;
  readonly unboundPort: (port: number) => string | undefined;
}

const HTTP_ROUTE = { group: KINDS.HTTPRoute.group, kind: KINDS.HTTPRoute.kind };
const PROTOCOLS: ReadonlySet<string> = new Set(['HTTP', 'HTTPS']);

/** The listeners of one Gateway. */
export const resolveListeners = (gateway: Gateway, context: ListenerContext): readonly ListenerState[] => {
  const { listeners } = gateway.spec;
  const byPort = Map.groupBy(listeners, ({ port }) => port);
  return listeners.map((spec): ListenerState => {
    const samePort = byPort.get(spec.port) ?? [];
    const supported = PROTOCOLS.has(spec.protocol) ? [HTTP_ROUTE] : [];
    const asked = spec.allowedRoutes?.kinds;
    const isSupported = (kind: { readonly group?: string; readonly kind: string }): boolean =>
      supported.some((item) => item.group === (kind.group ?? GROUPS.gateway) && item.kind === kind.kind);
    const rejected = reject(spec, samePort, context);
    const { certificates, problem } =
      spec.protocol === 'HTTPS' ? resolveCertificates(gateway, spec, context) : NO_CERTIFICATES;
    return {
      gateway,
      spec,
      hostname: spec.hostname?.toLowerCase(),
      supportedKinds:
        asked === undefined || asked.length === 0 ? supported : supported.filter(() => asked.some(isSupported)),
      invalidKinds: supported.length > 0 && (asked ?? []).some((kind) => !isSupported(kind)),
      rejected,
      certificates,
      certificateProblem: problem,
      overlaps: spec.protocol === 'HTTPS' && samePort.some((other) => other !== spec && overlap(spec, other)),
      unbound: rejected === undefined ? context.unboundPort(spec.port) : undefined,
      attached: new Set(),
    };
  });
};

const NO_CERTIFICATES = { certificates: [], problem: undefined };

/** Listeners of the same hostname are in conflict, and none at all covers every name by definition: neither is worth a word. */
const overlap = (a: GatewayListener, b: GatewayListener): boolean => {
  const [one, other] = [a.hostname?.toLowerCase(), b.hostname?.toLowerCase()];
  return one !== undefined && other !== undefined && one !== other && intersectHostname(one, other) !== null;
};

const address = (spec: GatewayListener): string => `${spec.port} ${spec.hostname?.toLowerCase() ?? ''}`;

const reject = (
  spec: GatewayListener,
  samePort: readonly GatewayListener[],
  { reservedPorts, portProblem }: ListenerContext,
): Rejection | undefined => {
  if (!PROTOCOLS.has(spec.protocol)) {
    return {
      reason: 'ListenerUnsupportedProtocol',
      message: `protocol ${spec.protocol} is not supported, only ${[...PROTOCOLS].join(' and ')}`,
    };
  }
  if (spec.protocol === 'HTTPS' && spec.tls?.mode === 'Passthrough') {
    return { reason: 'ListenerUnsupportedValue', message: 'tls.mode Passthrough is not supported, only Terminate' };
  }
  if (spec.protocol === 'HTTP' && spec.tls !== undefined) {
    return { reason: 'ListenerUnsupportedValue', message: 'tls goes with protocol HTTPS only' };
  }
  if (reservedPorts.includes(spec.port)) {
    return { reason: 'ListenerPortUnavailable', message: `port ${spec.port} is used by the gateway itself` };
  }
  const others = samePort.filter((other) => other !== spec);
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
  const problem = portProblem(spec);
  return problem === undefined ? undefined : { reason: 'ListenerPortUnavailable', message: problem };
};

/** Whether anybody can reach routes through it, as far as the objects say. */
export const isServed = (state: ListenerState): boolean =>
  state.rejected === undefined && state.certificateProblem === undefined;

export const listenerConditions = (state: ListenerState, generation: number): readonly Condition[] => {
  const { rejected, invalidKinds, certificateProblem, overlaps, unbound } = state;
  const problem: Rejection | undefined =
    rejected ?? (unbound === undefined ? undefined : { reason: 'ListenerPortUnavailable', message: unbound });
  const resolvedRefs = invalidKinds
    ? condition('ListenerInvalidRouteKinds', generation)
    : certificateProblem === undefined
      ? condition('ListenerResolvedRefs', generation)
      : condition(certificateProblem.reason, generation, certificateProblem.message);
  const unserved = problem?.message ?? certificateProblem?.message;
  return [
    problem === undefined
      ? condition('ListenerAccepted', generation)
      : condition(problem.reason, generation, problem.message),
    problem?.conflict === undefined
      ? condition('ListenerNoConflicts', generation)
      : condition(problem.conflict, generation, problem.message),
    resolvedRefs,
    unserved === undefined
      ? condition('ListenerProgrammed', generation)
      : condition('ListenerNotProgrammed', generation, unserved),
    ...(overlaps ? [condition('ListenerOverlappingHostnames', generation)] : []),
  ];
};
