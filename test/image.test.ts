import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const PACK_TIMEOUT = 180_000;

const folder = mkdtempSync(join(tmpdir(), 'image-'));
const archive = join(folder, 'image.tar');
const layout = join(folder, 'layout');
/** The image's file system. */
const root = join(folder, 'root');

interface Descriptor {
  readonly digest: string;
  readonly annotations: Readonly<Record<string, string>>;
}

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };
const blob = ({ digest }: Descriptor): Buffer => readFileSync(join(layout, 'blobs', digest.replace(':', '/')));
const parse = <T>(content: Buffer | string): T => JSON.parse(String(content)) as T;
const index = (): Descriptor =>
  parse<{ readonly manifests: readonly [Descriptor] }>(readFileSync(join(layout, 'index.json'), 'utf8')).manifests[0];
const manifest = () => parse<{ readonly config: Descriptor; readonly layers: readonly Descriptor[] }>(blob(index()));

const unpack = (file: string, to: string): void => {
  mkdirSync(to);
  execFileSync('tar', ['-xpf', file, '-C', to]);
};

// What is packed are this machine's own libraries.
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('the image, packed without docker', () => {
  beforeAll(() => {
    execFileSync(process.execPath, ['tools/image/main.ts', archive], {
      env: { ...process.env, IMAGE_BUILDER: 'pack' },
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: PACK_TIMEOUT,
    });
    unpack(archive, layout);
    unpack(join(layout, 'blobs', manifest().layers[0]!.digest.replace(':', '/')), root);
  }, PACK_TIMEOUT);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('has the name that the manifests ask for', () => {
    const name = `docker.io/tooltrail/tooltrail:${version}`;
    expect(index().annotations['io.containerd.image.name']).toBe(name);
    const asked = [...manifests().matchAll(/image: (tooltrail\/\S+)/g)].map(([, image]) => `docker.io/${image}`);
    expect(new Set(asked)).toEqual(new Set([name]));
  });

  test('holds what its digests say', () => {
    for (const descriptor of [index(), manifest().config, ...manifest().layers]) {
      expect(`sha256:${createHash('sha256').update(blob(descriptor)).digest('hex')}`).toBe(descriptor.digest);
    }
  });

  test('runs tooltrail, and not as root', () => {
    const { config } = parse<{ readonly config: unknown }>(blob(manifest().config));
    expect(config).toMatchObject({ User: '10101:10101', Entrypoint: ['/usr/local/bin/tooltrail'], WorkingDir: '/' });
    expect(manifests()).toContain('runAsUser: 10101');
  });

  test('can be written to in /tmp only', () => {
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
    expect(files).toContain('usr/local/bin/node');
    expect(files.filter((name) => (lstatSync(join(root, name)).mode & 0o022) !== 0)).toEqual(['tmp']);
    // Read-only to others, yet readable.
    expect(files.filter((name) => (lstatSync(join(root, name)).mode & 0o044) !== 0o044)).toEqual([]);
  });

  test('has every library that its Node.js loads', () => {
    const loader = join(root, readdirSync(root).includes('lib64') ? 'lib64' : 'lib');
    const program = readdirSync(loader).find((name) => name.startsWith('ld-linux'))!;
    const libc = readdirSync(root, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('/libc.so.6'))!;
    const own = ['--inhibit-cache', '--library-path', join(root, libc, '..'), '--list'];
    const list = execFileSync(join(loader, program), [...own, join(root, 'usr/local/bin/node')], { encoding: 'utf8' });
    const found = [...list.matchAll(/=> (\S+)/g)].map(([, path]) => path!);
    expect(found.length).toBeGreaterThan(3);
    expect(found.filter((path) => !path.startsWith(root))).toEqual([]);
  });

  test('starts', () => {
    const enter = ['--map-root-user', 'chroot'];
    if (spawnSync('unshare', [...enter, '/', 'true']).status !== 0) {
      console.warn('not shown: this machine lets nobody but root change the root folder');
      return;
    }
    const { stdout, stderr } = spawnSync('unshare', [...enter, root, '/usr/local/bin/tooltrail', '--version'], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    });
    expect({ stdout, stderr }).toEqual({ stdout: expect.stringContaining(version), stderr: '' });
  });
});

/** What dist/ deploys. */
const manifests = (): string =>
  readdirSync('dist')
    .sort()
    .map((name) => readFileSync(join('dist', name), 'utf8'))
    .join('---\n');
