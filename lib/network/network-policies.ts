import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Arrow, Member } from './arrows.ts';
import { policyOf } from './policy.ts';

export interface NetworkPolicyOptions {
  /**
   * Ports on which the Kubernetes API may be reached: policies see its address as it is after its Service's has been translated, and that is
   * known only in the cluster.
   *
   * @default [443, 6443, 8443, 16443]
   */
  readonly apiPorts?: readonly number[];
}

export interface NetworkPoliciesProps extends NetworkPolicyOptions {
  /** Whose traffic is confined. */
  readonly members: readonly Member[];
  /** All that they may say to one another. */
  readonly arrows: readonly Arrow[];
}

/** As the distributions of Kubernetes have it. */
const API_PORTS = [443, 6443, 8443, 16_443];
const API_VERSION = 'networking.k8s.io/v1';

/**
 * A NetworkPolicy for the pods of each member. They take effect where the cluster's network enforces them, and only add up: a policy of yours
 * for the same pods allows more. Source: Kubernetes, Network Policies.
 */
export class NetworkPolicies extends Construct {
  constructor(scope: Construct, id: string, { members, arrows, apiPorts = API_PORTS }: NetworkPoliciesProps) {
    super(scope, id);
    for (const member of members) {
      const { name, namespace } = member.pods;
      new ApiObject(this, `${namespace}-${name}`, {
        apiVersion: API_VERSION,
        kind: 'NetworkPolicy',
        metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'tooltrail' } },
        spec: policyOf(member, arrows, apiPorts),
      });
    }
    this.node.addValidation({
      validate: () =>
        apiPorts.every((port) => Number.isInteger(port) && port >= 1 && port <= 65_535)
          ? []
          : [`apiPorts: ${apiPorts.join(', ')}: ports are whole numbers from 1 to 65535`],
    });
  }
}
