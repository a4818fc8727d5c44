import { spreadConstraints } from '../../workload/spread.ts';
import { type Component, metadataOf, selectorOf } from '../component.ts';

type Labels = Readonly<Record<string, string>>;

/** Pods apart from one another, as far as the cluster allows: a part of one pod needs nothing of it. */
export const spread = (component: Component, replicas: number, pods: Labels = selectorOf(component)) =>
  replicas <= 1 ? {} : { topologySpreadConstraints: spreadConstraints(pods) };

/** Nodes are drained one pod of the part at a time. */
export const disruptionBudget = (component: Component, pods: Labels = selectorOf(component)) => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: metadataOf(component),
  spec: { maxUnavailable: 1, selector: { matchLabels: { ...pods } } },
});
