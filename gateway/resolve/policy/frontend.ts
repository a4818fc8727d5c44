import type { CollectorSpec, FrontendSpec } from '../../../lib/api/agentgateway/frontend.ts';
import { DEFAULT_NAMESPACE, namespacedName, type ObjectMeta } from '../../../lib/api/kinds.ts';
import type { Collector } from '../../telemetry/policy.ts';
import type { FrontendPolicy, PolicyError } from '../resolved.ts';
import { type CollectorContext, resolveCollector } from './collector.ts';

/** Fields that keep connections out, and are not served. */
const GUARDS = ['networkAuthorization'] as const;

export const resolveFrontend = (
  spec: FrontendSpec | undefined,
  metadata: ObjectMeta,
  context: CollectorContext,
): { readonly frontend: FrontendPolicy; readonly errors: readonly PolicyError[] } => {
  if (spec === undefined) return { frontend: {}, errors: [] };
  const { namespace = DEFAULT_NAMESPACE, annotations } = metadata;
  const policy = namespacedName(metadata);
  const { tracing, accessLog, metrics } = spec;
  const guards = frontendGuards(spec);
  const part = (name: string, value: CollectorSpec, signal: 'traces' | 'logs'): Collector | PolicyError => {
    const collector = resolveCollector(value, signal, namespace, context);
    if (!('message' in collector)) return collector;
    const fatal = signal === 'traces';
    return { part: name, fatal, field: `${name}.${collector.field}`, message: collector.message };
  };
  const spans = tracing && part('frontend.tracing', tracing, 'traces');
  const records = accessLog?.otlp && part('frontend.accessLog.otlp', accessLog.otlp, 'logs');
  const log = records === undefined || 'message' in records ? {} : { collector: records };
  return {
    frontend: {
      ...(tracing === undefined || spans === undefined || 'message' in spans
        ? {}
        : { tracing: { policy, spec: tracing, annotations, collector: spans } }),
      ...(accessLog === undefined ? {} : { accessLog: { policy, spec: accessLog, annotations, ...log } }),
      ...(metrics === undefined ? {} : { metrics: { policy, spec: metrics } }),
      ...(guards.length === 0 ? {} : { refusal: { policy, spec: `frontend.${guards[0]} is not supported` } }),
    },
    errors: [spans, records].filter((each) => each !== undefined && 'message' in each),
  };
};

export const frontendGuards = (spec: FrontendSpec): readonly string[] =>
  GUARDS.filter((name) => spec[name] !== undefined);
