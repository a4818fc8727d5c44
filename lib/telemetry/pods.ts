import { byteSize } from '../api/agentgateway/shared.ts';
import { schemaProblems } from '../core/schema-problems.ts';
import { type Component, metadataOf, resources, selectorOf } from './component.ts';

/** What each pod of a part asks of its node. */
export interface ResourceProps {
  /**
   * Processor time that it is promised, as a Kubernetes quantity. More is taken where it is free: throttled telemetry is late telemetry.
   *
   * @default - that of the part
   */
  readonly cpu?: string;
  /**
   * Memory that it is promised, as a Kubernetes quantity.
   *
   * @default - that of the part
   */
  readonly memory?: string;
  /**
   * Memory that it never exceeds, as a Kubernetes quantity.
   *
   * @default - that of the part
   */
  readonly memoryLimit?: string;
}

export const resourcesOf = (defaults: Required<ResourceProps>, props: ResourceProps = {}) => {
  const { cpu, memory, memoryLimit } = { ...defaults, ...props };
  return resources(cpu, memory, memoryLimit);
};

const CPU = /^(\d{1,6}m|\d{1,4}(\.\d{1,3})?)$/;

export const resourceProblems = ({ cpu, memory, memoryLimit }: ResourceProps = {}): readonly string[] => [
  ...(cpu === undefined || CPU.test(cpu)
    ? []
    : [`resources.cpu: ${JSON.stringify(cpu)} is no amount: write 500m or 2`]),
  ...Object.entries({ memory, memoryLimit }).flatMap(([name, amount]) =>
    amount === undefined ? [] : schemaProblems(byteSize(1, Number.MAX_SAFE_INTEGER), amount, `resources.${name}`),
  ),
];

export const replicaProblems = (replicas: number, field = 'replicas'): readonly string[] =>
  Number.isInteger(replicas) && replicas >= 0 ? [] : [`${field}: ${replicas} is not a whole number from 0`];

/** Pods apart from one another, as far as the cluster allows: a part of one pod needs nothing of it. */
export const spread = (component: Component, replicas: number) =>
  replicas <= 1
    ? {}
    : {
        topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
          maxSkew: 1,
          topologyKey,
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: selectorOf(component) },
        })),
      };

/** Nodes are drained one pod of the part at a time. */
export const disruptionBudget = (component: Component) => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: metadataOf(component),
  spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(component) } },
});

const UNITS = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, k: 1e3, M: 1e6, G: 1e9, T: 1e12, '': 1 } as const;
/** Of the limit: the rest is for what Go's runtime does not count. Source: OpenTelemetry Collector, memory limiter. */
const GO_SHARE = 0.8;

/** Environment that keeps a Go program's heap below its memory limit; nothing where the limit is no plain number of bytes. */
export const goMemoryLimit = (memoryLimit: string): readonly { readonly name: string; readonly value: string }[] => {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti|k|M|G|T|)$/.exec(memoryLimit) ?? [];
  if (digits === '') return [];
  const bytes = Number(digits) * UNITS[unit as keyof typeof UNITS] * GO_SHARE;
  return [{ name: 'GOMEMLIMIT', value: `${Math.floor(bytes / UNITS.Mi)}MiB` }];
};
