import { resources } from '../component.ts';
import { bytesProblems, cpuProblems } from './amounts.ts';

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

export const resourcesOf = ({ cpu, memory, memoryLimit }: Required<ResourceProps>) =>
  resources(cpu, memory, memoryLimit);

export const resourceProblems = ({ cpu, memory, memoryLimit }: ResourceProps = {}, field = 'resources') => [
  ...cpuProblems(cpu, `${field}.cpu`),
  ...bytesProblems(memory, `${field}.memory`),
  ...bytesProblems(memoryLimit, `${field}.memoryLimit`),
];

const UNITS = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, k: 1e3, M: 1e6, G: 1e9, T: 1e12, '': 1 } as const;
/** Of the limit: the rest is for what Go's runtime does not count. Source: OpenTelemetry Collector, memory limiter. */
const GO_SHARE = 0.8;

/** Environment that keeps a Go program's heap below its memory limit; nothing where the limit is no plain number of bytes. */
export const goMemoryLimit = (memoryLimit: string): readonly { readonly name: string; readonly value: string }[] => {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti|k|M|G|T|)$/.exec(memoryLimit) ?? [];
  const bytes = Number(digits) * UNITS[unit as keyof typeof UNITS] * GO_SHARE;
  return bytes < UNITS.Mi ? [] : [{ name: 'GOMEMLIMIT', value: `${Math.floor(bytes / UNITS.Mi)}MiB` }];
};
