import type { RouteLabels } from '../telemetry/labels.ts';
import type { TelemetryPolicy } from '../telemetry/policy.ts';
import type { Certificate, UpstreamTarget } from '../upstream/target.ts';
import type { BackendRefPolicy, RulePolicy } from './rule-policy.ts';

/** What requests run on: frozen, swapped as a whole; a request keeps the one that it began with. */
export interface Snapshot {
  /** Counts up with each swap. */
  readonly version: number;
  readonly binds: readonly Bind[];
}

/** One port to listen on. */
export interface Bind {
  /** IP address to listen on; absent: the gateway's usual one. */
  readonly address?: string | undefined;
  readonly port: number;
  readonly protocol: 'HTTP' | 'HTTPS';
  /** In order of precedence: exact hostname, wildcards with more labels first, none. */
  readonly listeners: readonly Listener[];
  /** Place in `listeners` by hostname: `example.com`, `*.example.com`, or empty for the one that has none. */
  readonly byHostname: ReadonlyMap<string, number>;
}

/** A Gateway's listener with the routes attached to it. */
export interface Listener {
  readonly hostname: Hostname | undefined;
  readonly labels: RouteLabels;
  readonly telemetry: TelemetryPolicy;
  /** Of an HTTPS listener: at least one. */
  readonly certificates?: readonly Certificate[] | undefined;
  readonly routes: RouteTable;
}

/**
 * All matches of all routes, by hostname: an exact one first, then wildcards from the longest on, then none. The first bucket that holds a
 * match for the request decides.
 */
export interface RouteTable {
  readonly exact: ReadonlyMap<string, HostRoutes>;
  /** By suffix: `.example.com`. */
  readonly wildcards: ReadonlyMap<string, HostRoutes>;
  readonly any: HostRoutes | undefined;
}

/** By path: an exact one first, then prefixes from the longest on, then expressions. Each list stands in order of precedence. */
export interface HostRoutes {
  readonly exact: ReadonlyMap<string, readonly RouteMatch[]>;
  readonly prefixes: ReadonlyMap<string, readonly RouteMatch[]>;
  /** Characters; bounds what is looked up for a long path. */
  readonly longestPrefix: number;
  readonly expressions: readonly RouteMatch[];
}

/** `*.example.com` keeps `.example.com` as suffix; exact names keep the name. Lower case, no port. */
export type Hostname = { readonly exact: string } | { readonly suffix: string };

export interface RouteMatch {
  readonly hostname: Hostname | undefined;
  readonly path: PathMatch;
  readonly method: string | undefined;
  readonly headers: readonly ValueMatch[];
  readonly query: readonly ValueMatch[];
  readonly rule: Rule;
  /** How a span names this match: `/mcp/*` for a prefix, the path for an exact one, the source of a regular expression. */
  readonly pattern: string;
}

export type PathMatch =
  | { readonly type: 'Exact'; readonly value: string }
  /** By element, without trailing slash; the empty string matches all. */
  | { readonly type: 'PathPrefix'; readonly value: string }
  | { readonly type: 'RegularExpression'; readonly value: RegExp };

/** Header names are lower case. */
export interface ValueMatch {
  readonly name: string;
  readonly value: string | RegExp;
}

/** One rule of one route. */
export interface Rule {
  readonly labels: RouteLabels;
  readonly backends: readonly WeightedBackend[];
  readonly totalWeight: number;
  /** Absent: requests and answers pass as they are. */
  readonly policy?: RulePolicy | undefined;
}

export interface WeightedBackend {
  readonly weight: number;
  readonly backend: Backend;
  readonly policy?: BackendRefPolicy | undefined;
}

export type Backend = McpBackend | HttpBackend | InvalidBackend;

export interface McpBackend {
  readonly type: 'mcp';
  /** `namespace/name`. */
  readonly name: string;
  readonly targets: readonly UpstreamTarget[];
}

/** Plain HTTP: whatever the client sends goes to one of the endpoints, and its answer back. */
export interface HttpBackend {
  readonly type: 'http';
  /** `namespace/name`. */
  readonly name: string;
  readonly kind: 'service' | 'static';
  /** Empty: requests get 503. */
  readonly endpoints: readonly UpstreamTarget[];
}

/** A reference that does not resolve, or a backend that cannot be served: requests get 500, siblings go on. */
export interface InvalidBackend {
  readonly type: 'invalid';
  readonly name: string;
  /** Condition reason, for example `BackendNotFound`. */
  readonly reason: string;
  readonly message: string;
}
