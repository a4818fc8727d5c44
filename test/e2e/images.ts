import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ociArchive } from '../../tools/image/oci.ts';
import { locate } from '../components/locate.ts';
import type { Program } from '../components/programs.ts';
import { driver } from './driver.ts';

/** Images are found by their tag; the label of a version is for people. */
const VERSION = 'test';

/**
 * Makes a program of test/components known to the cluster as an image of that name: nothing has to be fetched, and it is of the pinned
 * version. Elsewhere than on Linux the programs are not those of the nodes: there the cluster fetches the image itself.
 * @param path where the program is in the image
 */
export const loadProgram = async (
  program: Program,
  name: string,
  path = `/usr/local/bin/${program}`,
): Promise<void> => {
  if (process.platform !== 'linux') return;
  const built = await locate(program, process.env, (line) => console.error(line));
  await loadFiles(name, [path], [{ path, mode: 0o755, content: readFileSync(built) }]);
};

type ImageOptions = Parameters<typeof ociArchive>[0];

/** Makes an image of these files known to the cluster. */
export const loadFiles = async (
  name: string,
  entrypoint: readonly string[],
  files: ImageOptions['files'],
): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'tooltrail-image-'));
  try {
    const archive = join(folder, 'image.tar');
    writeFileSync(
      archive,
      ociArchive({ name, title: name, entrypoint, files, version: VERSION, arch: process.arch, compressed: false }),
    );
    await driver.do('load', archive);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
