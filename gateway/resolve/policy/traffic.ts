import type { TrafficSpec } from '../../../lib/api/agentgateway/traffic.ts';
import type { PolicyField } from './field.ts';

/** Fields of `traffic` that are served. */
export const TRAFFIC_FIELDS = [
  'timeouts',
  'retry',
  'cors',
  'headerModifiers',
  'hostRewrite',
  'directResponse',
  'rateLimit',
  'authorization',
  'transformation',
] as const;

/** Fields that let requests in or keep them out, and are not served: whoever sets one must not find the door open. */
const GUARDS = [
  'jwtAuthentication',
  'basicAuthentication',
  'apiKeyAuthentication',
  'extAuth',
  'extProc',
  'csrf',
] as const;

type TrafficFieldName = (typeof TRAFFIC_FIELDS)[number];

/** What policies say of a rule's requests, each field from the most specific and oldest one that sets it. */
export type TrafficPolicy = {
  readonly [K in Exclude<TrafficFieldName, 'authorization'>]?: PolicyField<NonNullable<TrafficSpec[K]>>;
} & {
  /** Of all levels: rules add up. */
  readonly authorization?: readonly PolicyField<NonNullable<TrafficSpec['authorization']>>[];
  /** Set when the requests are guarded by something that is not served: why they are refused. */
  readonly refusal?: PolicyField<string>;
};

export const NO_TRAFFIC: TrafficPolicy = {};

/** @param policy `namespace/name` */
export const resolveTraffic = (spec: TrafficSpec | undefined, policy: string): TrafficPolicy => {
  if (spec === undefined) return NO_TRAFFIC;
  const fields: Record<string, unknown> = {};
  for (const name of TRAFFIC_FIELDS) {
    if (spec[name] === undefined) continue;
    const field = { policy, spec: spec[name] };
    fields[name] = name === 'authorization' ? [field] : field;
  }
  const guards = guardsOf(spec);
  if (guards.length > 0) fields.refusal = { policy, spec: `traffic.${guards[0]} is not supported` };
  return fields;
};

export const guardsOf = (spec: TrafficSpec): readonly string[] => GUARDS.filter((name) => spec[name] !== undefined);

/** The second goes before the first. */
export const mergeTraffic = (low: TrafficPolicy, high: TrafficPolicy): TrafficPolicy => {
  if (low === NO_TRAFFIC) return high;
  if (high === NO_TRAFFIC) return low;
  const merged = { ...low, ...high };
  if (low.authorization === undefined || high.authorization === undefined) return merged;
  return { ...merged, authorization: [...low.authorization, ...high.authorization] };
};
