import { condition } from '../../../lib/api/conditions.ts';
import { CONTROLLER_NAME, GROUPS, KINDS } from '../../../lib/api/kinds.ts';
import type { PolicyError, ResolvedPolicy } from '../resolved.ts';
import type { AncestorStatus, ObjectStatus } from '../status.ts';

/** Stands for targets that are not there, which cannot be ancestors. Source: the compatible system. */
const SUMMARY = { group: GROUPS.agentgateway, name: 'StatusSummary' } as const;

/**
 * The status of a policy. A part of `frontend` that fails as a whole leaves the others in force: the policy is invalid only when none is
 * left.
 */
export const policyStatus = ({ policy, gateways, unattached, errors }: ResolvedPolicy): ObjectStatus => {
  const generation = policy.metadata.generation ?? 1;
  const parts = Object.keys(policy.spec.frontend);
  const ancestor = (
    ancestorRef: AncestorStatus['ancestorRef'],
    relevant: readonly PolicyError[],
    missing?: string,
  ): AncestorStatus => {
    const failed = new Set(relevant.filter((error) => error.fatal).map((error) => error.part));
    const invalid = parts.length > 0 && failed.size >= parts.length;
    const message = relevant.map((error) => `${error.field}: ${error.message}`).join('; ');
    const accepted =
      relevant.length === 0
        ? condition('PolicyAccepted', generation)
        : condition(invalid ? 'PolicyInvalid' : 'PolicyPartiallyValid', generation, message);
    const attached =
      missing !== undefined
        ? condition('PolicyNotAttached', generation, `Policy is not attached: ${missing}`)
        : condition(invalid ? 'PolicyNotAttached' : 'PolicyAttached', generation);
    return { ancestorRef, controllerName: CONTROLLER_NAME, conditions: [accepted, attached] };
  };
  const ancestors = gateways.map((name) =>
    ancestor(
      { group: KINDS.Gateway.group, kind: KINDS.Gateway.kind, namespace: policy.metadata.namespace ?? '', name },
      errors.filter((error) => error.gateway === undefined || error.gateway === name),
    ),
  );
  if (unattached.length > 0) {
    const general = errors.filter((error) => error.gateway === undefined);
    ancestors.push(ancestor(SUMMARY, general, unattached.join('; ')));
  }
  const { namespace = '', name } = policy.metadata;
  return { kind: 'AgentgatewayPolicy', namespace, name, ancestors };
};
