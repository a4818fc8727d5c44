import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { moduleKey } from '../../components/build.ts';
import { definitions } from '../../components/definitions.ts';
import { Unavailable } from '../../components/go.ts';
import { locate } from '../../components/locate.ts';

let folder: string;
let said: string[];
const say = (line: string): void => void said.push(line);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'components-'));
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const executable = (path: string, text: string): string => {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
};

const NO_GO = { PATH: '/nowhere' };

/** A `go` that notes how it was called, and writes what it was asked to build. */
const GO = `#!/bin/sh
[ "$1 $2" = "env GOVERSION" ] && { echo "$FAKE_GO_VERSION"; exit; }
echo "$GOTOOLCHAIN $CGO_ENABLED $*" >> "$FAKE_GO_LOG"
while [ "$1" != -o ]; do shift; done
[ -z "$FAKE_GO_FAILS" ] || exit 1
echo built > "$2"; chmod +x "$2"
`;

const withGo = (more: Readonly<Record<string, string>> = {}) => {
  executable(join(folder, 'bin/go'), GO);
  return {
    HOME: folder,
    PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
    FAKE_GO_VERSION: 'go1.26.3',
    FAKE_GO_LOG: join(folder, 'go.log'),
    ...more,
  };
};
const calls = (): readonly string[] => readFileSync(join(folder, 'go.log'), 'utf8').trim().split('\n');
const cache = (): string => join(folder, '.cache/tooltrail/components');

describe('a component', () => {
  test('is taken from KUBEBUILDER_ASSETS as it is', async () => {
    const given = executable(join(folder, 'assets/etcd'), '');
    expect(await locate('etcd', { ...NO_GO, HOME: folder, KUBEBUILDER_ASSETS: join(folder, 'assets') }, say)).toBe(
      given,
    );
    expect(said).toEqual([]);
  });

  test('that KUBEBUILDER_ASSETS does not have is built, and that is said', async () => {
    const env = withGo({ KUBEBUILDER_ASSETS: join(folder, 'assets') });
    expect(await locate('kubectl', env, say)).toBe(join(cache(), 'kubectl'));
    expect(said[0]).toContain('kubectl: not in KUBEBUILDER_ASSETS');
  });

  test('is built once, from its pinned module, without C', async () => {
    const env = withGo();
    const path = await locate('kube-apiserver', env, say);
    expect(await locate('kube-apiserver', env, say)).toBe(path);
    expect(calls()).toEqual([expect.stringMatching(/^local 0 build .* k8s\.io\/kubernetes\/cmd\/kube-apiserver$/)]);
    expect(calls()[0]).toContain('version.gitVersion=v1.36.');
    expect(said.length).toBe(2);
    // Neither a lock nor half a program is left.
    expect(readdirSync(cache()).sort()).toEqual(['.kube-apiserver', 'kube-apiserver']);
  });

  test('is built once by two that ask at the same moment', async () => {
    const env = withGo();
    await Promise.all([locate('etcd', env, say), locate('etcd', env, say)]);
    expect(calls().length).toBe(1);
  });

  test('is built again when its module has changed', async () => {
    const env = withGo();
    await locate('etcd', env, say);
    writeFileSync(join(cache(), '.etcd'), 'another module\n');
    await locate('etcd', env, say);
    expect(calls().length).toBe(2);
  });

  test('is there when all of its module was built', async () => {
    const path = executable(join(cache(), 'kubectl'), '');
    writeFileSync(join(cache(), '.kubernetes'), `${moduleKey('test/components/kubernetes')}\n`);
    expect(await locate('kubectl', { ...NO_GO, HOME: folder }, say)).toBe(path);
  });

  test('is not there when its build fails', async () => {
    await expect(locate('etcd', withGo({ FAKE_GO_FAILS: '1' }), say)).rejects.toThrow(Unavailable);
    expect(readdirSync(cache())).toEqual([]);
  });

  test('is built by the Go that it is known to work with', async () => {
    await locate('etcd', withGo({ FAKE_GO_VERSION: 'go1.27.3' }), say);
    expect(calls()[0]).toMatch(/^go1\.26\.\d+ /);
  });

  test('without Go says where to get it, and what else helps', async () => {
    const asked = locate('etcd', { ...NO_GO, HOME: folder }, say);
    await expect(asked).rejects.toThrow(Unavailable);
    await expect(asked).rejects.toThrow(/etcd: .*https:\/\/go\.dev\/dl.*KUBEBUILDER_ASSETS/);
  });
});

test('definitions are read from Go’s module cache, also without Go', async () => {
  const env = { ...NO_GO, GOMODCACHE: folder };
  await expect(definitions('gateway-api', env)).rejects.toThrow(/sigs\.k8s\.io\/gateway-api: .*go\.dev/);
  const crds = join(folder, 'sigs.k8s.io/gateway-api@v1.6.3/config/crd/standard');
  executable(join(crds, 'gateways.yaml'), '');
  expect(await definitions('gateway-api', env)).toBe(crds);
});

describe('integration tests on a machine without Go', () => {
  const run = (env: Readonly<Record<string, string>>) =>
    spawnSync(process.execPath, ['test/integration/main.ts'], {
      env: { ...NO_GO, HOME: folder, ...env },
      encoding: 'utf8',
    });

  test('say what is skipped and why', () => {
    const { status, stderr } = run({});
    expect(stderr).toMatch(/SKIPPED: all tests of test\/integration\/[\s\S]*go\.dev\/dl/);
    expect(status).toBe(0);
  });

  test('fail where CI is set', () => {
    const { status, stderr } = run({ CI: 'true' });
    expect(stderr).toContain('SKIPPED');
    expect(status).toBe(1);
  });
});
