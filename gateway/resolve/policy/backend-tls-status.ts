import { BACKEND_TLS_POLICY } from '../../../lib/api/backend-tls-policy.ts';
import { condition } from '../../../lib/api/conditions.ts';
import { KINDS } from '../../../lib/api/kinds.ts';
import { compareText } from '../../../lib/api/objects.ts';
import { type AncestorStatus, type ObjectStatus, withoutEffect } from '../status.ts';
import type { BackendTlsDraft, BackendTlsProblem } from './backend-tls.ts';
import { MAX_ANCESTORS } from './status.ts';

/** `namespace/name` of the Gateways whose requests come by a target of the policy. */
export const gatewaysOf = (
  { targets }: BackendTlsDraft,
  reach: ReadonlyMap<string, ReadonlySet<string>>,
): readonly string[] => [...new Set(targets.flatMap(({ service }) => [...reachOf(service, reach)]))].sort(compareText);

const reachOf = (service: string | undefined, reach: ReadonlyMap<string, ReadonlySet<string>>): ReadonlySet<string> =>
  reach.get(`${KINDS.Service.kind}/${service}`) ?? NONE;

const NONE: ReadonlySet<string> = new Set();

/**
 * One ancestor for each Gateway that leads to a target; no Gateway, no ancestor: another controller's may. Of more than there is room for,
 * the first by name are told of.
 */
export const backendTlsStatus = (
  draft: BackendTlsDraft,
  reach: ReadonlyMap<string, ReadonlySet<string>>,
  controllerName: string,
): ObjectStatus => {
  const { policy, targets, problem, unresolved } = draft;
  const { namespace = '', name, generation = 1 } = policy.metadata;
  const resolvedRefs = condition(
    unresolved?.condition ?? 'BackendTlsResolvedRefs',
    generation,
    unresolved === undefined ? undefined : unresolved.message,
  );
  const inert = withoutEffect(BACKEND_TLS_POLICY.properties.spec, policy.spec, generation);
  const ancestors = gatewaysOf(draft, reach).map((gateway): AncestorStatus => {
    const felt = targets.filter(({ service }) => service === undefined || reachOf(service, reach).has(gateway));
    const problems = [...felt.map((target) => target.problem), problem].filter((item) => item !== undefined);
    const [gatewayNamespace = '', gatewayName = ''] = gateway.split('/');
    return {
      ancestorRef: {
        group: KINDS.Gateway.group,
        kind: KINDS.Gateway.kind,
        namespace: gatewayNamespace,
        name: gatewayName,
      },
      controllerName,
      conditions: [acceptedOf(problems, generation), resolvedRefs, ...inert],
    };
  });
  return { kind: 'BackendTLSPolicy', namespace, name, ancestors: ancestors.slice(0, MAX_ANCESTORS) };
};

/** The first problem gives the reason, all are named. */
const acceptedOf = (problems: readonly BackendTlsProblem[], generation: number) => {
  const [first] = problems;
  return first === undefined
    ? condition('BackendTlsAccepted', generation)
    : condition(first.condition, generation, [...new Set(problems.map(({ message }) => message))].join('; '));
};
