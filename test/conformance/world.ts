import { setFlagsFromString } from 'node:v8';
import { certificateProblem } from '../../gateway/http/tls/certificate.ts';
import { type Resolution, resolve } from '../../gateway/resolve/resolve.ts';
import type { ObjectStatus } from '../../gateway/resolve/status.ts';
import type { SourcedObject } from '../../gateway/source/event.ts';
import { readObjects } from '../../gateway/source/read.ts';
import { conditionGroups } from '../../gateway/status/conditions.ts';
import { Store } from '../../gateway/store/store.ts';
import type { KindName } from '../../lib/api/kinds.ts';
import type { Resources } from '../../lib/api/objects.ts';
import { enableLinearRegExp } from '../../lib/cel/regexp.ts';
import type { KeyPair } from '../support/acceptance/authority.ts';
import type { Expectation, Step } from './case.ts';

enableLinearRegExp(setFlagsFromString);

/** Where each Gateway is reached, as a load balancer would have it. */
const ADDRESS = '127.0.0.1';
/** Objects are created a second apart: who is older goes first. */
const FIRST_CREATION = Date.UTC(2026, 0, 1);

/** The objects of a cluster, and what the gateway makes of them. */
export class World {
  readonly #store = new Store();
  readonly #environment: Readonly<Record<string, string>>;
  readonly #created = new Map<string, { readonly time: string; generation: number; spec: string }>();

  constructor(certificate: KeyPair) {
    this.#environment = { TLS_CRT: certificate.cert, TLS_KEY: certificate.key };
  }

  /** Applies or deletes an object as the API server would: with a creation time, and a generation that counts changes of the spec. */
  change(step: Exclude<Step, { readonly expect: Expectation }>): void {
    if ('delete' in step) {
      const [kind = '', name = ''] = step.delete.split(' ');
      const [namespace = '', own = ''] = name.split('/');
      if (this.#store.locate(kind as KindName, namespace, own) === undefined) throw new Error(`no ${step.delete}`);
      this.#store.apply([{ type: 'delete', kind: kind as KindName, namespace, name: own }]);
      return;
    }
    const { objects, problems } = readObjects('case.yaml', step.apply, this.#environment);
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    this.#store.apply([...objects.values()].map((resource) => ({ type: 'put', resource: this.#settle(resource) })));
  }

  get resources(): Resources {
    return this.#store.resources();
  }

  resolve(): Resolution {
    return resolve(this.resources, { standalone: false, certificateProblem, addressesOf: () => [ADDRESS] });
  }

  #settle(resource: SourcedObject): SourcedObject {
    const { kind, object } = resource;
    const key = `${kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    const spec = JSON.stringify('spec' in object ? object.spec : {});
    const known = this.#created.get(key) ?? {
      time: new Date(FIRST_CREATION + 1_000 * this.#created.size).toISOString(),
      generation: 0,
      spec: '',
    };
    if (known.spec !== spec) {
      known.generation += 1;
      known.spec = spec;
    }
    this.#created.set(key, known);
    const metadata = { ...object.metadata, creationTimestamp: known.time, generation: known.generation };
    return { ...resource, object: { ...object, metadata } as SourcedObject['object'] };
  }
}

/** What is wrong with the statuses: first that each is about its object as it is now, then what the case asks for. */
export const statusProblems = (
  expected: Expectation,
  statuses: readonly ObjectStatus[],
  resources: Resources,
): readonly string[] => [
  ...staleProblems(statuses, resources),
  ...Object.entries(expected.generations ?? {}).flatMap(([subject, generation]) =>
    differs(`generation of ${subject}`, generationOf(subject, resources), generation),
  ),
  ...conditionProblems(expected.conditions ?? {}, statuses),
  ...Object.entries(expected.listeners ?? {}).flatMap(([gateway, names]) =>
    differs(
      `listeners of ${gateway}`,
      listenersOf(gateway, statuses)
        .map(({ name }) => name)
        .sort(),
      [...names].sort(),
    ),
  ),
  ...Object.entries(expected.attachedRoutes ?? {}).flatMap(([place, count]) =>
    differs(`attachedRoutes of ${place}`, listenerAt(place, statuses)?.attachedRoutes, count),
  ),
  ...Object.entries(expected.supportedKinds ?? {}).flatMap(([place, kinds]) =>
    differs(
      `supportedKinds of ${place}`,
      listenerAt(place, statuses)?.supportedKinds.map(({ kind }) => kind),
      kinds,
    ),
  ),
];

const differs = (what: string, actual: unknown, expected: unknown): readonly string[] =>
  JSON.stringify(actual) === JSON.stringify(expected)
    ? []
    : [`${what}: ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`];

const nameOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  namespace === '' ? name : `${namespace}/${name}`;

const generationOf = (subject: string, resources: Resources): number | undefined => {
  const [kind = '', name = ''] = subject.split(' ');
  const found = resources[kind as KindName].find(
    ({ metadata }) => nameOf({ namespace: metadata.namespace ?? '', name: metadata.name }) === name,
  );
  return found?.metadata.generation;
};

const staleProblems = (statuses: readonly ObjectStatus[], resources: Resources): readonly string[] =>
  statuses.flatMap((status) => {
    const generation = generationOf(`${status.kind} ${nameOf(status)}`, resources);
    return conditionGroups(status).flatMap(({ subject, conditions }) =>
      conditions.flatMap(({ type, observedGeneration }) =>
        differs(`observedGeneration of ${type} of ${subject}`, observedGeneration, generation),
      ),
    );
  });

const conditionProblems = (
  expected: NonNullable<Expectation['conditions']>,
  statuses: readonly ObjectStatus[],
): readonly string[] => {
  const groups = new Map(
    statuses.flatMap((status) =>
      conditionGroups(status).map(({ subject, conditions }) => [
        status.namespace === '' ? subject.replace(' /', ' ') : subject,
        conditions.map(({ type, status: value, reason }) => `${type}=${value}/${reason}`),
      ]),
    ),
  );
  return Object.entries(expected).flatMap(([subject, wanted]) => {
    const found = groups.get(subject);
    if (found === undefined) return [`${subject} has no conditions`];
    return wanted
      .filter((condition) => !found.includes(condition))
      .map((condition) => `${subject}: ${condition} is not among ${found.join(' ')}`);
  });
};

const listenersOf = (gateway: string, statuses: readonly ObjectStatus[]) =>
  statuses.find((status) => status.kind === 'Gateway' && nameOf(status) === gateway)?.listeners ?? [];

const listenerAt = (place: string, statuses: readonly ObjectStatus[]) => {
  const [gateway = '', name = ''] = place.split(' ');
  return listenersOf(gateway, statuses).find((listener) => listener.name === name);
};
