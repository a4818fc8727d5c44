import type { CelExpression } from '../../lib/cel/expression.ts';
import type { CelNeed } from '../../lib/cel/roots.ts';
import { expressionsOf, optional } from './context.ts';
import type { TelemetryPolicy } from './policy.ts';

/** What of a request has to be kept until its end, because something will be written of it. */
export interface Needs {
  /** The beginning of the request's body. */
  readonly requestBody: boolean;
  /** The beginning of the response's body. */
  readonly responseBody: boolean;
  /** A tool's arguments. */
  readonly arguments: boolean;
  /** The beginning of a tool's result. */
  readonly result: boolean;
}

/** @param audit whether audit records are written where the policy does not say */
export const needsOf = (policy: TelemetryPolicy, audit: boolean): Needs => {
  const { tracing, accessLog } = policy;
  const needed = new Set<CelNeed>(expressionsIn(policy).flatMap(({ needs }) => [...needs]));
  return {
    requestBody: needed.has('request.body') || needed.has('request.bodyPrefix'),
    responseBody: needed.has('response.body') || needed.has('response.bodyPrefix'),
    arguments:
      (policy.audit ?? audit) ||
      tracing?.capture?.arguments === true ||
      accessLog?.capture?.arguments === true ||
      needed.has('mcp.tool.arguments'),
    result: tracing?.capture?.results === true || accessLog?.capture?.results === true || needed.has('mcp.tool.result'),
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
