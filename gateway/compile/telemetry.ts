import { CAPTURES, TRACE_CONTEXT_MODES } from '../../lib/api/agentgateway/annotations.ts';
import type { AccessLogSpec, AttributesSpec, MetricsSpec, TracingSpec } from '../../lib/api/agentgateway/frontend.ts';
import { namespacedName } from '../../lib/api/kinds.ts';
import { REQUEST_LABELS } from '../../lib/api/telemetry/metrics.ts';
import type { CelExpression } from '../../lib/cel/expression.ts';
import type { PolicyField } from '../resolve/policy/field.ts';
import type { FrontendPolicy, ResolvedPolicy } from '../resolve/resolved.ts';
import type { CapturePolicy } from '../telemetry/capture/redact.ts';
import { normaliseKey } from '../telemetry/capture/redact.ts';
import type {
  AccessLogPolicy,
  AttributeRules,
  Collector,
  NamedExpression,
  Sampling,
  TelemetryPolicy,
  TracingPolicy,
} from '../telemetry/policy.ts';
import { Annotations } from './annotations.ts';
import { constantValue, toAttributeValue } from './constant.ts';
import type { Expressions } from './expressions.ts';

/** Names that Prometheus takes for labels. */
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const FILTER_CONSEQUENCES: Readonly<Record<string, string>> = {
  'frontend.tracing': 'no span is exported',
  'frontend.accessLog.otlp': 'no log record is exported',
};
const LEFT_OUT = 'the attribute is left out';

/** What a listener of this Gateway reports. What does not compile is left out, and said on the policy. */
export const compileTelemetry = (
  { tracing, accessLog, metrics }: FrontendPolicy,
  gateway: string,
  expressions: Expressions,
): TelemetryPolicy => {
  const compiledTracing = tracing && compileTracing(tracing, gateway, expressions);
  const collector = tracing?.collector;
  const compiledLog = accessLog && compileAccessLog(accessLog, gateway, expressions);
  return {
    ...(compiledTracing === undefined || collector === undefined ? {} : { tracing: { ...compiledTracing, collector } }),
    ...(compiledLog === undefined ? {} : { accessLog: compiledLog }),
    ...(accessLog === undefined ? {} : compileAudit(accessLog, expressions)),
    metricLabels: metrics === undefined ? [] : compileMetrics(metrics, expressions),
  };
};

/** Finds what does not compile in a policy, whether or not a listener uses it. */
export const checkPolicy = ({ policy }: ResolvedPolicy, expressions: Expressions): void => {
  const { tracing, accessLog, metrics } = policy.spec.frontend ?? {};
  const name = namespacedName(policy.metadata);
  const { annotations } = policy.metadata;
  if (tracing !== undefined) compileTracing({ policy: name, spec: tracing, annotations }, '', expressions);
  if (accessLog !== undefined) {
    const field = { policy: name, spec: accessLog, annotations };
    compileAccessLog(field, '', expressions);
    compileAudit(field, expressions);
  }
  if (metrics !== undefined) compileMetrics({ policy: name, spec: metrics }, expressions);
};

const compileTracing = (
  field: PolicyField<TracingSpec>,
  gateway: string,
  expressions: Expressions,
): Omit<TracingPolicy, 'collector'> | undefined => {
  const { policy, spec } = field;
  const annotations = new Annotations(field, 'frontend.tracing', expressions);
  const traceContext = annotations.choice('traceContext', TRACE_CONTEXT_MODES);
  const keepErrors = annotations.flag('keepErrors');
  const capture = compileCapture(annotations);
  const filter = compileFilter(spec.filter, policy, 'frontend.tracing', expressions);
  const compiled = {
    policy,
    resource: compileResource(spec, policy, gateway, expressions),
    // Without an expression, callers that trace are followed and others are not traced.
    clientSampling: compileSampling(spec.clientSampling, true, 'clientSampling', policy, expressions),
    randomSampling: compileSampling(spec.randomSampling, false, 'randomSampling', policy, expressions),
    attributes: compileAttributes(spec.attributes, policy, 'frontend.tracing', expressions),
    ...(traceContext === undefined ? {} : { traceContext }),
    ...(keepErrors === undefined ? {} : { keepErrors }),
    ...(capture === undefined ? {} : { capture }),
  };
  if (filter === null) return undefined;
  return filter === undefined ? compiled : { ...compiled, filter };
};

/** What annotations add to the access log: who writes it may also write an audit record. */
const compileAudit = (
  field: PolicyField<AccessLogSpec>,
  expressions: Expressions,
): Pick<TelemetryPolicy, 'audit' | 'principal'> => {
  const annotations = new Annotations(field, 'frontend.accessLog', expressions);
  const audit = annotations.flag('audit');
  const principal = annotations.expression('principal');
  return {
    ...(audit === undefined ? {} : { audit }),
    ...(principal === undefined ? {} : { principal }),
  };
};

const compileCapture = (annotations: Annotations): CapturePolicy | undefined => {
  const captures = annotations.list('capture', CAPTURES);
  const keys = annotations.list('redactKeys') ?? [];
  // What was to be kept out, and cannot be read, must not get in.
  if (captures === undefined || (keys.length === 0 && annotations.isSet('redactKeys'))) return undefined;
  return {
    arguments: captures.includes('arguments'),
    results: captures.includes('results'),
    rules: { keys: new Set(keys.map(normaliseKey)) },
  };
};

