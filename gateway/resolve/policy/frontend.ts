import type { FrontendSpec } from '../../../lib/api/agentgateway/frontend.ts';
import { DEFAULT_NAMESPACE, namespacedName, type ObjectMeta } from '../../../lib/api/kinds.ts';
import type { FrontendPolicy, PolicyError } from '../resolved.ts';
import { type CollectorContext, resolveCollector } from './collector.ts';

/** Fields that keep connections out, and are not served. */
const GUARDS = ['networkAuthorization'] as const;

export interface FrontendResolution {
  readonly frontend: FrontendPolicy;
  readonly errors: readonly PolicyError[];
  /** `Kind/namespace/name` of the objects that stand for collectors. */
  readonly collectors: readonly string[];
}

export const resolveFrontend = (
  spec: FrontendSpec | undefined,
  metadata: ObjectMeta,
  context: CollectorContext,
): FrontendResolution => {
  if (spec === undefined) return { frontend: {}, errors: [], collectors: [] };
  const { namespace = DEFAULT_NAMESPACE, annotations } = metadata;
  const policy = namespacedName(metadata);
  const { tracing, accessLog, metrics } = spec;
  const guards = frontendGuards(spec);
  const spans = tracing && resolveCollector(tracing, 'traces', namespace, context);
  const records = accessLog?.otlp && resolveCollector(accessLog.otlp, 'logs', namespace, context);
  const parts = [
    { part: 'frontend.tracing', fatal: true, found: spans },
    { part: 'frontend.accessLog.otlp', fatal: false, found: records },
  ];
  return {
    frontend: {
      ...(tracing === undefined || spans === undefined || 'message' in spans
        ? {}
        : { tracing: { policy, spec: tracing, annotations, collector: spans.collector } }),
      ...(accessLog === undefined
        ? {}
        : {
            accessLog: {
              ...{ policy, spec: accessLog, annotations },
              ...(records === undefined || 'message' in records ? {} : { collector: records.collector }),
            },
          }),
      ...(metrics === undefined ? {} : { metrics: { policy, spec: metrics } }),
      ...(guards.length === 0 ? {} : { refusal: { policy, spec: `frontend.${guards[0]} is not supported` } }),
    },
    errors: parts.flatMap(({ part, fatal, found }) =>
      found !== undefined && 'message' in found
        ? [{ part, fatal, field: `${part}.${found.field}`, message: found.message }]
        : [],
    ),
    collectors: [spans?.refersTo, records?.refersTo].filter((name) => name !== undefined),
  };
};

export const frontendGuards = (spec: FrontendSpec): readonly string[] =>
  GUARDS.filter((name) => spec[name] !== undefined);
