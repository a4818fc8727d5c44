import type { CelExpression } from '../../lib/cel/expression.ts';
import { expressionsOf, optional, reads } from './context.ts';
import type { TelemetryPolicy } from './policy.ts';

/** What of a request has to be kept until its end, because something will be written of it. */
export interface Needs {
  /** The request's body. */
  readonly body: boolean;
  /** A tool's arguments. */
  readonly arguments: boolean;
  /** The beginning of a tool's result. */
  readonly result: boolean;
}

/** @param audit whether audit records are written where the policy does not say */
export const needsOf = (policy: TelemetryPolicy, audit: boolean): Needs => {
  const { tracing, accessLog } = policy;
  const expressions = expressionsIn(policy);
  const read = (root: string, name: string): boolean =>
    expressions.some(({ references }) => reads(references, root, name));
  return {
    body: read('request', 'body'),
    arguments:
      (policy.audit ?? audit) ||
      tracing?.capture?.arguments === true ||
      accessLog?.capture?.arguments === true ||
      read('mcp', 'tool.arguments'),
    result: tracing?.capture?.results === true || accessLog?.capture?.results === true || read('mcp', 'tool.result'),
  };
};

const expressionsIn = ({ tracing, accessLog, metricLabels, principal }: TelemetryPolicy): CelExpression[] => [
  ...(tracing === undefined ? [] : [...expressionsOf(tracing.attributes.add), ...optional(tracing.filter)]),
  ...(accessLog === undefined ? [] : [...expressionsOf(accessLog.attributes.add), ...optional(accessLog.filter)]),
  ...(accessLog?.otlp === undefined
    ? []
    : [...expressionsOf(accessLog.otlp.attributes.add), ...optional(accessLog.otlp.filter)]),
  ...expressionsOf(metricLabels),
  ...optional(principal),
];