const compileAccessLog = (
  field: PolicyField<AccessLogSpec> & { readonly collector?: Collector },
  gateway: string,
  expressions: Expressions,
): AccessLogPolicy | undefined => {
  const { policy, spec, collector } = field;
  const capture = compileCapture(new Annotations(field, 'frontend.accessLog', expressions));
  const filter = compileFilter(spec.filter, policy, 'frontend.accessLog', expressions);
  const attributes = compileAttributes(spec.attributes, policy, 'frontend.accessLog', expressions);
  if (filter === null) return undefined;
  return {
    policy,
    attributes,
    ...(filter === undefined ? {} : { filter }),
    ...(capture === undefined ? {} : { capture }),
    ...(spec.otlp === undefined ? {} : compileLogExport(field, spec.otlp, collector, gateway, expressions, filter)),
  };
};

/** The filter and the attributes of the access log, where it has none of its own. */
const compileLogExport = (
  { policy, spec }: PolicyField<AccessLogSpec>,
  otlp: NonNullable<AccessLogSpec['otlp']>,
  collector: Collector | undefined,
  gateway: string,
  expressions: Expressions,
  inherited: CelExpression | undefined,
): Pick<AccessLogPolicy, 'otlp'> => {
  const part = 'frontend.accessLog.otlp';
  const own = compileFilter(otlp.filter, policy, part, expressions);
  const attributes =
    otlp.attributes === undefined
      ? compileAttributes(spec.attributes, policy, 'frontend.accessLog', expressions)
      : compileAttributes(otlp.attributes, policy, part, expressions);
  // Without its filter it would export what was to be kept out.
  if (own === null || collector === undefined) return {};
  const filter = own ?? inherited;
  const resource = [{ name: 'service.name', value: gateway }];
  return { otlp: { policy, collector, resource, attributes, ...(filter === undefined ? {} : { filter }) } };
};

const compileMetrics = (
  { policy, spec }: PolicyField<MetricsSpec>,
  expressions: Expressions,
): readonly NamedExpression[] =>
  (spec.attributes.add ?? []).flatMap(({ name, expression }, index) => {
    const place = { policy, part: 'frontend.metrics', consequence: 'the label is left out' } as const;
    const problem = labelProblem(name);
    if (problem !== undefined) {
      expressions.fail({ ...place, field: `attributes.add[${index}].name` }, `${JSON.stringify(name)} ${problem}`);
      return [];
    }
    const compiled = expressions.compile(expression, { ...place, field: `attributes.add[${index}].expression` });
    return compiled === undefined ? [] : [{ name, expression: compiled }];
  });

const labelProblem = (name: string): string | undefined => {
  if (REQUEST_LABELS.has(name)) return 'is a label of the metrics already';
  return LABEL_NAME.test(name) && !name.startsWith('__') ? undefined : 'is no label name';
};

/**
 * Null: broken. A part without its filter would report what the filter was to keep out (spans), or lose what it was to let through (log
 * lines): tracing stops, and the access log falls back to the gateway's own.
 */
const compileFilter = (
  source: string | undefined,
  policy: string,
  part: string,
  expressions: Expressions,
): CelExpression | undefined | null => {
  if (source === undefined) return undefined;
  const consequence = FILTER_CONSEQUENCES[part] ?? 'requests are logged without this policy';
  // Without its export, the access log is still what it was.
  const fatal = part !== 'frontend.accessLog.otlp';
  return expressions.compile(source, { policy, part, field: 'filter', fatal, consequence }) ?? null;
};

const compileAttributes = (
  attributes: AttributesSpec | undefined,
  policy: string,
  part: string,
  expressions: Expressions,
): AttributeRules => ({
  add: (attributes?.add ?? []).flatMap(({ name, expression }, index) => {
    const field = `attributes.add[${index}].expression`;
    const compiled = expressions.compile(expression, { policy, part, field, consequence: LEFT_OUT });
    return compiled === undefined ? [] : [{ name, expression: compiled }];
  }),
  remove: new Set(attributes?.remove),
});

/** Constants become values; anything that cannot decide samples nothing. */
const compileSampling = (
  source: string | undefined,
  fallback: boolean,
  field: 'clientSampling' | 'randomSampling',
  policy: string,
  expressions: Expressions,
): Sampling => {
  if (source === undefined) return fallback;
  const place = { policy, part: 'frontend.tracing', field, consequence: 'taken as false' } as const;
  const expression = expressions.compile(source, place);
  if (expression === undefined) return false;
  const constant = constantValue(expression);
  if (constant === undefined) return expression;
  if ('error' in constant) {
    expressions.fail(place, constant.error);
    return false;
  }
  const { value } = constant;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'bigint' || typeof value === 'number') return Math.min(1, Math.max(0, Number(value) || 0));
  expressions.fail(place, 'neither true, false nor a probability');
  return false;
};

/** OpenTelemetry resource: expressions see no request, so that each yields one value for good. */
const compileResource = (
  { resources = [] }: TracingSpec,
  policy: string,
  gateway: string,
  expressions: Expressions,
): TracingPolicy['resource'] => {
  const values = new Map<string, TracingPolicy['resource'][number]>();
  for (const [index, { name, expression }] of resources.entries()) {
    const place = {
      policy,
      part: 'frontend.tracing',
      field: `resources[${index}].expression`,
      consequence: LEFT_OUT,
    } as const;
    const compiled = expressions.compile(expression, place);
    if (compiled === undefined) continue;
    const evaluated = toAttributeValue(compiled);
    if ('error' in evaluated) expressions.fail(place, evaluated.error);
    else values.set(name, { name, value: evaluated.value });
  }
  if (!values.has('service.name')) values.set('service.name', { name: 'service.name', value: gateway });
  return [...values.values()];
};
