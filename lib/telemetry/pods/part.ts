import { type ResourceProps, resourceProblems } from './resources.ts';

/** A taint that pods bear. Source: Kubernetes, Taints and Tolerations. */
export interface Toleration {
  /** @default - every key, by `Exists` */
  readonly key?: string;
  /** @default 'Equal' */
  readonly operator?: 'Equal' | 'Exists';
  readonly value?: string;
  /** @default - every effect */
  readonly effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  /** Of `NoExecute`: for how long, in seconds. @default - for ever */
  readonly tolerationSeconds?: number;
}

/** What is chosen for the pods of any part. */
export interface PartProps {
  /** @default - what the part takes in a small cluster */
  readonly resources?: ResourceProps;
  /**
   * PriorityClass of the pods.
   *
   * @default - that of the cluster
   */
  readonly priorityClassName?: string;
  /**
   * Labels that nodes of the pods must have.
   *
   * @default - any node
   */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /**
   * Taints of nodes that the pods bear.
   *
   * @default - none; for node-exporter, all that keep pods from being scheduled
   */
  readonly tolerations?: readonly Toleration[];
}

/** Fields of a pod's spec, or of an object of the operator that makes pods. */
export const placementOf = ({ priorityClassName, nodeSelector, tolerations }: PartProps) => ({
  ...(priorityClassName === undefined ? {} : { priorityClassName }),
  ...(nodeSelector === undefined ? {} : { nodeSelector: { ...nodeSelector } }),
  ...(tolerations === undefined ? {} : { tolerations: tolerations.map((each) => ({ ...each })) }),
});

export const partProblems = ({ resources, tolerations = [] }: PartProps): readonly string[] => [
  ...resourceProblems(resources),
  ...tolerations.flatMap((each, index) => tolerationProblems(each).map((what) => `tolerations[${index}]: ${what}`)),
];

/** Source: the API server's validation of tolerations. */
const tolerationProblems = ({ key, operator = 'Equal', value, effect, tolerationSeconds }: Toleration) => [
  ...(key === undefined && operator === 'Equal' ? ['without a key, the operator has to be Exists'] : []),
  ...(value !== undefined && operator === 'Exists' ? ['Exists looks at no value: leave it out'] : []),
  ...(tolerationSeconds !== undefined && effect !== 'NoExecute'
    ? ['tolerationSeconds is of the effect NoExecute']
    : []),
];
