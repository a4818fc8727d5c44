import type { AccessLogSpec, MetricsSpec, TracingSpec } from '../../lib/api/agentgateway/frontend.ts';
import type { AgentgatewayPolicy } from '../../lib/api/agentgateway/policy.ts';
import type { BackendReason } from '../../lib/api/conditions.ts';
import type { HTTPRoute, HTTPRouteFilter, HTTPRouteMatch, HTTPRouteRetry } from '../../lib/api/http-route.ts';
import type { Collector } from '../telemetry/policy.ts';
import type { Certificate, Credential, TcpKeepAlive, UpstreamTls } from '../upstream/target.ts';
import type { PolicyField } from './policy/field.ts';
import type { TrafficPolicy } from './policy/traffic.ts';

/** The objects with all references followed: what is left is to compile it. */
export interface Resolved {
  readonly gateways: readonly ResolvedGateway[];
  readonly policies: readonly ResolvedPolicy[];
}

export interface ResolvedGateway {
  readonly namespace: string;
  readonly name: string;
  /** IP addresses to listen on; none: the gateway's usual one. */
  readonly addresses: readonly string[];
  /** Only those that are served. */
  readonly listeners: readonly ResolvedListener[];
}

export interface ResolvedListener {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'HTTP' | 'HTTPS';
  /** Lower case; `*.` in front of a wildcard. */
  readonly hostname: string | undefined;
  /** HTTPS: at least one. */
  readonly certificates: readonly Certificate[];
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
  /** Only those that are served. */
  readonly filters: readonly HTTPRouteFilter[];
  /** Milliseconds; undefined: not set, 0: none. */
  readonly timeouts: { readonly request: number | undefined; readonly backendRequest: number | undefined };
  /** The rule's own; a policy's is in `traffic`. */
  readonly retry: HTTPRouteRetry | undefined;
  readonly backends: readonly ResolvedBackendRef[];
  readonly traffic: TrafficPolicy;
}

export interface ResolvedBackendRef {
  readonly weight: number;
  readonly backend: ResolvedBackend;
  readonly filters: readonly HTTPRouteFilter[];
}

export type ResolvedBackend =
  | { readonly type: 'mcp'; readonly name: string; readonly targets: readonly ResolvedTarget[] }
  | {
      readonly type: 'http';
      readonly name: string;
      readonly kind: 'service' | 'static';
      readonly endpoints: readonly ResolvedTarget[];
    }
  | { readonly type: 'invalid'; readonly name: string; readonly reason: BackendReason; readonly message: string };

/** One address to dial, with the policies of its backend. */
export interface ResolvedTarget extends Connection {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly socketPath?: string | undefined;
  readonly path: string;
  readonly protocol: 'StreamableHTTP' | 'HTTP';
}

/** How to talk to a backend: policies of all levels, merged. Times in milliseconds. */
export interface Connection {
  /** Absent: plain text. */
  readonly tls: UpstreamTls | undefined;
  /** The values are secrets. */
  readonly credentials: readonly Credential[];
  readonly connectTimeout?: number | undefined;
  readonly requestTimeout?: number | undefined;
  readonly keepAlive?: TcpKeepAlive | undefined;
}

/** Each field with the policy that it is from: the most specific and oldest one that sets it. */
export interface FrontendPolicy {
  readonly tracing?: PolicyField<TracingSpec> & { readonly collector: Collector };
  readonly accessLog?: PolicyField<AccessLogSpec> & { readonly collector?: Collector };
  readonly metrics?: PolicyField<MetricsSpec>;
  /** Set when the listener is guarded by something that is not served: why its requests are refused. */
  readonly refusal?: PolicyField<string>;
}

/** A policy with what is known of it so far: compiling its expressions may add errors. */
export interface ResolvedPolicy {
  readonly policy: AgentgatewayPolicy;
  /** In whose name its status is. */
  readonly controllerName: string;
  /** `namespace/name` of the Gateways whose requests it can reach. */
  readonly gateways: readonly string[];
  /** Why a target is not attached. */
  readonly unattached: readonly string[];
  readonly errors: readonly PolicyError[];
}

export interface PolicyError {
  /** The part that it is in: `frontend.tracing`, `traffic.cors`. */
  readonly part: string;
  /** The part as a whole has no effect. */
  readonly fatal: boolean;
  /** Path of the field: `frontend.tracing.filter`. */
  readonly field: string;
  readonly message: string;
  /** Only for this Gateway (`namespace/name`); absent: for all. */
  readonly gateway?: string;
}
