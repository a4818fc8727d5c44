import { POLICY_CONDITIONS } from './policy-conditions.ts';

/**
 * Every condition that is ever written, once: type, status, reason, and the message unless the case has one of its own.
 * Sources: Gateway API (Gateway, Listener, Route), the compatible system (AgentgatewayBackend, AgentgatewayPolicy).
 */
interface ConditionInfo {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
  /** Nothing for the user to do. */
  readonly happy?: true;
}

export const CONDITIONS = {
  // GatewayClass
  ClassAccepted: {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: 'Successfully accepted GatewayClass',
    happy: true,
  },
  ClassInvalidParameters: {
    type: 'Accepted',
    status: 'False',
    reason: 'InvalidParameters',
    message: 'spec.parametersRef cannot be used',
  },
  ClassSupportedVersion: {
    type: 'SupportedVersion',
    status: 'True',
    reason: 'SupportedVersion',
    message: 'The version of the Gateway API CRDs is supported',
    happy: true,
  },
  ClassUnsupportedVersion: {
    type: 'SupportedVersion',
    status: 'False',
    reason: 'UnsupportedVersion',
    message: 'The version of the Gateway API CRDs is not supported',
  },
  // Gateway
  GatewayAccepted: {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: 'Successfully accepted Gateway',
    happy: true,
  },
  GatewaySomeListenersNotValid: {
    type: 'Accepted',
    status: 'True',
    reason: 'ListenersNotValid',
    message: 'Some listeners are not valid',
  },
  GatewayListenersNotValid: {
    type: 'Accepted',
    status: 'False',
    reason: 'ListenersNotValid',
    message: 'No listener is valid',
  },
  GatewayInvalidParameters: {
    type: 'Accepted',
    status: 'False',
    reason: 'InvalidParameters',
    message: 'spec.infrastructure.parametersRef cannot be used',
  },
  GatewayUnsupportedAddress: {
    type: 'Accepted',
    status: 'False',
    reason: 'UnsupportedAddress',
    message: 'An address of spec.addresses is not supported',
  },
  GatewayInvalid: { type: 'Accepted', status: 'False', reason: 'Invalid', message: 'The Gateway is invalid' },
  GatewayProgrammed: {
    type: 'Programmed',
    status: 'True',
    reason: 'Programmed',
    message: 'Successfully programmed Gateway',
    happy: true,
  },
  GatewayNotProgrammed: {
    type: 'Programmed',
    status: 'False',
    reason: 'Invalid',
    message: 'Nothing of this Gateway is served',
  },
  GatewayPending: {
    type: 'Programmed',
    status: 'False',
    reason: 'Pending',
    message: 'The proxies are not ready yet',
  },
  GatewayAddressNotAssigned: {
    type: 'Programmed',
    status: 'False',
    reason: 'AddressNotAssigned',
    message: 'No address has been assigned yet',
  },
  GatewayAddressNotUsable: {
    type: 'Programmed',
    status: 'False',
    reason: 'AddressNotUsable',
    message: 'An address of spec.addresses cannot be used',
  },
  // Listener
  ListenerAccepted: {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: 'Successfully accepted Listener',
    happy: true,
  },
  ListenerUnsupportedProtocol: {
    type: 'Accepted',
    status: 'False',
    reason: 'UnsupportedProtocol',
    message: 'The protocol is not supported',
  },
  ListenerUnsupportedValue: {
    type: 'Accepted',
    status: 'False',
    reason: 'UnsupportedValue',
    message: 'A field has a value that is not supported',
  },
  ListenerPortUnavailable: {
    type: 'Accepted',
    status: 'False',
    reason: 'PortUnavailable',
    message: 'The port is not available',
  },
  ListenerProtocolConflict: {
    type: 'Accepted',
    status: 'False',
    reason: 'ProtocolConflict',
    message: 'Listeners on one port have different protocols',
  },
  ListenerHostnameConflict: {
    type: 'Accepted',
    status: 'False',
    reason: 'HostnameConflict',
    message: 'Listeners on one port have the same hostname',
  },
  ListenerNoConflicts: {
    type: 'Conflicted',
    status: 'False',
    reason: 'NoConflicts',
    message: 'No conflicts',
    happy: true,
  },
  ListenerConflictedProtocol: {
    type: 'Conflicted',
    status: 'True',
    reason: 'ProtocolConflict',
    message: 'Listeners on one port have different protocols',
  },
  ListenerConflictedHostname: {
    type: 'Conflicted',
    status: 'True',
    reason: 'HostnameConflict',
    message: 'Listeners on one port have the same hostname',
  },
  ListenerResolvedRefs: {
    type: 'ResolvedRefs',
    status: 'True',
    reason: 'ResolvedRefs',
    message: 'Successfully resolved all references',
    happy: true,
  },
  ListenerInvalidRouteKinds: {
    type: 'ResolvedRefs',
    status: 'False',
    reason: 'InvalidRouteKinds',
    message: 'allowedRoutes.kinds lists a kind that is not supported',
  },
  ListenerInvalidCertificateRef: {
    type: 'ResolvedRefs',
    status: 'False',
    reason: 'InvalidCertificateRef',
    message: 'A certificate cannot be used',
  },
  ListenerRefNotPermitted: {
    type: 'ResolvedRefs',
    status: 'False',
    reason: 'RefNotPermitted',
    message: 'A reference needs a ReferenceGrant',
  },
  ListenerOverlappingHostnames: {
    type: 'OverlappingTLSConfig',
    status: 'True',
    reason: 'OverlappingHostnames',
    message: 'Hostnames of listeners on one port overlap',
  },
  ListenerProgrammed: {
    type: 'Programmed',
    status: 'True',
    reason: 'Programmed',
    message: 'Successfully programmed Listener',
    happy: true,
  },
  ListenerNotProgrammed: {
    type: 'Programmed',
    status: 'False',
    reason: 'Invalid',
    message: 'The listener is not served',
  },
  // HTTPRoute
  RouteAccepted: {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: 'Successfully accepted Route',
    happy: true,
  },
  RouteNoMatchingParent: {
    type: 'Accepted',
    status: 'False',
    reason: 'NoMatchingParent',
    message: 'No listener of the Gateway matches the parentRef',
  },
  RouteNotAllowedByListeners: {
    type: 'Accepted',
    status: 'False',
    reason: 'NotAllowedByListeners',
    message: 'No listener allows this route',
  },
  RouteNoMatchingListenerHostname: {
    type: 'Accepted',
    status: 'False',
    reason: 'NoMatchingListenerHostname',
    message: 'No hostname of the route matches a listener',
  },
  RouteUnsupportedValue: {
    type: 'Accepted',
    status: 'False',
    reason: 'UnsupportedValue',
    message: 'No rule can be served',
  },
  RouteIncompatibleFilters: {
    type: 'Accepted',
    status: 'False',
    reason: 'IncompatibleFilters',
    message: 'Filters of a rule exclude each other',
  },
  RoutePartiallyInvalid: {
    type: 'PartiallyInvalid',
    status: 'True',
    reason: 'UnsupportedValue',
    message: 'Dropped Rule',
  },
  RouteResolvedRefs: {
    type: 'ResolvedRefs',
    status: 'True',
    reason: 'ResolvedRefs',
    message: 'Successfully resolved all references',
    happy: true,
  },
  RouteInvalidKind: {
    type: 'ResolvedRefs',
    status: 'False',
    reason: 'InvalidKind',
    message: 'Unknown kind of backend',
  },
  RouteRefNotPermitted: {
    type: 'ResolvedRefs',
    status: 'False',
    reason: 'RefNotPermitted',
    message: 'A reference needs a ReferenceGrant',
  },
  RouteBackendNotFound: {
    type: 'ResolvedRefs',
    status: 'False',
    reason: 'BackendNotFound',
    message: 'Backend not found',
  },
  RouteUnsupportedProtocol: {
    type: 'ResolvedRefs',
    status: 'False',
    reason: 'UnsupportedProtocol',
    message: 'The appProtocol of a backend is not supported',
  },
  RouteUnresolvedValue: {
    type: 'ResolvedRefs',
    status: 'False',
    reason: 'UnsupportedValue',
    message: 'A reference cannot be followed',
  },
  // AgentgatewayParameters
  ParametersAccepted: {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: 'Parameters successfully accepted',
    happy: true,
  },
  // AgentgatewayBackend
  BackendAccepted: {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: 'Backend successfully accepted',
    happy: true,
  },
  BackendTranslationError: {
    type: 'Accepted',
    status: 'False',
    reason: 'TranslationError',
    message: 'failed to translate backend',
  },
  FieldsWithoutEffect: {
    type: 'PartiallyInvalid',
    status: 'True',
    reason: 'UnsupportedValue',
    message: 'Fields have no effect',
  },
  ...POLICY_CONDITIONS,
} as const satisfies Record<string, ConditionInfo>;

export type ConditionName = keyof typeof CONDITIONS;
/** Why a route's reference leads nowhere. */
export type ReferenceReason =
  | 'InvalidKind'
  | 'RefNotPermitted'
  | 'BackendNotFound'
  | 'UnsupportedProtocol'
  | 'UnresolvedValue';
/** Why requests to a backend are refused. */
export type BackendReason = ReferenceReason | 'TranslationError';

/** metav1.Condition as it is computed: `lastTransitionTime` belongs to whoever writes it. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

/** A condition of the table for an object of this generation. `message` replaces the table's. */
export const condition = (name: ConditionName, generation: number, message?: string): Condition => {
  const { type, status, reason, message: usual } = CONDITIONS[name];
  return { type, status, reason, message: message ?? usual, observedGeneration: generation };
};

const HAPPY = new Set(
  Object.values<ConditionInfo>(CONDITIONS).flatMap((info) =>
    info.happy === true ? [`${info.type}=${info.status}/${info.reason}`] : [],
  ),
);

/** Whether a condition says that there is nothing to do. */
export const isHappy = (condition: Condition): boolean =>
  HAPPY.has(`${condition.type}=${condition.status}/${condition.reason}`);
