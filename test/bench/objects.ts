import { apiVersion, KINDS, type KindName } from '../../lib/api/kinds.ts';
import type { ObjectTypes, Resources } from '../../lib/api/objects.ts';

/** Objects that benchmarks are made of, and how long something takes. */

export const NAMESPACE = 'bench';

export const object = <K extends KindName>(kind: K, name: string, spec: unknown, metadata: object = {}) =>
  ({
    apiVersion: apiVersion(KINDS[kind]),
    kind: KINDS[kind].kind,
    metadata: { name, namespace: NAMESPACE, generation: 1, ...metadata },
    spec,
  }) as unknown as ObjectTypes[K];

/** These and nothing else. */
export const resources = (objects: Partial<Resources>): Resources =>
  ({ ...Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, []])), ...objects }) as unknown as Resources;

export const times = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Of these the fastest counts: what else the machine does comes on top of it. */
const ROUNDS = 3;

/** Milliseconds. */
export const fastest = (run: () => void): number =>
  Math.min(
    ...times(ROUNDS, () => {
      const start = performance.now();
      run();
      return performance.now() - start;
    }),
  );

export const printRow = (first: string | number, ...cells: readonly (string | number)[]): void =>
  console.log(`${String(first).padEnd(46)}${cells.map((cell) => String(cell).padStart(12)).join('')}`);
