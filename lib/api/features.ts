/**
 * Gateway API features that are served, by the names of its conformance suite. Status of the GatewayClass, conformance cases and docs read
 * them here.
 */
export const CORE_FEATURES = ['Gateway', 'HTTPRoute', 'ReferenceGrant'] as const;

export const EXTENDED_FEATURES = [
  'BackendTLSPolicy',
  'BackendTLSPolicySANValidation',
  'GatewayAddressEmpty',
  'GatewayHTTPListenerIsolation',
  'GatewayInfrastructure',
  'GatewayPort8080',
  'GatewayStaticAddresses',
  'HTTPRoute303RedirectStatusCode',
  'HTTPRoute307RedirectStatusCode',
  'HTTPRoute308RedirectStatusCode',
  'HTTPRouteBackendRequestHeaderModification',
  'HTTPRouteBackendTimeout',
  'HTTPRouteCORS',
  'HTTPRouteDestinationPortMatching',
  'HTTPRouteHostRewrite',
  'HTTPRouteMethodMatching',
  'HTTPRouteNamedRouteRule',
  'HTTPRouteParentRefPort',
  'HTTPRoutePathRedirect',
  'HTTPRoutePathRewrite',
  'HTTPRoutePortRedirect',
  'HTTPRouteQueryParamMatching',
  'HTTPRouteRequestTimeout',
  'HTTPRouteResponseHeaderModification',
  'HTTPRouteSchemeRedirect',
] as const;

export type Feature = (typeof CORE_FEATURES)[number] | (typeof EXTENDED_FEATURES)[number];

export const SUPPORTED_FEATURES: readonly Feature[] = [...CORE_FEATURES, ...EXTENDED_FEATURES].sort();
