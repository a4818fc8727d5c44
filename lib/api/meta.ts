/** The part of Kubernetes' ObjectMeta that is read. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string;
  readonly generation?: number;
}

/** An object as the Kubernetes API and YAML files hold it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** `metadata.namespace` when absent, as kubectl does. */
export const DEFAULT_NAMESPACE = 'default';

/** `namespace/name`, the form in which objects are named in labels, attributes and messages. */
export const namespacedName = (meta: { readonly namespace?: string; readonly name: string }): string =>
  `${meta.namespace ?? DEFAULT_NAMESPACE}/${meta.name}`;
