import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../../support/acceptance/eventually.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kind-'));
  mkdirSync(join(folder, 'bin'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program of that name which notes how it was called, and then does something. */
const install = (name: string, then = ''): void => {
  const path = join(folder, 'bin', name);
  writeFileSync(path, `#!/bin/sh\necho "${name} $*" >> "${folder}/calls"\n${then}\n`);
  chmodSync(path, 0o755);
};

const driver = (...args: readonly string[]) =>
  spawnSync('test/e2e/kind', args, {
    encoding: 'utf8',
    env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, HOME: folder },
    input: 'input',
  });
const calls = (): readonly string[] => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('the driver for kind', () => {
  beforeEach(() => {
    install('docker');
    install('kind');
    install('kubectl', 'cat');
    install('cloud-provider-kind', 'exec sleep 60');
  });

  test('starts a cluster with load balancers, and ends both', async () => {
    expect(driver('up').status).toBe(0);
    const pid = Number(readFileSync(join(folder, '.cache/tooltrail/e2e-kind/cloud-provider-kind.pid'), 'utf8'));
    expect(alive(pid)).toBe(true);
    expect(driver('down').status).toBe(0);
    await eventually('it has ended', () => (alive(pid) ? undefined : true));
    expect(calls()).toEqual(
      expect.arrayContaining([
        'kind create cluster --name tooltrail-e2e --wait 120s',
        'kind delete cluster --name tooltrail-e2e',
      ]),
    );
  });

  test('hands kubectl its arguments and input', () => {
    expect(driver('kubectl', 'apply', '-f', '-').stdout).toBe('input');
    expect(calls()).toEqual(['kubectl apply -f -']);
  });

  test('loads an archive, and runs commands where addresses can be reached', () => {
    expect(driver('load', '/image.tar').status).toBe(0);
    expect(calls()).toEqual(['kind load image-archive /image.tar --name tooltrail-e2e']);
    expect(driver('in', 'echo', 'a b').stdout).toBe('a b\n');
  });

  test('says what is missing, and where it comes from', () => {
    rmSync(join(folder, 'bin/cloud-provider-kind'));
    const { status, stderr } = driver('up');
    expect(status).toBe(1);
    expect(stderr).toMatch(/cloud-provider-kind is not in PATH: go install .*E2E_DRIVER/);
  });

  test('refuses a verb that there is none of', () => expect(driver('start').status).toBe(2));
});
