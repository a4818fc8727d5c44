import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { withLock } from '../../components/lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'lock-'));
const file = join(folder, 'lock');

beforeEach(() => rmSync(file, { force: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a lock', () => {
  test('lets one work at a time', async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await sleep(20);
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withLock(file, work)));
    expect(most).toBe(1);
    expect(existsSync(file)).toBe(false);
  });

  test('is given back when the work fails', async () => {
    await expect(withLock(file, () => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
    expect(await withLock(file, async () => 'next')).toBe('next');
  });

  test('counts for nothing when its holder is gone', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    writeFileSync(file, `${pid}\n`);
    expect(await withLock(file, async () => 'done', { timeout: 0 })).toBe('done');
  });

  test('counts for nothing when its holder has not said who it is for long', async () => {
    writeFileSync(file, '');
    const past = Date.now() / 1_000 - 60;
    utimesSync(file, past, past);
    expect(await withLock(file, async () => 'done', { timeout: 0 })).toBe('done');
  });

  test('says whom it waits for, and not for ever', async () => {
    writeFileSync(file, `${process.pid}\n`);
    const waited: number[] = [];
    const asked = withLock(file, async () => 'done', { timeout: 300, onWait: (holder) => waited.push(holder) });
    await expect(asked).rejects.toThrow(`process ${process.pid} has held it`);
    expect(waited).toEqual([process.pid]);
  });
});
