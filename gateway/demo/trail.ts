import { METRICS } from '../../lib/api/telemetry/metrics.ts';
import type { AgentSpan } from './agent.ts';
import type { DecodedSpan } from './otlp-decode.ts';

/** What one tool call left behind. */
export interface Trail {
  readonly metric: string | undefined;
  readonly server: DecodedSpan | undefined;
  readonly client: DecodedSpan | undefined;
  readonly log: string | undefined;
}

/** Everything the gateway said so far. */
export interface Evidence {
  /** Text of `/metrics`. */
  readonly metrics: string;
  readonly spans: readonly DecodedSpan[];
  readonly log: readonly string[];
}

/** Finds the trail of a tool call that an agent's span caused. */
export const findTrail = ({ metrics, spans, log }: Evidence, agent: AgentSpan, tool: string): Trail => {
  const server = spans.find(
    (span) => span.kind === 'SERVER' && span.parentSpanId === agent.spanId && text(span, 'mcp.tool_name') === tool,
  );
  return {
    metric: metrics
      .split('\n')
      .find((line) => line.startsWith(`${METRICS.mcpRequests.name}{method="tools/call"`) && line.includes(`"${tool}"`)),
    server,
    client: spans.find((span) => span.kind === 'CLIENT' && server !== undefined && span.parentSpanId === server.spanId),
    log: server && log.find((line) => line.includes(server.spanId)),
  };
};

/** What is missing from a trail, in words; empty when it is complete. */
export const missing = ({ metric, server, client, log }: Trail, agent: AgentSpan): readonly string[] => [
  ...(metric === undefined ? ['the metric line'] : []),
  ...(server === undefined ? ["the SERVER span below the agent's"] : []),
  ...(client === undefined ? ['the CLIENT span below the SERVER span'] : []),
  ...([server, client].some((span) => span !== undefined && span.traceId !== agent.traceId)
    ? ["one trace id from the agent's span to the upstream call"]
    : []),
  ...(log === undefined ? ['the access-log line'] : []),
];

const text = (span: DecodedSpan, name: string): unknown =>
  span.attributes.find((attribute) => attribute.name === name)?.value;
