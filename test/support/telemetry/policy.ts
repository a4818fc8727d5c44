import type { NamedExpression, Sampling, TelemetryPolicy } from '../../../gateway/telemetry/policy.ts';
import { compileCel } from '../../../lib/cel/compile.ts';

interface Named {
  readonly name: string;
  readonly expression: string;
}

/** `spec.frontend` of an AgentgatewayPolicy, as far as it says what is reported. */
export interface FrontendInput {
  readonly tracing?: {
    readonly clientSampling?: string;
    readonly randomSampling?: string;
    readonly filter?: string;
    readonly attributes?: { readonly add?: readonly Named[]; readonly remove?: readonly string[] };
  };
  readonly accessLog?: {
    readonly filter?: string;
    readonly attributes?: { readonly add?: readonly Named[]; readonly remove?: readonly string[] };
  };
  readonly metrics?: { readonly attributes: { readonly add: readonly Named[] } };
}

/** A policy as it is after compilation; constants are left as expressions. */
export const aPolicy = ({ tracing, accessLog, metrics }: FrontendInput): TelemetryPolicy => ({
  ...(tracing === undefined
    ? {}
    : {
        tracing: {
          policy: 'agentgateway-system/mcp-tracing',
          collector: { protocol: 'GRPC', host: 'collector', port: 4317, path: '/v1/traces' } as const,
          resource: [{ name: 'service.name', value: 'agentgateway-mcp' }],
          clientSampling: sampling(tracing.clientSampling, true),
          randomSampling: sampling(tracing.randomSampling, false),
          attributes: rules(tracing.attributes),
          ...filter(tracing.filter),
        },
      }),
  ...(accessLog === undefined
    ? {}
    : {
        accessLog: {
          policy: 'agentgateway-system/mcp-tracing',
          attributes: rules(accessLog.attributes),
          ...filter(accessLog.filter),
        },
      }),
  metricLabels: compiled(metrics?.attributes.add),
});

const sampling = (source: string | undefined, fallback: boolean): Sampling =>
  source === undefined ? fallback : compileCel(source);

const filter = (source: string | undefined) => (source === undefined ? {} : { filter: compileCel(source) });

const rules = (attributes: { readonly add?: readonly Named[]; readonly remove?: readonly string[] } = {}) => ({
  add: compiled(attributes.add),
  remove: new Set(attributes.remove),
});

const compiled = (named: readonly Named[] = []): NamedExpression[] =>
  named.map(({ name, expression }) => ({ name, expression: compileCel(expression) }));
