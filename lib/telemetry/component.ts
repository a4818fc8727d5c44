import { createHash } from 'node:crypto';
import { ApiObject, JsonPatch } from 'cdk8s';
import type { Construct } from 'constructs';

/** Who a part of the stack is: namespace, name of its objects, and the labels by which others find it. */
export interface Component {
  readonly namespace: string;
  /** Name of every object of the part. */
  readonly name: string;
  /** `app.kubernetes.io/name`. */
  readonly app: string;
  /** `app.kubernetes.io/instance`: the release that a chart would have had. */
  readonly instance: string;
  /** `app.kubernetes.io/component`: which of several parts of that name. */
  readonly role?: string;
}

/** Labels that select the pods of a part; immutable in a workload. */
export const selectorOf = ({ app, instance, role }: Component): Record<string, string> => ({
  'app.kubernetes.io/name': app,
  'app.kubernetes.io/instance': instance,
  ...(role === undefined ? {} : { 'app.kubernetes.io/component': role }),
});

export const metadataOf = (component: Component, name: string = component.name) => ({
  name,
  namespace: component.namespace,
  labels: { ...selectorOf(component), 'app.kubernetes.io/managed-by': 'tooltrail' },
});

/** Writes one object; the construct's id is its kind, with `suffix` where a part has several of one kind. */
export const write = (
  scope: Construct,
  object: { readonly apiVersion: string; readonly kind: string; readonly [field: string]: unknown },
  suffix = '',
): ApiObject => new ApiObject(scope, `${object.kind}${suffix}`, { ...object });

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  /** @default - port */
  readonly targetPort?: number;
}

export const service = (component: Component, ports: readonly ServicePort[]) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: metadataOf(component),
  spec: {
    selector: selectorOf(component),
    ports: ports.map(({ name, port, targetPort = port }) => ({ name, port, targetPort, protocol: 'TCP' })),
  },
});

export const configMap = (component: Component, data: Readonly<Record<string, string>>, name = component.name) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: metadataOf(component, name),
  data: { ...data },
});

export const serviceAccount = (component: Component) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: metadataOf(component),
  automountServiceAccountToken: false,
});

/** Writes rules for the whole cluster, and gives them to the part's own ServiceAccount. */
export const writeClusterRole = (scope: Construct, component: Component, rules: readonly object[]): void => {
  const { name, labels } = metadataOf(component);
  const rbac = 'rbac.authorization.k8s.io';
  const objects = [
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name, labels }, rules },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name, labels },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: component.namespace }],
    },
  ];
  for (const object of objects) {
    const written = write(scope, object);
    // A chart gives its namespace to all objects, also to those that have none.
    if (written.metadata.namespace !== undefined) written.addJsonPatch(JsonPatch.remove('/metadata/namespace'));
  }
};

export interface WorkloadOptions {
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  /** User and group that the image is made for. */
  readonly user: number;
  /** Configuration whose change must roll the pods. */
  readonly config?: string;
  /** Fields of the pod besides those of `workload`. */
  readonly pod: { readonly containers: readonly object[]; readonly [field: string]: unknown };
}

/** A workload with one pod template, under the restricted Pod Security standard as far as the part allows it. */
export const workload = (component: Component, { kind, user, config, pod }: WorkloadOptions) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: metadataOf(component),
  spec: {
    ...(kind === 'DaemonSet' ? {} : { replicas: 1 }),
    ...(kind === 'StatefulSet' ? { serviceName: component.name } : {}),
    selector: { matchLabels: selectorOf(component) },
    template: {
      metadata: {
        labels: metadataOf(component).labels,
        ...(config === undefined ? {} : { annotations: { 'tooltrail.dev/config': digest(config) } }),
      },
      spec: {
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: user,
          runAsGroup: user,
          fsGroup: user,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        ...pod,
      },
    },
  },
});

/** What every container of the stack gives up. */
export const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
} as const;

/** Memory is bounded, processor time is not: throttled telemetry is late telemetry. */
export const resources = (cpu: string, memory: string, limit: string) => ({
  requests: { cpu, memory },
  limits: { memory: limit },
});

/** Tells contents apart, in 16 digits. */
export const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
