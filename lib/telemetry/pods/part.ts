import { type ResourceProps, resourceProblems } from './resources.ts';

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
}

/** Fields of a pod's spec, or of an object of the operator that makes pods. */
export const placementOf = ({ priorityClassName, nodeSelector }: PartProps) => ({
  ...(priorityClassName === undefined ? {} : { priorityClassName }),
  ...(nodeSelector === undefined ? {} : { nodeSelector: { ...nodeSelector } }),
});

export const partProblems = ({ resources }: PartProps): readonly string[] => resourceProblems(resources);
