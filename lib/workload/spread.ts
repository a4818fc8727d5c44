/** Pods with these labels keep apart, as far as the cluster allows. Kubernetes' own default lets three of a kind stand on one node. */
export const spreadConstraints = (labels: Readonly<Record<string, string>>) =>
  ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway' as const,
    labelSelector: { matchLabels: { ...labels } },
  }));
