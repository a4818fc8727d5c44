/**
 * Every way in which the gateway itself can fail a request, once: HTTP status, JSON-RPC code (absent: plain text answer), the message
 * that the client reads, `reason` label of the request metrics and `error.type` of the spans (the code's name). An upstream's own
 * answers are not here: they pass through. Internal failures are never reported as client faults (-32700, -32600, -32602).
 */

/** Values of the `reason` label. Source: the compatible system's metric contract. */
export type Reason =
  | 'Upstream'
  | 'NotFound'
  | 'NoHealthyBackend'
  | 'Internal'
  | 'InvalidRequest'
  | 'Timeout'
  | 'Authorization'
  | 'RateLimit'
  | 'DirectResponse'
  | 'MCP'
  | 'UpstreamFailure';

interface ErrorInfo {
  readonly status: number;
  /** JSON-RPC 2.0 §5.1, MCP, or -32000…-32099 for our own. */
  readonly jsonrpc?: number;
  readonly message: string;
  readonly reason: Reason;
}

export const ERRORS = {
  // HTTP front
  request_malformed: { status: 400, message: 'malformed HTTP request', reason: 'InvalidRequest' },
  request_timeout: { status: 408, message: 'the request was not received in time', reason: 'Timeout' },
  headers_too_large: { status: 431, message: 'the request header fields exceed the limit', reason: 'InvalidRequest' },
  expectation_failed: { status: 417, message: 'Expect can only be 100-continue', reason: 'InvalidRequest' },
  connect_unsupported: { status: 501, message: 'CONNECT is not supported', reason: 'InvalidRequest' },
  upgrade_unsupported: { status: 501, message: 'WebSocket is not supported', reason: 'InvalidRequest' },
  listener_not_found: { status: 404, message: 'no listener serves this host', reason: 'NotFound' },
  route_not_found: { status: 404, message: 'no route matches this request', reason: 'NotFound' },
  backend_invalid: {
    status: 500,
    message: 'the route refers to a backend that cannot be used',
    reason: 'NoHealthyBackend',
  },
  no_endpoints: { status: 503, message: 'the backend has no ready endpoint', reason: 'NoHealthyBackend' },
  // Policies
  forbidden: { status: 403, jsonrpc: -32000, message: 'not allowed', reason: 'Authorization' },
  rate_limited: { status: 429, jsonrpc: -32000, message: 'too many requests', reason: 'RateLimit' },
  policy_invalid: {
    status: 500,
    jsonrpc: -32603,
    message: 'a policy that guards this route cannot be enforced',
    reason: 'Internal',
  },
  internal_error: { status: 500, jsonrpc: -32603, message: 'internal error', reason: 'Internal' },
  // MCP Streamable HTTP, client side
  method_not_allowed: { status: 405, message: 'MCP endpoints take POST, GET and DELETE', reason: 'MCP' },
  not_acceptable: {
    status: 406,
    jsonrpc: -32000,
    message:
      'Accept must list what MCP answers with: application/json and text/event-stream for POST, text/event-stream for GET',
    reason: 'MCP',
  },
  unsupported_media_type: {
    status: 415,
    jsonrpc: -32000,
    message: 'Content-Type must be application/json',
    reason: 'MCP',
  },
  body_too_large: { status: 413, jsonrpc: -32600, message: 'the request body exceeds the limit', reason: 'MCP' },
  parse_error: { status: 400, jsonrpc: -32700, message: 'the request body is not JSON', reason: 'MCP' },
  nesting_too_deep: { status: 400, jsonrpc: -32600, message: 'the request body is nested too deeply', reason: 'MCP' },
  batch_unsupported: {
    status: 400,
    jsonrpc: -32600,
    message: 'JSON-RPC batches are not part of MCP since 2025-06-18: send one message per POST',
    reason: 'MCP',
  },
  invalid_request: {
    status: 400,
    jsonrpc: -32600,
    message: 'the request body is not a JSON-RPC 2.0 message',
    reason: 'MCP',
  },
  protocol_version_unsupported: {
    status: 400,
    jsonrpc: -32022,
    message: 'unsupported MCP-Protocol-Version',
    reason: 'MCP',
  },
  session_required: {
    status: 400,
    jsonrpc: -32000,
    message: 'Mcp-Session-Id is required after initialize',
    reason: 'MCP',
  },
  session_not_found: { status: 404, jsonrpc: -32001, message: 'session not found: initialize again', reason: 'MCP' },
  // Upstream
  upstream_unreachable: {
    status: 502,
    jsonrpc: -32603,
    message: 'the upstream server could not be reached',
    reason: 'UpstreamFailure',
  },
  upstream_overloaded: {
    status: 503,
    jsonrpc: -32603,
    message: 'too many exchanges with the upstream server are under way',
    reason: 'UpstreamFailure',
  },
  upstream_tls_failed: {
    status: 502,
    jsonrpc: -32603,
    message: 'the TLS connection to the upstream server failed',
    reason: 'UpstreamFailure',
  },
  upstream_closed: {
    status: 502,
    jsonrpc: -32603,
    message: 'the upstream server closed the connection before its answer was complete',
    reason: 'UpstreamFailure',
  },
  upstream_invalid: {
    status: 502,
    jsonrpc: -32603,
    message: 'the upstream server answered with something that is not MCP',
    reason: 'UpstreamFailure',
  },
  upstream_malformed: {
    status: 502,
    jsonrpc: -32603,
    message: 'the upstream server answered with something that is not HTTP',
    reason: 'UpstreamFailure',
  },
  upstream_timeout: {
    status: 504,
    jsonrpc: -32603,
    message: 'the upstream server did not answer in time',
    reason: 'Timeout',
  },
  // The client went away; 499 is only ever recorded, never sent.
  client_closed: { status: 499, message: 'the client closed the connection', reason: 'InvalidRequest' },
} as const satisfies Record<string, ErrorInfo>;

export type ErrorCode = keyof typeof ERRORS;

/** A failure on its way to the client. `detail` is added to the table's message and must hold no secret and no payload. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly data: unknown;

  constructor(
    code: ErrorCode,
    options: { readonly detail?: string; readonly data?: unknown; readonly cause?: unknown } = {},
  ) {
    const message: string = ERRORS[code].message;
    super(options.detail === undefined ? message : `${message}: ${options.detail}`, { cause: options.cause });
    this.code = code;
    this.data = options.data;
  }

  get info(): ErrorInfo {
    return ERRORS[this.code];
  }
}
