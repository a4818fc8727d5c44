/**
 * Annotations of AgentgatewayPolicy objects: what this gateway adds to the compatible system's fields, whose definitions stay as they are.
 * Each holds for the part of the policy that its comment names; without it, the gateway's own options decide.
 */
export const POLICY_ANNOTATIONS = {
  /** `frontend.tracing`: one of TRACE_CONTEXT_MODES. */
  traceContext: 'tooltrail.dev/trace-context',
  /** `frontend.tracing`: `true` exports failed and denied requests whatever sampling said; or `false`. */
  keepErrors: 'tooltrail.dev/keep-errors',
  /** `frontend.tracing` and `frontend.accessLog`: some of CAPTURES, with commas. */
  capture: 'tooltrail.dev/capture',
  /** `frontend.accessLog`: `true` writes an audit record for each tool call; or `false`. */
  audit: 'tooltrail.dev/audit',
  /** `frontend.accessLog`: a CEL expression that says who called, for audit records. */
  principal: 'tooltrail.dev/audit-principal',
  /** With `capture`: names of further members whose values are never written, with commas. */
  redactKeys: 'tooltrail.dev/redact-keys',
} as const;

/**
 * What becomes of the trace context that a client sends: it is continued, a new trace begins with a link to it, or a new trace begins
 * without one.
 */
export const TRACE_CONTEXT_MODES = ['parent', 'link', 'ignore'] as const;
export type TraceContextMode = (typeof TRACE_CONTEXT_MODES)[number];

/** What of a tool call is written, once asked for. */
export const CAPTURES = ['arguments', 'results'] as const;
export type Capture = (typeof CAPTURES)[number];
