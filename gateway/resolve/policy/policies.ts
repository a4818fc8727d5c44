import { AGENTGATEWAY_POLICY, type AgentgatewayPolicy } from '../../../lib/api/agentgateway/policy.ts';
import { KINDS, namespacedName } from '../../../lib/api/kinds.ts';
import { compareText } from '../../../lib/api/objects.ts';
import { inertFields } from '../../../lib/api/schema.ts';
import { type ConnectionFields, connectionGuards, resolveConnection } from '../backend/connection.ts';
import type { BackendTlsContext } from '../backend/tls.ts';
import type { PolicyError, ResolvedPolicy } from '../resolved.ts';
import type { BackendTlsPolicies } from './backend-tls.ts';
import type { CollectorContext } from './collector.ts';
import { frontendGuards, resolveFrontend } from './frontend.ts';
import type { Levels, PolicyParts } from './levels.ts';
import { type PolicyTarget, type TargetObjects, Targets } from './targets.ts';
import { guardsOf, NO_TRAFFIC, resolveTraffic } from './traffic.ts';

export interface PolicyContext extends CollectorContext, BackendTlsContext, TargetObjects {
  readonly levels: Levels;
  readonly backendTls: BackendTlsPolicies;
}

/** A policy on its way: which Gateways it reaches is known when all routes are attached. */
export interface PolicyDraft {
  readonly policy: AgentgatewayPolicy;
  readonly targets: readonly PolicyTarget[];
  readonly unattached: readonly string[];
  readonly errors: readonly PolicyError[];
  /** `Kind/namespace/name` of the objects that stand for its collectors. */
  readonly collectors: readonly string[];
}

/** Takes the policies oldest first, and adds what they say to the levels. */
export const resolvePolicies = (
  policies: readonly AgentgatewayPolicy[],
  context: PolicyContext,
): readonly PolicyDraft[] => {
  const index = new Targets(context);
  const known = policies.map((policy) => {
    const { targets, unattached } = index.of(policy);
    const connection = resolveConnection(policy.spec.backend, policy.metadata.namespace ?? '', context);
    const parts = { frontend: {}, traffic: NO_TRAFFIC, connection };
    const lost = addTo(context.levels, policy, targets, parts);
    const overruled = connection.tls === undefined ? [] : overruledTls(targets, context.backendTls);
    return { policy, targets, unattached, connection, lost: [...lost, ...overruled] };
  });
  // Collectors are reached as policies of their Services say: those have to be known by now.
  return known.map(({ policy, targets, unattached, connection, lost }) => {
    const { frontend, errors, collectors } = resolveFrontend(policy.spec.frontend, policy.metadata, context);
    const traffic = resolveTraffic(policy.spec.traffic, namespacedName(policy.metadata));
    const others = addTo(context.levels, policy, targets, { frontend, traffic, connection: {} });
    return {
      ...{ policy, targets, unattached, collectors },
      errors: [...errors, ...connectionErrors(connection), ...withoutEffect(policy.spec), ...others, ...lost],
    };
  });
};

/** @returns what older policies have set. */
const addTo = (
  levels: Levels,
  { metadata }: AgentgatewayPolicy,
  targets: readonly PolicyTarget[],
  parts: PolicyParts,
): readonly PolicyError[] =>
  targets.flatMap((target) =>
    levels.add(target.kind, target.name, target.section, namespacedName(metadata), parts).map(
      ({ part, winner }): PolicyError => ({
        part,
        fatal: true,
        field: part,
        message: `AgentgatewayPolicy ${winner}, which goes first, sets it for ${describe(target)}`,
        ...(target.kind === 'Gateway' ? { gateway: target.name } : {}),
      }),
    ),
  );

/** What the Gateway API's own policy says of a Service goes before ours. */
const overruledTls = (targets: readonly PolicyTarget[], backendTls: BackendTlsPolicies): readonly PolicyError[] =>
  targets.flatMap((target) => {
    const winner = target.kind === KINDS.Service.kind ? backendTls.policyOf(target.name, target.section) : undefined;
    if (winner === undefined) return [];
    const message = `BackendTLSPolicy ${winner}, which goes first, is in force for ${describe(target)}`;
    return [{ part: 'backend.tls', fatal: true, field: 'backend.tls', message }];
  });

const describe = ({ kind, name, section }: PolicyTarget): string => {
  if (section === undefined) return `${kind} ${name}`;
  if (kind === 'Gateway') {
    return section.startsWith(':')
      ? `port ${section.slice(1)} of ${kind} ${name}`
      : `listener ${section} of ${kind} ${name}`;
  }
  return `${section} of ${kind} ${name}`;
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

const withoutEffect = (spec: AgentgatewayPolicy['spec']): readonly PolicyError[] => {
  const guards = [
    ...(spec.frontend === undefined ? [] : frontendGuards(spec.frontend)).map((name) => `frontend.${name}`),
    ...(spec.traffic === undefined ? [] : guardsOf(spec.traffic)).map((name) => `traffic.${name}`),
    ...(spec.backend === undefined ? [] : connectionGuards(spec.backend)).map((name) => `backend.${name}`),
  ];
  return inertFields(AGENTGATEWAY_POLICY.properties.spec, spec).map(({ path, reason }) => {
    const part = path.split(/[.[]/, 2).join('.');
    return {
      part,
      fatal: path === part,
      field: path,
      message: guards.some((guard) => path === guard || path.startsWith(`${guard}.`))
        ? `is not supported, so requests are refused: ${reason}`
        : `has no effect: ${reason}`,
    };
  });
};

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
