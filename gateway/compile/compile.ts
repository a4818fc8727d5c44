import { namespacedName } from '../../lib/api/kinds.ts';
import { policyStatus } from '../resolve/policy/status.ts';
import type { Resolution } from '../resolve/resolve.ts';
import type { ResolvedGateway, ResolvedListener } from '../resolve/resolved.ts';
import type { ObjectStatus } from '../resolve/status.ts';
import type { RouteLabels } from '../telemetry/labels.ts';
import { Expressions } from './expressions.ts';
import { deepFreeze } from './freeze.ts';
import { compileHostname, compileMatches } from './matches.ts';
import { compareHostnames } from './precedence.ts';
import type { Bind, Listener, Snapshot } from './snapshot.ts';
import { checkPolicy, compileTelemetry } from './telemetry.ts';

export interface Compilation {
  readonly snapshot: Snapshot;
  /** Those of the resolution, with what compiling found added to the policies. */
  readonly statuses: readonly ObjectStatus[];
}

/** Everything that requests need, looked up and parsed beforehand. Never fails: what cannot be compiled is left out and said in a status. */
export const compile = ({ resolved, statuses }: Resolution, version: number): Compilation => {
  const expressions = new Expressions();
  for (const policy of resolved.policies) checkPolicy(policy, expressions);
  const binds = new Map<number, Listener[]>();
  for (const gateway of resolved.gateways) {
    for (const listener of gateway.listeners) {
      const listeners = binds.get(listener.port) ?? [];
      listeners.push(compileListener(gateway, listener, expressions));
      binds.set(listener.port, listeners);
    }
  }
  const snapshot: Snapshot = {
    version,
    binds: [...binds]
      .sort(([a], [b]) => a - b)
      .map(
        ([port, listeners]): Bind => ({
          port,
          protocol: 'HTTP',
          listeners: listeners.sort((a, b) => compareHostnames(a.hostname, b.hostname)),
        }),
      ),
  };
  const policies = resolved.policies.map((policy) =>
    policyStatus({
      ...policy,
      errors: [...policy.errors, ...expressions.errorsOf(namespacedName(policy.policy.metadata))],
    }),
  );
  return {
    snapshot: deepFreeze(snapshot),
    statuses: [...statuses.filter(({ kind }) => kind !== 'AgentgatewayPolicy'), ...policies],
  };
};

const compileListener = (gateway: ResolvedGateway, listener: ResolvedListener, expressions: Expressions): Listener => {
  const name = namespacedName(gateway);
  const labels: RouteLabels = {
    bind: `${listener.port}/${name}`,
    gateway: name,
    listener: listener.name,
    route: undefined,
    routeRule: undefined,
  };
  return {
    hostname: compileHostname(listener.hostname),
    labels,
    telemetry: compileTelemetry(listener.frontend, gateway.name, expressions),
    matches: compileMatches(listener, labels),
  };
};
