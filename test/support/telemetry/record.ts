import { Registry } from 'prom-client';
import { KeptBytes } from '../../../gateway/telemetry/kept.ts';
import type { LogFormat } from '../../../gateway/telemetry/log/access-log.ts';
import type { Needs } from '../../../gateway/telemetry/needs.ts';
import type { McpFacts, RequestFacts, RequestRecord, UpstreamCall } from '../../../gateway/telemetry/record.ts';
import { Telemetry, type TelemetryDependencies } from '../../../gateway/telemetry/telemetry.ts';
import type { SpanData } from '../../../gateway/telemetry/trace/span.ts';
import type { TraceContext } from '../../../gateway/telemetry/trace/trace-context.ts';

/** As the seed post's request came in. */
export const aRequest = (overrides: Partial<RequestFacts> = {}): RequestFacts => ({
  method: 'POST',
  host: '52.225.32.209:3000',
  scheme: 'http',
  target: '/mcp',
  httpVersion: '1.1',
  headers: { 'content-type': 'application/json' },
  remoteAddress: '10.224.0.62',
  remotePort: 36759,
  localPort: 3000,
  bytes: 119,
  kept: undefined,
  ...overrides,
});

/** A call of the post's tool. */
export const someMcp = (overrides: Partial<McpFacts> = {}): McpFacts => ({
  method: 'tools/call',
  requestId: 2,
  sessionId: 'c2VhbGVk',
  protocolVersion: '2025-11-25',
  target: 'github-copilot',
  resourceType: 'tool',
  name: 'get_me',
  nameKnown: true,
  errorCode: undefined,
  errorMessage: undefined,
  toolError: false,
  cancelled: false,
  arguments: undefined,
  result: undefined,
  ...overrides,
});

export const aCall = (overrides: Partial<UpstreamCall> = {}): UpstreamCall => ({
  startTime: 1_772_000_000_002.5,
  endTime: 1_772_000_000_215,
  spanId: 'c0ffee0000000001',
  target: 'github-copilot',
  host: 'api.githubcopilot.com',
  port: 443,
  operation: 'tools/call',
  status: 200,
  headersTime: 1_772_000_000_100,
  requestBytes: 119,
  responseBytes: 512,
  events: [],
  droppedEvents: 0,
  error: undefined,
  ...overrides,
});

/** The post's request: through its route to its backend, without a policy. */
export const aRecord = (overrides: Partial<RequestRecord> = {}): RequestRecord => ({
  startTime: 1_772_000_000_000.25,
  endTime: 1_772_000_000_216.5,
  request: aRequest(),
  response: { status: 200, headers: { 'content-type': 'text/event-stream' }, bytes: 512 },
  telemetry: undefined,
  labels: {
    bind: '3000/agentgateway-system/mcp-gateway',
    gateway: 'agentgateway-system/mcp-gateway',
    listener: 'mcp',
    route: 'agentgateway-system/mcp-route',
    routeRule: undefined,
  },
  pathMatch: '/mcp/*',
  trace: undefined,
  backend: { name: 'agentgateway-system/github-mcp-server', type: 'mcp', protocol: 'mcp' },
  mcp: someMcp(),
  upstreamCalls: [aCall()],
  reason: 'Upstream',
  error: undefined,
  outcome: undefined,
  ...overrides,
});

/** A trace of its own whose spans are exported. */
export const aTrace = (overrides: Partial<TraceContext> = {}): TraceContext => ({
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  parentSpanId: undefined,
  flags: 1,
  traceState: undefined,
  baggage: undefined,
  links: [],
  exported: true,
  keptIfFailed: false,
  ...overrides,
});

/** Bytes 0x01, 0x02, … */
export const countingRandom = (): ((size: number) => Uint8Array) => {
  let next = 0;
  return (size) => Uint8Array.from({ length: size }, () => ++next % 256);
};

/** Telemetry whose output is kept for a look. */
export const observe = (overrides: Partial<TelemetryDependencies> = {}) => {
  const spans: SpanData[] = [];
  const lines: string[] = [];
  const defects: unknown[] = [];
  const registry = new Registry();
  const telemetry = new Telemetry({
    random: countingRandom(),
    now: () => 1_772_000_000_217,
    sinks: () => ({ export: (finished) => spans.push(...finished) }),
    log: (line) => lines.push(line),
    logFormat: 'text' satisfies LogFormat,
    registry,
    version: '0.1.0',
    onDefect: (error) => defects.push(error),
    ...overrides,
  });
  return { telemetry, spans, lines, defects, registry };
};

/** Of a policy that reads nothing which has to be kept for it. */
export const NOTHING_NEEDED: Needs = { requestBody: false, responseBody: false, arguments: false, result: false };

/** A body that went by. */
export const keptOf = (...chunks: readonly (Uint8Array | string)[]): KeptBytes => {
  const kept = new KeptBytes();
  for (const chunk of chunks) kept.push(chunk);
  return kept;
};
