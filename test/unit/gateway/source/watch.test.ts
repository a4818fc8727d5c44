import { EventEmitter } from 'node:events';
import type { FSWatcher, Stats } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { FileSystem } from '../../../../gateway/source/files.ts';
import { DEBOUNCE_MS, MAX_WAIT_MS, POLL_MS, Watcher } from '../../../../gateway/source/watch.ts';

/** Time that stands still until told otherwise. */
class FakeTimers {
  now = 0;
  readonly #pending = new Map<number, { readonly at: number; readonly callback: () => void }>();
  #next = 1;

  readonly setTimeout = (callback: () => void, milliseconds: number): unknown => {
    this.#pending.set(this.#next, { at: this.now + milliseconds, callback });
    return this.#next++;
  };
  readonly clearTimeout = (handle: unknown): void => void this.#pending.delete(handle as number);

  async advance(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    for (;;) {
      const due = [...this.#pending].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#pending.delete(due[0]);
      this.now = due[1].at;
      due[1].callback();
      await settle();
    }
    this.now = end;
  }

  get size(): number {
    return this.#pending.size;
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let timers: FakeTimers;
let watched: Map<string, (name?: string) => void>;
let failWatch: boolean;
let reloads: number;
let watcher: Watcher;

beforeEach(async () => {
  timers = new FakeTimers();
  watched = new Map();
  failWatch = false;
  reloads = 0;
});

afterEach(() => watcher.close());

const start = async (): Promise<void> => {
  const fs: FileSystem = {
    promises: {
      stat: async (path) => ({ ino: 1, isDirectory: () => path === '/config' }) as Stats,
      readdir: async () => [],
      readFile: async () => '',
    },
    watch: (path, listener) => {
      if (failWatch) throw new Error('ENOSPC');
      watched.set(path, (name = '..data') => listener('change', name));
      return Object.assign(new EventEmitter(), { close: () => watched.delete(path) }) as unknown as FSWatcher;
    },
  };
  watcher = new Watcher({ paths: ['/config', '/etc/file.yaml'], fs, timers, reload: async () => void reloads++ });
  await settle();
  await timers.advance(DEBOUNCE_MS);
  expect(reloads).toBe(1);
};

describe('Watcher', () => {
  test('watches folders and the folders of files', async () => {
    await start();
    expect([...watched.keys()].sort()).toEqual(['/', '/config', '/etc']);
  });

  test('reads once after a burst of events', async () => {
    await start();
    for (let i = 0; i < 5; i++) {
      watched.get('/config')?.();
      await timers.advance(DEBOUNCE_MS / 2);
    }
    expect(reloads).toBe(1);
    await timers.advance(DEBOUNCE_MS);
    expect(reloads).toBe(2);
  });

  test('reads at the latest after the maximum wait, however busy the folder is', async () => {
    await start();
    for (let elapsed = 0; elapsed <= MAX_WAIT_MS; elapsed += DEBOUNCE_MS / 2) {
      watched.get('/etc')?.();
      await timers.advance(DEBOUNCE_MS / 2);
    }
    expect(reloads).toBe(2);
  });

  test('reads from time to time when there is no way to watch', async () => {
    failWatch = true;
    await start();
    expect(watched.size).toBe(0);
    await timers.advance(2 * POLL_MS);
    expect(reloads).toBe(3);
  });

  test('does not care for other files beside the configuration', async () => {
    await start();
    for (const [folder, name] of [
      ['/config', 'gateway.log'],
      ['/config', '.a.yaml.swp'],
      ['/etc', 'other.yaml'],
      ['/', 'etc'],
    ]) {
      watched.get(folder ?? '')?.(name);
    }
    await timers.advance(MAX_WAIT_MS);
    expect(reloads).toBe(1);
  });

  test.each([
    ['/config', 'new.yaml'],
    ['/config', '..data'],
    ['/etc', 'file.yaml'],
    ['/', 'config'],
  ])('cares for %s and %s in it', async (folder, name) => {
    await start();
    watched.get(folder)?.(name);
    await timers.advance(DEBOUNCE_MS);
    expect(reloads).toBe(2);
  });

  test('leaves nothing behind when closed', async () => {
    await start();
    watched.get('/config')?.();
    watcher.close();
    expect(watched.size).toBe(0);
    expect(timers.size).toBe(0);
    await timers.advance(2 * POLL_MS);
    expect(reloads).toBe(1);
  });
});
