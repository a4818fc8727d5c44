import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageFiles } from './files.ts';

/** Writes the image's files into a folder: `rootfs.ts BUNDLE FOLDER`. The Dockerfile copies it into an empty image. */
const [bundle, folder] = process.argv.slice(2);
if (bundle === undefined || folder === undefined) {
  console.error('usage: rootfs.ts BUNDLE FOLDER');
  process.exit(2);
}
process.umask(0);
for (const { path, mode, content } of imageFiles({ node: process.execPath, bundle })) {
  if (content === undefined) mkdirSync(join(folder, path), { recursive: true, mode });
  else writeFileSync(join(folder, path), content, { mode });
}
