import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { underLoad } from '../../support/load.ts';
import { GRANT, START_TIMEOUT, secret, startWorld, type World } from './world.ts';

const ROTATED = 2_000;

let world: World;

beforeAll(async () => {
  world = await startWorld();
}, START_TIMEOUT);

afterAll(() => world?.stop());

describe('a gateway on the Kubernetes API', () => {
  test('uses a rotated Secret', () =>
    underLoad(`${world.url}/own`, async () => {
      expect((await world.get('/own')).body).toBe('Bearer first');
      await world.apply(secret('second'));
      await world.sends('second', ROTATED);
    }));

  test('fails only the backend whose grant is deleted, says so, and takes it back', () =>
    underLoad(`${world.url}/own`, async () => {
      await world.answers('/foreign', 200);
      await world.plane.kubectl.must(['delete', 'referencegrant', 'grant', '-n', 'other']);
      const condition = world.condition('foreign', 'ResolvedRefs', 'False');
      await world.answers('/foreign', 500);
      expect(await condition).toMatchObject({ reason: 'RefNotPermitted' });
      await world.apply(GRANT);
      await world.answers('/foreign', 200);
      await world.condition('foreign', 'ResolvedRefs', 'True');
    }));
});
