import type { AccessLogSpec, AttributesSpec, FrontendSpec, TracingSpec } from '../api/agentgateway/frontend.ts';
import type { OtlpCollector } from './collector.ts';

/** Names and the CEL expressions that give their values, in the order in which they are written. */
export type NamedExpressions = Readonly<Record<string, string>>;

/** What is added to, and left out of, spans or log lines. */
export interface AttributeProps {
  /**
   * Attributes to add, each by a CEL expression over the request. One that fails to evaluate is left out.
   *
   * @default - none
   */
  readonly attributes?: NamedExpressions;
  /**
   * Names of attributes to leave out, at most 32.
   *
   * @default - none
   */
  readonly removeAttributes?: readonly string[];
}

/** Where OTLP goes. */
export interface ExportProps {
  /** If it is in another namespace than the policy, it gets the ReferenceGrant that this needs. */
  readonly collector: OtlpCollector;
  /**
   * OTLP transport; decides which port of the collector is used.
   *
   * @default 'GRPC'
   */
  readonly protocol?: 'GRPC' | 'HTTP';
  /**
   * Path of OTLP over HTTP; only for protocol HTTP.
   *
   * @default '/v1/traces', or '/v1/logs'
   */
  readonly path?: string;
}

export interface TracingProps extends ExportProps, AttributeProps {
  /**
   * CEL expression, true or a share between 0 and 1: which of the requests that come with a trace are traced.
   *
   * @default - all of them
   */
  readonly clientSampling?: string;
  /**
   * CEL expression, true or a share between 0 and 1: which of the requests that come without one are traced.
   *
   * @default - none of them
   */
  readonly randomSampling?: string;
  /**
   * CEL expression that a finished request must meet for its span to be exported.
   *
   * @default - every request
   */
  readonly filter?: string;
  /**
   * Resource attributes by CEL expressions, evaluated once.
   *
   * @default - those of the gateway
   */
  readonly resources?: NamedExpressions;
}

export interface AccessLogProps extends AttributeProps {
  /**
   * CEL expression that a finished request must meet to be logged.
   *
   * @default - every request
   */
  readonly filter?: string;
  /**
   * Sends the log to a collector besides, which needs a pipeline for logs.
   *
   * @default - standard output alone
   */
  readonly otlp?: LogExportProps;
}

export interface LogExportProps extends ExportProps, AttributeProps {
  /**
   * CEL expression that a finished request must meet to be exported.
   *
   * @default - the filter of the log
   */
  readonly filter?: string;
}

export interface MetricsProps {
  /** Labels to add to the request metrics, 1 to 16. Their values should be few: each combination is a time series. */
  readonly attributes: NamedExpressions;
}

/** The frontend part of a policy. */
export interface FrontendProps {
  /** @default - no tracing */
  readonly tracing?: TracingProps;
  /** @default - the gateway's own access log, as it is */
  readonly accessLog?: AccessLogProps;
  /** @default - no more labels */
  readonly metrics?: MetricsProps;
}

/** The frontend part as it stands in the object. */
export const toFrontend = ({ tracing, accessLog, metrics }: FrontendProps): FrontendSpec => ({
  ...(tracing === undefined ? {} : { tracing: toTracing(tracing) }),
  ...(accessLog === undefined ? {} : { accessLog: toAccessLog(accessLog) }),
  ...(metrics === undefined ? {} : { metrics: { attributes: { add: toList(metrics.attributes) } } }),
});

const toTracing = (props: TracingProps): TracingSpec => {
  const { clientSampling, randomSampling, filter, resources = {} } = props;
  return {
    ...toCollector(props),
    ...(clientSampling === undefined ? {} : { clientSampling }),
    ...(randomSampling === undefined ? {} : { randomSampling }),
    ...(filter === undefined ? {} : { filter }),
    ...(Object.keys(resources).length === 0 ? {} : { resources: toList(resources) }),
    ...toAttributes(props),
  };
};

const toAccessLog = (props: AccessLogProps): AccessLogSpec => ({
  ...(props.filter === undefined ? {} : { filter: props.filter }),
  ...toAttributes(props),
  ...(props.otlp === undefined ? {} : { otlp: toLogExport(props.otlp) }),
});

const toLogExport = (props: LogExportProps): NonNullable<AccessLogSpec['otlp']> => ({
  ...toCollector(props),
  ...(props.filter === undefined ? {} : { filter: props.filter }),
  ...toAttributes(props),
});

const toCollector = ({ collector, protocol = 'GRPC', path }: ExportProps) => ({
  backendRef: {
    name: collector.serviceName,
    namespace: collector.namespace,
    port: protocol === 'GRPC' ? collector.grpcPort : collector.httpPort,
  },
  protocol,
  ...(path === undefined ? {} : { path }),
});

/** What is empty adds or removes nothing: the object has no field for that. */
const toAttributes = ({
  attributes = {},
  removeAttributes = [],
}: AttributeProps): { readonly attributes?: AttributesSpec } => {
  const add = toList(attributes);
  const fields = {
    ...(add.length === 0 ? {} : { add }),
    ...(removeAttributes.length === 0 ? {} : { remove: [...removeAttributes] }),
  };
  return Object.keys(fields).length === 0 ? {} : { attributes: fields };
};

const toList = (expressions: NamedExpressions): { readonly name: string; readonly expression: string }[] =>
  Object.entries(expressions).map(([name, expression]) => ({ name, expression }));
