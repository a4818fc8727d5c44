import type { AgentSpan } from './agent.ts';
import type { DecodedSpan } from './otlp-decode.ts';
import type { Trail } from './trail.ts';

/** The trail as a person reads it: metric, spans as a tree, log line. */
export const printTrail = ({ metric, server, client, log }: Trail, agent: AgentSpan): readonly string[] => [
  'Metric',
  `  ${metric ?? '(missing)'}`,
  '',
  `Trace ${agent.traceId}`,
  `  agent                                   span ${agent.spanId}: where the prompt came from`,
  ...(server === undefined ? ['  └─ (missing)'] : [`  └─ ${title(server)}`, ...attributes(server, '     ')]),
  ...(client === undefined ? ['     └─ (missing)'] : [`     └─ ${title(client)}`, ...attributes(client, '        ')]),
  '',
  'Access log',
  `  ${log ?? '(missing)'}`,
];

const title = (span: DecodedSpan): string =>
  `${span.name.padEnd(20)} ${span.kind.padEnd(6)} ${milliseconds(span)} ms  ${status(span)}  span ${span.spanId}`;

const milliseconds = ({ startTimeUnixNano, endTimeUnixNano }: DecodedSpan): string =>
  (Number(endTimeUnixNano - startTimeUnixNano) / 1e6).toFixed(1);

const status = ({ status: { code, message } }: DecodedSpan): string =>
  code === 'ERROR' ? `ERROR ${message}` : code.toLowerCase();

const attributes = (span: DecodedSpan, indent: string): readonly string[] => {
  const width = Math.max(...span.attributes.map(({ name }) => name.length));
  return span.attributes.map(({ name, value }) => `${indent}${name.padEnd(width)}  ${String(value)}`);
};
