import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUILDERS, usable } from './builders.ts';
import { ENTRYPOINT, imageFiles, UID } from './files.ts';
import { ociArchive } from './oci.ts';

/**
 * Makes the gateway's image, as build/image/tooltrail-VERSION.tar: with docker, podman or buildah, whichever is there, or by packing the same
 * files into an OCI archive. IMAGE_BUILDER names one of `docker`, `podman`, `buildah`, `pack`. An argument names another file.
 */
const PACK = 'pack';
const IMAGE = { title: 'tooltrail', entrypoint: [ENTRYPOINT], uid: UID } as const;

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };
const image = `docker.io/tooltrail/tooltrail:${version}`;
const folder = 'build/image';
const archive = process.argv[2] ?? join(folder, `tooltrail-${version}.tar`);

const fail = (message: string): never => {
  throw new Error(message);
};

const chosen = (): (typeof BUILDERS)[number] | undefined => {
  const asked = process.env.IMAGE_BUILDER ?? '';
  if (asked === PACK) return undefined;
  if (asked === '') return BUILDERS.find(usable);
  const names = [...BUILDERS.map(({ name }) => name), PACK].join(', ');
  return BUILDERS.find(({ name }) => name === asked) ?? fail(`IMAGE_BUILDER is one of ${names}; not ${asked}`);
};

const pack = (file: string): void => {
  if (process.platform !== 'linux')
    fail('an image can be packed on Linux only; elsewhere it needs docker, podman or buildah');
  const bundle = mkdtempSync(join(tmpdir(), 'tooltrail-bundle-'));
  try {
    execFileSync(process.execPath, ['gateway/bundle.ts', bundle], { stdio: ['ignore', 'inherit', 'inherit'] });
    const files = imageFiles({ node: process.execPath, bundle });
    writeFileSync(file, ociArchive({ files, name: image, ...IMAGE, version, arch: process.arch }));
  } finally {
    rmSync(bundle, { recursive: true, force: true });
  }
};

mkdirSync(folder, { recursive: true });
// The folder is inside one that `npm pack` takes.
writeFileSync(join(folder, '.npmignore'), '*\n');
const fresh = `${archive}.${process.pid}`;
try {
  const builder = chosen();
  if (builder === undefined) pack(fresh);
  for (const [command = '', ...args] of builder?.commands(image, fresh) ?? []) {
    const { status } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
    if (status !== 0) fail(`${command} ${args.join(' ')}: exit ${status}`);
  }
  renameSync(fresh, archive);
  const mebibytes = (statSync(archive).size / 2 ** 20).toFixed(1);
  const how = builder?.name ?? 'packed, without docker, podman or buildah';
  console.log(`${image}  ${archive}  ${mebibytes} MiB  (${how})`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  rmSync(fresh, { force: true });
}
