/** Members of an audit record, which is a line of JSON, in their order. One is written for each tool call, allowed or denied. */
export const AUDIT_FIELDS = {
  /** When the call ended: RFC 3339, UTC. */
  time: 'time',
  /** Always `audit`: tells the line from others of the same stream. */
  scope: 'scope',
  /** `allow`, or `deny`. */
  decision: 'decision',
  /** What denied it; null if nothing did. */
  rule: 'rule',
  /** One of OUTCOMES. */
  outcome: 'outcome',
  /** Who called, by the policy's expression; null if there is none, or it has no value. */
  principal: 'principal',
  tool: 'tool',
  target: 'target',
  gateway: 'gateway',
  listener: 'listener',
  route: 'route',
  backend: 'backend',
  session: 'session',
  requestId: 'request_id',
  clientAddress: 'client_address',
  /** As on the span. */
  errorType: 'error_type',
  /** Milliseconds. */
  duration: 'duration_ms',
  traceId: 'trace_id',
  spanId: 'span_id',
  /** SHA-256 of the arguments, as `JSON.stringify` writes them once they are parsed; null if there are none. */
  argumentsHash: 'arguments_sha256',
  /** With `capture` only, as is the next; redacted, as JSON text. */
  arguments: 'arguments',
  result: 'result',
} as const;
