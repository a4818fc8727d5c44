import { setFlagsFromString } from 'node:v8';
import { authorityProblem, certificateProblem } from '../../gateway/http/tls/certificate.ts';
import { type Resolution, resolve } from '../../gateway/resolve/resolve.ts';
import type { ObjectStatus } from '../../gateway/resolve/status.ts';
import type { SourcedObject } from '../../gateway/source/event.ts';
import { readObjects } from '../../gateway/source/read.ts';
import { conditionGroups } from '../../gateway/status/conditions.ts';
import { Store } from '../../gateway/store/store.ts';
import type { ConfigMap } from '../../lib/api/core.ts';
import type { KindName } from '../../lib/api/kinds.ts';
import type { Resources } from '../../lib/api/objects.ts';
import { enableLinearRegExp } from '../../lib/cel/regexp.ts';
import type { Change, Expectation } from './case.ts';

enableLinearRegExp(setFlagsFromString);

/** Where each Gateway is reached, as a load balancer would have it. */
const ADDRESS = '127.0.0.1';
/** Objects are created a second apart: who is older goes first. */
const FIRST_CREATION = Date.UTC(2026, 0, 1);

/** Of Secrets: the certificate of all listeners. Of ConfigMaps: the authority of all backends that speak TLS, and one that nobody is of. */
export type Variables = Readonly<Record<'TLS_CRT' | 'TLS_KEY' | 'CA_CRT' | 'OTHER_CA_CRT', string>>;

/** The object of one YAML document, as the gateway reads it, with variables in ConfigMaps, too. */
export const readObject = (text: string, variables: Variables): SourcedObject => {
  const object = readPlainObject(text, variables);
  if (object.kind !== 'ConfigMap') return object;
  const data = Object.entries((object.object as ConfigMap).data ?? {}).map(([key, value]) => {
    const name = /^\$\{(\w+)\}$/.exec(value)?.[1];
    return [key, name === undefined ? value : variables[name as keyof Variables]];
  });
  return { ...object, object: { ...object.object, data: Object.fromEntries(data) } as SourcedObject['object'] };
};

const readPlainObject = (text: string, variables: Variables): SourcedObject => {
  const { objects, problems } = readObjects('case.yaml', text, variables);
  const [object, ...others] = objects.values();
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  if (object === undefined || others.length > 0)
    throw new Error(`not one object of a known kind: ${text.slice(0, 100)}`);
  return object;
};

/** The objects of a cluster, and what the gateway makes of them. */
export class World {
  readonly #store = new Store();
  readonly #variables: Variables;
  readonly #created = new Map<string, { readonly time: string; generation: number; spec: string }>();

  /** @param objects that are there from the beginning */
  constructor(objects: readonly SourcedObject[], variables: Variables) {
    this.#variables = variables;
    for (const object of objects) this.#put(object);
  }

  change(step: Change): void {
    if ('apply' in step) {
      this.#put(readObject(step.apply, this.#variables));
      return;
    }
    const [kind = '', name = ''] = step.delete.split(' ');
    const [namespace = '', own = ''] = name.split('/');
    if (this.#store.locate(kind as KindName, namespace, own) === undefined) throw new Error(`no ${step.delete}`);
    this.#store.apply([{ type: 'delete', kind: kind as KindName, namespace, name: own }]);
  }

  get resources(): Resources {
    return this.#store.resources();
  }

  resolve(): Resolution {
    return resolve(this.resources, {
      standalone: false,
      certificateProblem,
      authorityProblem,
      addressesOf: () => [ADDRESS],
    });
  }

  #put(resource: SourcedObject): void {
    this.#store.apply([{ type: 'put', resource: this.#settle(resource) }]);
  }

  /** As the API server would: with a creation time, and a generation that counts changes of the spec. */
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
  ...Object.entries(expected.addresses ?? {}).flatMap(([gateway, addresses]) =>
    differs(
      `addresses of ${gateway}`,
      statusOf(gateway, statuses)?.addresses?.map(({ value }) => value),
      addresses,
    ),
  ),
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

/** What a case has to say if it is to be otherwise. */
const WELL: ReadonlySet<string> = new Set(['Accepted', 'SupportedVersion', 'Programmed', 'ResolvedRefs']);

/** Conditions that are asked for, and health of all that the case does not speak of. */
const conditionProblems = (
  expected: NonNullable<Expectation['conditions']>,
  statuses: readonly ObjectStatus[],
): readonly string[] => {
  const groups = statuses.flatMap((status) =>
    conditionGroups(status).map(({ subject, conditions }) => ({
      subject: status.namespace === '' ? subject.replace(' /', ' ') : subject,
      conditions,
      rendered: conditions.map(({ type, status: value, reason }) => `${type}=${value}/${reason}`),
    })),
  );
  const known = new Set(groups.map(({ subject }) => subject));
  return [
    ...Object.keys(expected).flatMap((subject) => (known.has(subject) ? [] : [`${subject} has no conditions`])),
    ...groups.flatMap(({ subject, conditions, rendered }) => {
      const wanted = expected[subject];
      return wanted === undefined
        ? conditions
            .filter(({ type, status }) => WELL.has(type) && status !== 'True')
            .map(({ type, reason, message }) => `${subject}: ${type} is not True, but ${reason}: ${message}`)
        : wanted
            .filter((condition) => !rendered.includes(condition))
            .map((condition) => `${subject}: ${condition} is not among ${rendered.join(' ')}`);
    }),
  ];
};

const statusOf = (gateway: string, statuses: readonly ObjectStatus[]): ObjectStatus | undefined =>
  statuses.find((status) => status.kind === 'Gateway' && nameOf(status) === gateway);

const listenersOf = (gateway: string, statuses: readonly ObjectStatus[]) =>
  statusOf(gateway, statuses)?.listeners ?? [];

const listenerAt = (place: string, statuses: readonly ObjectStatus[]) => {
  const [gateway = '', name = ''] = place.split(' ');
  return listenersOf(gateway, statuses).find((listener) => listener.name === name);
};
