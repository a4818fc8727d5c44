import type { CelExpression } from '../../lib/cel/expression.ts';

/**
 * What happens to requests of a rule on their way, and to the answers on theirs: filters of the route and policies that target it, merged
 * and compiled. Times in milliseconds. They take effect in the order of the fields.
 */
export interface RulePolicy {
  /** A part that guards the route cannot be enforced: every request is refused. Says why, for the log. */
  readonly refusal: string | undefined;
  readonly cors: CorsPolicy | undefined;
  /** Allow, Deny and Require of all levels together. */
  readonly authorization: readonly AuthorizationRule[];
  readonly rateLimits: Alternatives<readonly RateLimit[]>;
  readonly directResponse: Alternatives<DirectResponse>;
  readonly redirect: Redirect | undefined;
  readonly requestHeaders: readonly HeaderModifier[];
  readonly requestTransformation: Alternatives<Transformation>;
  readonly rewrite: Rewrite | undefined;
  readonly timeouts: Timeouts;
  readonly retry: Retry | undefined;
  readonly responseTransformation: Alternatives<Transformation>;
  readonly responseHeaders: readonly HeaderModifier[];
}

/** The first whose condition is true counts, if any; one that fails to evaluate is not true. */
export type Alternatives<T> = readonly { readonly condition: CelExpression | undefined; readonly value: T }[];

/** Names in lower case. `set`, then `add`, then `remove`. */
export interface HeaderModifier {
  readonly set: readonly HeaderField[];
  readonly add: readonly HeaderField[];
  readonly remove: readonly string[];
}

export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

export interface CorsPolicy {
  /** `*` is among the origins. */
  readonly anyOrigin: boolean;
  /** Lower case. */
  readonly origins: ReadonlySet<string>;
  /** `https://*.example.com`, as what stands before and after the star. */
  readonly wildcardOrigins: readonly { readonly prefix: string; readonly suffix: string }[];
  /** `*` stands for any. */
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly credentials: boolean;
  /** Seconds. */
  readonly maxAge: number;
}

/** Undefined expression: it does not compile. A Deny or Require that cannot be evaluated denies, an Allow does not allow. */
export interface AuthorizationRule {
  readonly action: 'Allow' | 'Deny' | 'Require';
  readonly expression: CelExpression | undefined;
  /** `namespace/name` of the policy. */
  readonly policy: string;
}

/** A token bucket, or one for each value of `key`. */
export interface RateLimit {
  /** The same in each snapshot, so that a reload empties no bucket. */
  readonly id: string;
  readonly requests: number;
  /** In which so many requests are let through. */
  readonly interval: number;
  /** Largest number at once: `requests` and the burst. */
  readonly capacity: number;
  readonly key: CelExpression | undefined;
}

export interface DirectResponse {
  readonly status: number;
  readonly body: string | CelExpression | undefined;
  readonly headers: readonly { readonly name: string; readonly value: string | CelExpression }[];
}

export interface Redirect {
  readonly status: number;
  readonly scheme: 'http' | 'https' | undefined;
  readonly hostname: string | undefined;
  readonly port: number | undefined;
  readonly path: PathRewrite | undefined;
}

export type PathRewrite =
  | { readonly type: 'ReplaceFullPath'; readonly value: string }
  /** `prefix`: what the rule matched, without a trailing slash. */
  | { readonly type: 'ReplacePrefixMatch'; readonly prefix: string; readonly value: string };

export interface Rewrite {
  /** `auto`: the name of the backend that is dialled. */
  readonly host: { readonly name: string } | 'auto' | undefined;
  readonly path: PathRewrite | undefined;
}

/** Undefined: none. */
export interface Timeouts {
  /** From the request's arrival until its answer is complete; an event stream: until it begins. */
  readonly request: number | undefined;
  /** The same for each attempt at the backend. */
  readonly backendRequest: number | undefined;
}

/** Only where the backend cannot have seen the request: no connection came about. */
export interface Retry {
  readonly attempts: number;
  readonly backoff: number;
}

/** Values are expressions; one that fails leaves its field as it was. Pseudo-headers: `:authority`, `:method`, `:path`, `:scheme`, `:status`. */
export interface Transformation {
  readonly set: readonly NamedValue[];
  readonly add: readonly NamedValue[];
  readonly remove: readonly string[];
}

export interface NamedValue {
  readonly name: string;
  readonly value: CelExpression;
}

/** What one backendRef does besides. */
export interface BackendRefPolicy {
  readonly requestHeaders: readonly HeaderModifier[];
  readonly responseHeaders: readonly HeaderModifier[];
}
