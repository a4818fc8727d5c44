import type { AccessLogSpec, AgentgatewayPolicy, MetricsSpec, TracingSpec } from '../../lib/api/agentgateway.ts';
import type { BackendReason } from '../../lib/api/conditions.ts';
import type { HTTPRoute, HTTPRouteMatch } from '../../lib/api/http-route.ts';
import type { Collector } from '../telemetry/policy.ts';
import type { Credential } from '../upstream/target.ts';

/** The objects with all references followed: what is left is to compile it. */
export interface Resolved {
  readonly gateways: readonly ResolvedGateway[];
  readonly policies: readonly ResolvedPolicy[];
}

export interface ResolvedGateway {
  readonly namespace: string;
  readonly name: string;
  /** Only those that are served. */
  readonly listeners: readonly ResolvedListener[];
}

export interface ResolvedListener {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'HTTP';
  /** Lower case; `*.` in front of a wildcard. */
  readonly hostname: string | undefined;
  readonly routes: readonly AttachedRoute[];
  readonly frontend: FrontendPolicy;
}

export interface AttachedRoute {
  readonly route: HTTPRoute;
  /** What the listener's and the route's hostnames have in common; undefined: any. */
  readonly hostnames: readonly (string | undefined)[];
  /** Without those that were dropped. */
  readonly rules: readonly ResolvedRule[];
}

export interface ResolvedRule {
  /** Place in the route's spec. */
  readonly index: number;
  readonly name: string | undefined;
  readonly matches: readonly HTTPRouteMatch[];
  readonly backends: readonly { readonly weight: number; readonly backend: ResolvedBackend }[];
}

export type ResolvedBackend =
  | { readonly type: 'mcp'; readonly name: string; readonly targets: readonly ResolvedTarget[] }
  | { readonly type: 'invalid'; readonly name: string; readonly reason: BackendReason; readonly message: string };

export interface ResolvedTarget {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly protocol: 'StreamableHTTP';
  /** Absent: plain text. */
  readonly tls: { readonly sni: string } | undefined;
  /** The values are secrets. */
  readonly credentials: readonly Credential[];
}

/** Each field with the policy that it is from: the most specific and oldest one that sets it. */
export interface FrontendPolicy {
  readonly tracing?: PolicyField<TracingSpec> & { readonly collector: Collector };
  readonly accessLog?: PolicyField<AccessLogSpec>;
  readonly metrics?: PolicyField<MetricsSpec>;
}

export type FrontendFieldName = keyof FrontendPolicy;

export interface PolicyField<S> {
  /** `namespace/name`. */
  readonly policy: string;
  readonly spec: S;
}

/** A policy with what is known of it so far: compiling its expressions may add errors. */
export interface ResolvedPolicy {
  readonly policy: AgentgatewayPolicy;
  /** Names of the Gateways, in the policy's namespace, that it is attached to. */
  readonly gateways: readonly string[];
  /** Why a target is not attached. */
  readonly unattached: readonly string[];
  readonly errors: readonly PolicyError[];
}

export interface PolicyError {
  /** Which part of `frontend` it is in. */
  readonly part: FrontendFieldName;
  /** The part as a whole has no effect. */
  readonly fatal: boolean;
  /** Path of the field: `frontend.tracing.filter`. */
  readonly field: string;
  readonly message: string;
  /** Only for this Gateway; absent: for all. */
  readonly gateway?: string;
}
