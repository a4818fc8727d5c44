/** How a request ended, once: spans, metrics and audit records tell it in these words. The first that applies, from the top. */
export const OUTCOMES = {
  cancelled: 'the client took it back, or went away',
  denied: 'a policy of the gateway refused it',
  timeout: 'it took longer than it may',
  tool_error: 'the tool reported an error (`isError`)',
  rpc_error: 'it was answered with a JSON-RPC error',
  http_error: 'it was answered with an HTTP status of 400 or more, or broke off',
  ok: 'it was answered',
} as const;

export type Outcome = keyof typeof OUTCOMES;

/** Values of `error.type` on spans of requests that a policy refused. */
export const DENIED_ERROR_TYPES = ['forbidden', 'rate_limited', 'policy_invalid'] as const;
