import { condition, isHappy } from '../../../lib/api/conditions.ts';
import { GROUPS, KINDS } from '../../../lib/api/kinds.ts';
import type { PolicyError, ResolvedPolicy } from '../resolved.ts';
import type { AncestorStatus, ObjectStatus } from '../status.ts';

/** Stands for targets that are not there, which cannot be ancestors. Source: the compatible system. */
const SUMMARY = { group: GROUPS.agentgateway, name: 'StatusSummary' } as const;

/** Gateway API, PolicyStatus. */
export const MAX_ANCESTORS = 16;

const SECTIONS = ['frontend', 'traffic', 'backend'] as const;

/**
 * The status of a policy. A part that fails as a whole leaves the others in force: the policy is invalid only when none is
 * left.
 */
export const policyStatus = ({
  policy,
  controllerName,
  gateways,
  unattached,
  errors,
}: ResolvedPolicy): ObjectStatus => {
  const generation = policy.metadata.generation ?? 1;
  const parts = SECTIONS.flatMap((section) =>
    Object.keys(policy.spec[section] ?? {}).map((name) => `${section}.${name}`),
  );
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
    return { ancestorRef, controllerName, conditions: [accepted, attached] };
  };
  const ancestors = gateways.map((gateway) => {
    const [namespace = '', name = ''] = gateway.split('/');
    return ancestor(
      { group: KINDS.Gateway.group, kind: KINDS.Gateway.kind, namespace, name },
      errors.filter((error) => error.gateway === undefined || error.gateway === gateway),
    );
  });
  if (unattached.length > 0) {
    const general = errors.filter((error) => error.gateway === undefined);
    ancestors.push(ancestor(SUMMARY, general, unattached.join('; ')));
  }
  const { namespace = '', name } = policy.metadata;
  return { kind: 'AgentgatewayPolicy', namespace, name, ancestors: summarize(ancestors, generation) };
};

/** Gateway API, PolicyStatus: 16 ancestors at most. One stands for all then: the first that is not as it should be, if any. */
const summarize = (ancestors: readonly AncestorStatus[], generation: number): readonly AncestorStatus[] => {
  if (ancestors.length <= MAX_ANCESTORS) return ancestors;
  const { controllerName, conditions } =
    ancestors.find((item) => !item.conditions.every(isHappy)) ?? (ancestors[0] as AncestorStatus);
  const summarized = condition('PolicyStatusSummarized', generation, `The policy reaches ${ancestors.length} Gateways`);
  return [{ ancestorRef: SUMMARY, controllerName, conditions: [...conditions, summarized] }];
};
