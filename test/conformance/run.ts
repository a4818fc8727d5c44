import type { Snapshot } from '../../gateway/compile/snapshot.ts';
import type { Resolution } from '../../gateway/resolve/resolve.ts';
import type { SourcedObject } from '../../gateway/source/event.ts';
import type { Resources } from '../../lib/api/objects.ts';
import { createAuthority, type KeyPair } from '../support/acceptance/authority.ts';
import { type ConformanceCase, type Expectation, readBase } from './case.ts';
import { compileFor, pureProblems, pureShareProblems } from './pure.ts';
import { Proxies } from './sockets.ts';
import { readObject, statusProblems, type Variables, World } from './world.ts';

/** Name that certificates are made out to; clients of the cases look at the chain alone. */
const HOST = 'example.org';
/** Names of all backends that speak TLS. */
const BACKEND = 'abc.example.com';
const MORE_NAMES = { names: ['other.example.com'], uris: ['spiffe://abc.example.com/test-identity'] };

/** What all cases begin with, read once. */
interface Beginning {
  /** PEM of what clients trust. */
  readonly authority: string;
  readonly variables: Variables;
  /** What backends that speak TLS show of themselves. */
  readonly backend: KeyPair;
  readonly objects: readonly SourcedObject[];
}

const begin = async (): Promise<Beginning> => {
  const authority = await createAuthority();
  const { cert, key } = await authority.issue(HOST);
  const other = await createAuthority('Stranger');
  const variables: Variables = {
    TLS_CRT: cert,
    TLS_KEY: key,
    CA_CRT: authority.certificate,
    OTHER_CA_CRT: other.certificate,
  };
  const objects = readBase().map((text) => readObject(text, variables));
  return { authority: authority.certificate, variables, backend: await authority.issue(BACKEND, MORE_NAMES), objects };
};

let beginning: Promise<Beginning> | undefined;
const begun = (): Promise<Beginning> => {
  beginning ??= begin();
  return beginning;
};

/** What is wrong after resolving and compiling alone. */
export const runPure = async (item: ConformanceCase): Promise<readonly string[]> =>
  run(item, await begun(), async ({ requests = [], shares }, resolution) => {
    const snapshots = new Map<string, Snapshot>();
    const snapshotOf = (gateway: string): Snapshot => {
      const snapshot = snapshots.get(gateway) ?? compileFor(resolution, `infra/${gateway}`);
      snapshots.set(gateway, snapshot);
      return snapshot;
    };
    return [
      ...requests.flatMap((request) => pureProblems(request, snapshotOf(request.gateway))),
      ...(shares === undefined ? [] : pureShareProblems(shares, snapshotOf(shares.gateway))),
    ];
  });

/** What is wrong when requests go over sockets to echo servers. */
export const runSockets = async (item: ConformanceCase): Promise<readonly string[]> => {
  const start = await begun();
  const proxies = new Proxies(start.authority, start.backend);
  try {
    return await run(item, start, async ({ requests = [], shares }, resolution, { EndpointSlice }) => {
      await proxies.follow(resolution, EndpointSlice);
      const problems: string[] = [];
      for (const request of requests) problems.push(...(await proxies.problems(request)));
      if (shares !== undefined) problems.push(...(await proxies.shareProblems(shares)));
      return problems;
    });
  } finally {
    await proxies.close();
  }
};

type Look = (expected: Expectation, resolution: Resolution, resources: Resources) => Promise<readonly string[]>;

/** The steps in order; what is wrong with the statuses is told in any case. */
const run = async (
  item: ConformanceCase,
  { objects, variables }: Beginning,
  look: Look,
): Promise<readonly string[]> => {
  const world = new World(objects, variables);
  const problems: string[] = [];
  for (const step of item.steps) {
    if (!('expect' in step)) {
      world.change(step);
      continue;
    }
    const resolution = world.resolve();
    const { resources } = world;
    problems.push(
      ...unknownGateways(step.expect, resources),
      ...statusProblems(step.expect, resolution.statuses, resources),
      ...(await look(step.expect, resolution, resources)),
    );
  }
  return problems;
};

/** That nobody answers at a Gateway that is not there says nothing. */
const unknownGateways = ({ requests = [], shares }: Expectation, { Gateway }: Resources): readonly string[] => {
  const known = new Set(Gateway.map(({ metadata }) => metadata.name));
  return [...requests, ...(shares === undefined ? [] : [shares])].flatMap(({ gateway }) =>
    known.has(gateway) ? [] : [`no Gateway infra/${gateway}`],
  );
};
