import type { ApiObjectMetadata } from 'cdk8s';
import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { DEFAULT_NAMESPACE } from '../api/kinds.ts';

/** What every construct of a Kubernetes object takes. */
export interface ObjectProps {
  /**
   * Name of the object.
   *
   * @default - the construct's id
   */
  readonly name?: string;
  /**
   * Namespace of the object.
   *
   * @default - the namespace of the chart, or `default` if it has none
   */
  readonly namespace?: string;
  /**
   * Labels, besides those of the chart.
   *
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;
  /** @default - none */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Metadata whose name and namespace are settled, so that references can be compared and written. */
export interface SettledMetadata extends ApiObjectMetadata {
  readonly name: string;
  readonly namespace: string;
}

/** Metadata of an object in `scope`: fixed names, because the names are part of the contract with users and other objects. */
export const settleMetadata = (scope: Construct, id: string, props: ObjectProps): SettledMetadata => ({
  name: props.name ?? id,
  namespace: props.namespace ?? Chart.of(scope).namespace ?? DEFAULT_NAMESPACE,
  ...(props.labels === undefined ? {} : { labels: { ...props.labels } }),
  ...(props.annotations === undefined ? {} : { annotations: { ...props.annotations } }),
});
