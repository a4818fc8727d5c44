import type { AgentgatewayPolicy, TargetReference } from '../../../lib/api/agentgateway.ts';
import { KINDS, namespacedName } from '../../../lib/api/kinds.ts';
import type { GatewayState } from '../gateways.ts';
import type { FrontendFieldName, FrontendPolicy, PolicyError, ResolvedPolicy } from '../resolved.ts';
import { type CollectorContext, resolveCollector } from './collector.ts';

export interface PolicyContext extends CollectorContext {
  /** Ours, by `namespace/name`. */
  readonly gateways: ReadonlyMap<string, GatewayState>;
  /** Every Gateway there is; absent if there may be others. */
  readonly allGateways: ReadonlySet<string> | undefined;
}

export interface PolicyResolution {
  readonly policies: readonly ResolvedPolicy[];
  frontendOf(gateway: string, listener: string): FrontendPolicy;
}

const PARTS = ['tracing', 'accessLog', 'metrics'] as const satisfies readonly FrontendFieldName[];

/** Takes the policies oldest first. Each field of `frontend` is taken whole: a listener's before its Gateway's, the oldest of equals. */
export const resolvePolicies = (policies: readonly AgentgatewayPolicy[], context: PolicyContext): PolicyResolution => {
  const levels = new Map<string, FrontendPolicy>();
  const resolved = policies.map((policy) => resolvePolicy(policy, context, levels));
  return {
    policies: resolved,
    frontendOf: (gateway, listener) => ({ ...levels.get(level(gateway)), ...levels.get(level(gateway, listener)) }),
  };
};

const level = (gateway: string, listener = ''): string => `${gateway}#${listener}`;

const resolvePolicy = (
  policy: AgentgatewayPolicy,
  context: PolicyContext,
  levels: Map<string, FrontendPolicy>,
): ResolvedPolicy => {
  const gateways = new Set<string>();
  const unattached: string[] = [];
  const parts = resolveParts(policy, context);
  const errors: PolicyError[] = [...parts.errors];
  const reached = new Set<string>();
  for (const target of policy.spec.targetRefs) {
    const found = findTarget(policy, target, context);
    if (found === undefined) continue;
    if (typeof found === 'string') {
      unattached.push(found);
      continue;
    }
    gateways.add(target.name);
    const name = namespacedName(found.gateway.metadata);
    const place = level(name, target.sectionName);
    if (reached.has(place)) continue;
    reached.add(place);
    const { merged, lost } = merge(levels.get(place) ?? {}, parts.frontend);
    levels.set(place, merged);
    for (const { part, winner } of lost) {
      const where =
        target.sectionName === undefined ? `Gateway ${name}` : `listener ${target.sectionName} of Gateway ${name}`;
      errors.push({
        part,
        fatal: true,
        field: `frontend.${part}`,
        message: `AgentgatewayPolicy ${winner}, which goes first, sets it for ${where}`,
        gateway: target.name,
      });
    }
  }
  return { policy, gateways: [...gateways], unattached, errors };
};

/** Undefined: another controller's Gateway. A string: why there is nothing to attach to. */
const findTarget = (
  { metadata }: AgentgatewayPolicy,
  { group, kind, name, sectionName }: TargetReference,
  { gateways, allGateways }: PolicyContext,
): GatewayState | string | undefined => {
  if (group !== KINDS.Gateway.group || kind !== KINDS.Gateway.kind) return `${kind} of ${group} is not supported`;
  const fullName = `${metadata.namespace}/${name}`;
  const state = gateways.get(fullName);
  if (state === undefined) return allGateways?.has(fullName) === true ? undefined : `Gateway ${fullName} not found`;
  if (sectionName !== undefined && !state.listeners.some(({ spec }) => spec.name === sectionName)) {
    return `Gateway ${fullName} has no listener ${sectionName}`;
  }
  return state;
};

const resolveParts = (
  { metadata, spec }: AgentgatewayPolicy,
  context: CollectorContext,
): { readonly frontend: FrontendPolicy; readonly errors: readonly PolicyError[] } => {
  const policy = namespacedName(metadata);
  const { tracing, accessLog, metrics } = spec.frontend;
  const rest: FrontendPolicy = {
    ...(accessLog === undefined ? {} : { accessLog: { policy, spec: accessLog } }),
    ...(metrics === undefined ? {} : { metrics: { policy, spec: metrics } }),
  };
  if (tracing === undefined) return { frontend: rest, errors: [] };
  const collector = resolveCollector(tracing, metadata.namespace ?? '', context);
  if (!('message' in collector))
    return { frontend: { tracing: { policy, spec: tracing, collector }, ...rest }, errors: [] };
  const field = `frontend.tracing.${collector.field}`;
  return { frontend: rest, errors: [{ part: 'tracing', fatal: true, field, message: collector.message }] };
};

const merge = (
  older: FrontendPolicy,
  younger: FrontendPolicy,
): {
  readonly merged: FrontendPolicy;
  readonly lost: readonly { readonly part: FrontendFieldName; readonly winner: string }[];
} => ({
  merged: { ...younger, ...older },
  lost: PARTS.flatMap((part) => {
    const winner = older[part]?.policy;
    return winner !== undefined && younger[part] !== undefined ? [{ part, winner }] : [];
  }),
});
