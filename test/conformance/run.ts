import { type Authority, createAuthority } from '../support/acceptance/authority.ts';
import { type ConformanceCase, readBase } from './case.ts';
import { pureProblems, pureShareProblems } from './pure.ts';
import { Proxies } from './sockets.ts';
import { statusProblems, World } from './world.ts';

/** Names that certificates are made out to; clients of the cases look at the chain alone. */
const HOST = 'example.org';

let authority: Promise<Authority> | undefined;

/** What is wrong after resolving and compiling alone. */
export const runPure = async (item: ConformanceCase): Promise<readonly string[]> => {
  const world = await newWorld();
  const problems: string[] = [];
  for (const step of item.steps) {
    if (!('expect' in step)) {
      world.change(step);
      continue;
    }
    const resolution = world.resolve();
    const { requests = [], shares } = step.expect;
    problems.push(
      ...statusProblems(step.expect, resolution.statuses, world.resources),
      ...requests.flatMap((request) => pureProblems(request, resolution)),
      ...(shares === undefined ? [] : pureShareProblems(shares, resolution)),
    );
  }
  return problems;
};

/** What is wrong when requests go over sockets to echo servers. */
export const runSockets = async (item: ConformanceCase): Promise<readonly string[]> => {
  const world = await newWorld();
  const proxies = new Proxies((await sharedAuthority()).certificate);
  const problems: string[] = [];
  try {
    for (const step of item.steps) {
      if (!('expect' in step)) {
        world.change(step);
        continue;
      }
      const resolution = world.resolve();
      await proxies.follow(world, resolution);
      const { requests = [], shares } = step.expect;
      problems.push(...statusProblems(step.expect, resolution.statuses, world.resources));
      for (const request of requests) problems.push(...(await proxies.problems(request)));
      if (shares !== undefined) problems.push(...(await proxies.shareProblems(shares)));
    }
    return problems;
  } finally {
    await proxies.close();
  }
};

const sharedAuthority = (): Promise<Authority> => {
  authority ??= createAuthority();
  return authority;
};

const newWorld = async (): Promise<World> => {
  const world = new World(await (await sharedAuthority()).issue(HOST));
  for (const step of readBase()) if (!('expect' in step)) world.change(step);
  return world;
};
