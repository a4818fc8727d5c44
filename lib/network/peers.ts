import type { INetworkPolicyPeer } from 'kubernetes-models/networking.k8s.io/v1';

/** Pods by their labels. */
export interface Pods {
  /** What is said of them in the policy's name. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Absent: those of all namespaces. */
  readonly namespace?: string;
}

/** Label that Kubernetes gives every namespace. */
const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

export const peerOf = ({ labels, namespace }: Pods): INetworkPolicyPeer => ({
  // An empty map is not kept: each apply would change the object.
  podSelector: Object.keys(labels).length === 0 ? {} : { matchLabels: { ...labels } },
  namespaceSelector: namespace === undefined ? {} : { matchLabels: { [NAMESPACE_NAME]: namespace } },
});
