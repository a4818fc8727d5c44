/**
 * Attribute names of spans and access-log fields, once, in the order in which they are written.
 * Sources: the compatible system; OpenTelemetry semantic conventions 1.41 for MCP, JSON-RPC, HTTP and network.
 */

/** Fields of the access log and attributes of the SERVER span, from the compatible system. */
export const REQUEST_ATTRIBUTES = {
  gateway: 'gateway',
  listener: 'listener',
  routeRule: 'route_rule',
  route: 'route',
  sourceAddress: 'src.addr',
  httpMethod: 'http.method',
  httpHost: 'http.host',
  httpPath: 'http.path',
  httpVersion: 'http.version',
  httpStatus: 'http.status',
  traceId: 'trace.id',
  spanId: 'span.id',
  protocol: 'protocol',
  mcpMethod: 'mcp.method.name',
  mcpTarget: 'mcp.target',
  mcpResourceType: 'mcp.resource.type',
  mcpSession: 'mcp.session.id',
  /** Access log only. */
  error: 'error',
  reason: 'reason',
  duration: 'duration',
  /** Span only, as is the next. */
  scheme: 'url.scheme',
  protocolVersion: 'network.protocol.version',
} as const;

/** OpenTelemetry's own, after the compatible system's and the policy's; a name that is there already is not repeated. */
export const STANDARD_ATTRIBUTES = {
  operation: 'gen_ai.operation.name',
  tool: 'gen_ai.tool.name',
  prompt: 'gen_ai.prompt.name',
  resourceUri: 'mcp.resource.uri',
  mcpProtocolVersion: 'mcp.protocol.version',
  requestId: 'jsonrpc.request.id',
  rpcStatus: 'rpc.response.status_code',
  transport: 'network.transport',
  clientAddress: 'client.address',
  clientPort: 'client.port',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  requestMethod: 'http.request.method',
  responseStatus: 'http.response.status_code',
  requestSize: 'http.request.body.size',
  responseSize: 'http.response.body.size',
  errorType: 'error.type',
  /** Once a policy asks for them. */
  callArguments: 'gen_ai.tool.call.arguments',
  callResult: 'gen_ai.tool.call.result',
  /** Of events: what a notification of the server says. */
  progress: 'mcp.progress',
  progressTotal: 'mcp.progress.total',
  logLevel: 'mcp.log.level',
} as const;

/** An added attribute of this name names the span instead. */
export const SPAN_NAME = 'span.name';

/** `error.type` of a tool result with `isError`. Source: OpenTelemetry semantic conventions for MCP. */
export const TOOL_ERROR = 'tool_error';

/** The attributes of the seed post's span, in its order: the contract of the SERVER span of a tool call. */
export const POST_ATTRIBUTES = [
  'gateway',
  'listener',
  'route',
  'src.addr',
  'http.method',
  'http.host',
  'http.path',
  'http.version',
  'http.status',
  'trace.id',
  'span.id',
  'protocol',
  'mcp.method.name',
  'mcp.target',
  'mcp.resource.type',
  'mcp.session.id',
  'duration',
  'url.scheme',
  'network.protocol.version',
  'mcp.method_name',
  'mcp.session_id',
  'mcp.tool_name',
  'mcp.tool_target',
  'backend.name',
  'backend.type',
] as const;
