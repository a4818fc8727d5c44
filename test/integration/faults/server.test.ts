import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../support/acceptance/eventually.ts';
import { type Cutter, startCutter } from '../../support/cutter.ts';
import { underLoad } from '../../support/load.ts';
import { route, START_TIMEOUT, secret, startWorld, type World } from './world.ts';

const OUTAGE = 60_000;
const CUTS = 60;
const CUT_EVERY = 1_000;

let world: World;
let cutter: Cutter;

beforeAll(async () => {
  world = await startWorld(async (plane) => {
    cutter = await startCutter(Number(new URL(plane.url).port));
    return plane.kubeconfigAt(cutter.url);
  });
}, START_TIMEOUT);

afterAll(async () => {
  await world?.stop();
  await cutter?.stop();
});

/** A route made now is served and has its status within seconds. */
const follows = async (name: string): Promise<void> => {
  await world.apply(route(name, 'name: own'));
  await Promise.all([world.answers(`/${name}`, 200), world.condition(name, 'Accepted', 'True')]);
};

/** What was said of the server since `mark` has been taken back. */
const recovered = (mark: number): Promise<boolean> =>
  eventually(
    'that it is over',
    () => world.complaints(mark).length === 0 || /findings are gone/.test(world.gateway.err().slice(mark)) || undefined,
  );

describe('a gateway on the Kubernetes API', () => {
  test('loses nothing when history is gone', () =>
    underLoad(`${world.url}/own`, async () => {
      await world.plane.forget();
      await follows('after-forgetting');
    }));

  test('follows a server whose connections are cut every second', () =>
    underLoad(`${world.url}/own`, async () => {
      const mark = world.gateway.err().length;
      for (let cut = 1; cut <= CUTS; cut++) {
        await sleep(CUT_EVERY);
        expect(cutter.cut()).toBeGreaterThan(0);
        if (cut % 10 !== 0) continue;
        await world.apply(secret(`cut-${cut}`));
        await world.sends(`cut-${cut}`);
      }
      await follows('after-cuts');
      await recovered(mark);
      expect(world.complaints(mark).length).toBeLessThanOrEqual(1);
    }));

  test('serves through an outage, says it once, and goes on within seconds', () =>
    underLoad(`${world.url}/own`, async () => {
      const mark = world.gateway.err().length;
      await world.plane.apiServer.stop();
      await sleep(OUTAGE);
      const ready = await world.gateway.get(world.gateway.ports.readiness, '/healthz/ready');
      expect(ready.status).toBe(200);
      expect(world.complaints(mark)).toEqual([expect.stringMatching(/cannot be read .*stays in force/)]);
      await world.plane.apiServer.start();
      await follows('after-outage');
      expect(world.complaints(mark)).toHaveLength(1);
      await recovered(mark);
      expect(world.gateway.child.exitCode).toBeNull();
    }));
});
