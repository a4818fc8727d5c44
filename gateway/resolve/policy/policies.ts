import { AGENTGATEWAY_POLICY, type AgentgatewayPolicy } from '../../../lib/api/agentgateway/policy.ts';
import { namespacedName } from '../../../lib/api/kinds.ts';
import { compareText } from '../../../lib/api/objects.ts';
import { inertFields } from '../../../lib/api/schema.ts';
import { type ConnectionFields, connectionGuards, resolveConnection } from '../backend/connection.ts';
import type { BackendTlsContext } from '../backend/tls.ts';
import type { PolicyError, ResolvedPolicy } from '../resolved.ts';
import type { CollectorContext } from './collector.ts';
import { frontendGuards, resolveFrontend } from './frontend.ts';
import { Levels, type PolicyParts } from './levels.ts';
import { type PolicyTarget, type TargetObjects, Targets } from './targets.ts';
import { guardsOf, resolveTraffic } from './traffic.ts';

export interface PolicyContext extends CollectorContext, BackendTlsContext, TargetObjects {}

/** A policy on its way: which Gateways it reaches is known when all routes are attached. */
export interface PolicyDraft {
  readonly policy: AgentgatewayPolicy;
  readonly targets: readonly PolicyTarget[];
  readonly unattached: readonly string[];
  readonly errors: readonly PolicyError[];
}

export interface PolicyResolution {
  readonly levels: Levels;
  readonly drafts: readonly PolicyDraft[];
}

/** Takes the policies oldest first. */
export const resolvePolicies = (policies: readonly AgentgatewayPolicy[], context: PolicyContext): PolicyResolution => {
  const levels = new Levels();
  const targets = new Targets(context);
  return { levels, drafts: policies.map((policy) => resolvePolicy(policy, targets, levels, context)) };
};

const resolvePolicy = (
  policy: AgentgatewayPolicy,
  index: Targets,
  levels: Levels,
  context: PolicyContext,
): PolicyDraft => {
  const name = namespacedName(policy.metadata);
  const { targets, unattached } = index.of(policy);
  const { parts, errors } = resolveParts(policy, context);
  const lost = targets.flatMap((target) =>
    levels.add(target.kind, target.name, target.section, name, parts).map(
      ({ part, winner }): PolicyError => ({
        part,
        fatal: true,
        field: part,
        message: `AgentgatewayPolicy ${winner}, which goes first, sets it for ${describe(target)}`,
        ...(target.kind === 'Gateway' ? { gateway: target.name } : {}),
      }),
    ),
  );
  return { policy, targets, unattached, errors: [...errors, ...lost] };
};

const describe = ({ kind, name, section }: PolicyTarget): string => {
  if (section === undefined) return `${kind} ${name}`;
  if (kind === 'Gateway') {
    return section.startsWith(':')
      ? `port ${section.slice(1)} of ${kind} ${name}`
      : `listener ${section} of ${kind} ${name}`;
  }
  return `${section} of ${kind} ${name}`;
};

const resolveParts = (
  { metadata, spec }: AgentgatewayPolicy,
  context: PolicyContext,
): { readonly parts: PolicyParts; readonly errors: readonly PolicyError[] } => {
  const policy = namespacedName(metadata);
  const namespace = metadata.namespace ?? '';
  const { frontend, errors } = resolveFrontend(spec.frontend, metadata, context);
  const traffic = resolveTraffic(spec.traffic, policy);
  const connection = resolveConnection(spec.backend, namespace, context);
  const guards = new Set([
    ...(spec.frontend === undefined ? [] : frontendGuards(spec.frontend)).map((name) => `frontend.${name}`),
    ...(spec.traffic === undefined ? [] : guardsOf(spec.traffic)).map((name) => `traffic.${name}`),
    ...(spec.backend === undefined ? [] : connectionGuards(spec.backend)).map((name) => `backend.${name}`),
  ]);
  return {
    parts: { frontend, traffic, connection },
    errors: [...errors, ...connectionErrors(connection), ...withoutEffect(spec, guards)],
  };
};

const connectionErrors = (connection: ConnectionFields): readonly PolicyError[] =>
  Object.entries(connection).flatMap(([name, field]) =>
    'problem' in field && name !== 'guard'
      ? [
          {
            part: `backend.${name}`,
            fatal: true,
            field: `backend.${name}`,
            message: `${field.problem}; requests are refused`,
          },
        ]
      : [],
  );

const withoutEffect = (spec: AgentgatewayPolicy['spec'], guards: ReadonlySet<string>): readonly PolicyError[] =>
  inertFields(AGENTGATEWAY_POLICY.properties.spec, spec).map(({ path, reason }) => {
    const part = path.split(/[.[]/, 2).join('.');
    return {
      part,
      fatal: path === part,
      field: path,
      message: [...guards].some((guard) => path === guard || path.startsWith(`${guard}.`))
        ? `is not supported, so requests are refused: ${reason}`
        : `has no effect: ${reason}`,
    };
  });

/** @param reach the Gateways, by `Kind/namespace/name` of what leads to them or stands behind them */
export const finishPolicy = (
  { policy, targets, unattached, errors }: PolicyDraft,
  reach: ReadonlyMap<string, ReadonlySet<string>>,
  controllerName: string,
): ResolvedPolicy => {
  const gateways = new Set<string>();
  const idle: string[] = [];
  for (const { kind, name } of targets) {
    const reached = reach.get(`${kind}/${name}`) ?? new Set<string>();
    for (const gateway of reached) gateways.add(gateway);
    if (reached.size === 0) idle.push(`no Gateway leads to ${kind} ${name}`);
  }
  return {
    policy,
    controllerName,
    gateways: [...gateways].sort(compareText),
    unattached: [...unattached, ...idle],
    errors,
  };
};
