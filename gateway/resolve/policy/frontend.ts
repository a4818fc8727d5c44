import type { FrontendSpec } from '../../../lib/api/agentgateway/frontend.ts';
import { DEFAULT_NAMESPACE, namespacedName, type ObjectMeta } from '../../../lib/api/kinds.ts';
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
  const rest: FrontendPolicy = {
    ...(accessLog === undefined ? {} : { accessLog: { policy, spec: accessLog, annotations } }),
    ...(metrics === undefined ? {} : { metrics: { policy, spec: metrics } }),
    ...(guards.length === 0 ? {} : { refusal: { policy, spec: `frontend.${guards[0]} is not supported` } }),
  };
  if (tracing === undefined) return { frontend: rest, errors: [] };
  const collector = resolveCollector(tracing, namespace, context);
  if (!('message' in collector))
    return { frontend: { tracing: { policy, spec: tracing, annotations, collector }, ...rest }, errors: [] };
  const field = `frontend.tracing.${collector.field}`;
  return { frontend: rest, errors: [{ part: 'frontend.tracing', fatal: true, field, message: collector.message }] };
};

export const frontendGuards = (spec: FrontendSpec): readonly string[] =>
  GUARDS.filter((name) => spec[name] !== undefined);
