import type { KindInfo } from '../api/kinds.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** Kinds that are applied for a Gateway. */
export const DEPLOYED_KINDS = {
  ServiceAccount: { group: '', kind: 'ServiceAccount', plural: 'serviceaccounts', versions: ['v1'] },
  Secret: { group: '', kind: 'Secret', plural: 'secrets', versions: ['v1'] },
  Service: { group: '', kind: 'Service', plural: 'services', versions: ['v1'] },
  Deployment: { group: 'apps', kind: 'Deployment', plural: 'deployments', versions: ['v1'] },
  PodDisruptionBudget: {
    group: 'policy',
    kind: 'PodDisruptionBudget',
    plural: 'poddisruptionbudgets',
    versions: ['v1'],
  },
  HorizontalPodAutoscaler: {
    group: 'autoscaling',
    kind: 'HorizontalPodAutoscaler',
    plural: 'horizontalpodautoscalers',
    versions: ['v2'],
  },
  Role: { group: RBAC, kind: 'Role', plural: 'roles', versions: ['v1'] },
  RoleBinding: { group: RBAC, kind: 'RoleBinding', plural: 'rolebindings', versions: ['v1'] },
  ClusterRoleBinding: {
    group: RBAC,
    kind: 'ClusterRoleBinding',
    plural: 'clusterrolebindings',
    versions: ['v1'],
    clusterScoped: true,
  },
} as const satisfies Record<string, KindInfo>;

export type DeployedKind = keyof typeof DEPLOYED_KINDS;

/** What Kubernetes does not collect with its Gateway: of another namespace, or of none. */
export const SWEPT_KINDS = ['ClusterRoleBinding', 'RoleBinding', 'Role'] as const satisfies readonly DeployedKind[];
