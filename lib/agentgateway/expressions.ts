import { compileCel } from '../cel/compile.ts';
import { CelSyntaxError } from '../cel/expression.ts';
import type { FrontendProps, NamedExpressions } from './frontend.ts';
import type { TrailProps } from './trail.ts';

/** One line for each expression of a policy that does not parse. */
export const expressionProblems = ({
  tracing,
  accessLog,
  metrics,
  audit,
}: FrontendProps & TrailProps): readonly string[] => [
  ...problem('tracing.clientSampling', tracing?.clientSampling),
  ...problem('tracing.randomSampling', tracing?.randomSampling),
  ...problem('tracing.filter', tracing?.filter),
  ...problems('tracing.resources', tracing?.resources),
  ...problems('tracing.attributes', tracing?.attributes),
  ...problem('accessLog.filter', accessLog?.filter),
  ...problems('accessLog.attributes', accessLog?.attributes),
  ...problem('accessLog.otlp.filter', accessLog?.otlp?.filter),
  ...problems('accessLog.otlp.attributes', accessLog?.otlp?.attributes),
  ...problems('metrics.attributes', metrics?.attributes),
  ...problem('audit.principal', typeof audit === 'object' ? audit.principal : undefined),
];

const problems = (field: string, expressions: NamedExpressions = {}): readonly string[] =>
  Object.entries(expressions).flatMap(([name, source]) => problem(`${field}[${JSON.stringify(name)}]`, source));

const problem = (field: string, source: string | undefined): readonly string[] => {
  if (source === undefined) return [];
  try {
    compileCel(source);
    return [];
  } catch (error) {
    if (!(error instanceof CelSyntaxError)) throw error;
    return [`${field}: ${JSON.stringify(source)} is no CEL expression: ${error.message}`];
  }
};
