import { namespacedName } from '../../lib/api/kinds.ts';
import { compareText } from '../../lib/api/objects.ts';
import { policyStatus } from '../resolve/policy/status.ts';
import type { Resolution } from '../resolve/resolve.ts';
import type { ResolvedGateway, ResolvedListener } from '../resolve/resolved.ts';
import type { ObjectStatus } from '../resolve/status.ts';
import type { RouteLabels } from '../telemetry/labels.ts';
import { Expressions } from './expressions.ts';
import { deepFreeze } from './freeze.ts';
import { indexListeners } from './listeners.ts';
import { checkTraffic } from './policy/policy.ts';
import { compileHostname } from './routes/match.ts';
import { compileMatches } from './routes/matches.ts';
import { RouteParts } from './routes/parts.ts';
import { compareHostnames } from './routes/precedence.ts';
import { routeTable } from './routes/table.ts';
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
  for (const policy of resolved.policies) {
    checkPolicy(policy, expressions);
    checkTraffic(policy.policy, expressions);
  }
  const snapshot: Snapshot = { version, binds: compileBinds(resolved.gateways, expressions) };
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

/** One for each address and port; listeners that share them have the same protocol. */
const compileBinds = (gateways: readonly ResolvedGateway[], expressions: Expressions): readonly Bind[] => {
  const parts = new RouteParts(expressions);
  const binds = new Map<string, Omit<Bind, 'byHostname'> & { readonly listeners: Listener[] }>();
  for (const gateway of gateways) {
    for (const listener of gateway.listeners) {
      const compiled = compileListener(gateway, listener, expressions, parts);
      const { port, protocol } = listener;
      for (const address of gateway.addresses.length === 0 ? [undefined] : gateway.addresses) {
        const key = `${address ?? ''} ${port}`;
        const bind = binds.get(key) ?? { ...(address === undefined ? {} : { address }), port, protocol, listeners: [] };
        bind.listeners.push(compiled);
        binds.set(key, bind);
      }
    }
  }
  for (const { listeners } of binds.values()) listeners.sort((a, b) => compareHostnames(a.hostname, b.hostname));
  return [...binds.values()]
    .map((bind) => ({ ...bind, byHostname: indexListeners(bind.listeners) }))
    .sort((a, b) => a.port - b.port || compareText(a.address ?? '', b.address ?? ''));
};

const compileListener = (
  gateway: ResolvedGateway,
  listener: ResolvedListener,
  expressions: Expressions,
  parts: RouteParts,
): Listener => {
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
    ...(listener.certificates.length === 0 ? {} : { certificates: listener.certificates }),
    routes: routeTable(compileMatches(listener, labels, parts)),
  };
};
