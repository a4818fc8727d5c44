import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Source, SourceListener } from '../../gateway/source/event.ts';
import { Follower } from './follower.ts';

/** A place that objects are read from. */
export interface SourceWorld {
  /** Makes it so that the object is there with this value, or that there is something of its name that cannot be read. */
  put(name: string, value: string): Promise<void>;
  spoil(name: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Nothing can be read any more, and again. */
  block(): Promise<void>;
  unblock(): Promise<void>;
  source(listener: SourceListener): Source;
  close(): Promise<void>;
}

/** What both sources do alike. */
export const describeSource = (name: string, open: () => Promise<SourceWorld>): void => {
  describe(`${name}: as every source`, () => {
    let world: SourceWorld;
    let source: Source | undefined;
    let follower: Follower;

    const follow = async (): Promise<void> => {
      follower = new Follower();
      source = world.source(follower);
      await source.load();
      source.watch();
    };

    beforeEach(async () => {
      world = await open();
    });
    afterEach(async () => {
      source?.close();
      source = undefined;
      await world.close();
    });

    test('has read everything when it is loaded', async () => {
      await world.put('a', '1');
      await world.put('b', '2');
      await follow();
      expect(follower.state).toEqual(['a=1', 'b=2']);
      expect(follower.problems).toEqual([]);
    });

    test('calls its listener when there is nothing, too', async () => {
      await follow();
      expect(follower.calls).toBe(1);
      expect(follower.events).toEqual([]);
    });

    test('follows objects that are added, changed and deleted', async () => {
      await follow();
      await world.put('a', '1');
      await follower.reaches('a=1');
      await world.put('b', '1');
      await follower.reaches('a=1', 'b=1');
      await world.put('a', '2');
      await follower.reaches('a=2', 'b=1');
      await world.remove('b');
      await follower.reaches('a=2');
      await world.put('b', '3');
      await follower.reaches('a=2', 'b=3');
    });

    test('names an object that cannot be read, and takes it when it can be', async () => {
      await world.spoil('a');
      await world.put('b', '1');
      await follow();
      expect(follower.state).toEqual(['b=1']);
      expect(follower.problems).toMatchObject([{ severity: 'error', object: 'Secret ns/a', rule: 'wrong-type' }]);
      await world.put('a', '1');
      await follower.reaches('a=1', 'b=1');
      expect(follower.problems).toEqual([]);
    });

    test('keeps the last good version of an object while others change', async () => {
      await world.put('a', '1');
      await world.put('b', '1');
      await follow();
      await world.spoil('a');
      await follower.until(() => follower.problems.length === 1);
      await world.put('b', '2');
      await follower.reaches('a=1', 'b=2');
      expect(follower.problems).toMatchObject([{ object: 'Secret ns/a' }]);
      await world.put('a', '2');
      await follower.reaches('a=2', 'b=2');
      expect(follower.problems).toEqual([]);
    });

    test('drops an object that could not be read when it is deleted, and what was said of it', async () => {
      await world.put('a', '1');
      await follow();
      await world.spoil('a');
      await follower.until(() => follower.problems.length === 1);
      await world.remove('a');
      await follower.reaches();
      expect(follower.problems).toEqual([]);
    });

    test('keeps everything while nothing can be read, says so once, and catches up', async () => {
      await world.put('a', '1');
      await world.put('b', '1');
      await follow();
      await world.block();
      await follower.until(() => follower.problems.length > 0);
      expect(follower.state).toEqual(['a=1', 'b=1']);
      expect(follower.problems).toHaveLength(1);
      await world.unblock();
      await world.put('a', '2');
      await follower.reaches('a=2', 'b=1');
      await follower.until(() => follower.problems.length === 0);
    });

    test('says nothing after it was closed', async () => {
      await world.put('a', '1');
      await follow();
      source?.close();
      const { calls } = follower;
      await world.put('a', '2');
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(follower.calls).toBe(calls);
    });
  });
};
