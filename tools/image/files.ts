import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { librariesOf } from './libraries.ts';

/** A regular file of the image, or a folder where it has no content. */
export interface ImageFile {
  /** Absolute, in the image. */
  readonly path: string;
  readonly mode: number;
  readonly content?: Buffer;
}

/** Not root, and nobody else's: what the manifests run it as. */
export const UID = 10101;
export const ENTRYPOINT = '/usr/local/bin/tooltrail';

export const NODE = '/usr/local/bin/node';
const BUNDLE = '/usr/local/lib/tooltrail';

/** A shell is not there, nor `env`: the kernel starts Node itself. */
const LAUNCHER = `#!${NODE}\nimport('${BUNDLE}/main.mjs');\n`;
const USERS = `root:x:0:0:root:/:/sbin/nologin\ntooltrail:x:${UID}:${UID}:tooltrail:/:/sbin/nologin\n`;
const GROUPS = `root:x:0:\ntooltrail:x:${UID}:\n`;
/** Names in /etc/hosts before those in DNS. */
const NAME_SERVICES = 'passwd: files\ngroup: files\nhosts: files dns\n';

export interface ImageSources {
  /** Path of a Node.js program of this machine. */
  readonly node: string;
  /** The folder that `npm run build:gateway` fills. */
  readonly bundle: string;
}

/** Everything in the image: Node.js, the libraries that it loads, the bundle. In the order of paths, parents first. */
export const imageFiles = ({ node, bundle }: ImageSources): readonly ImageFile[] =>
  nodeFiles(node, [
    file(ENTRYPOINT, LAUNCHER, 0o755),
    ...readdirSync(bundle).map((name) => file(join(BUNDLE, basename(name)), readFileSync(join(bundle, name)))),
  ]);

/** An image with Node.js, what it needs, and these files. */
export const nodeFiles = (node: string, own: readonly ImageFile[]): readonly ImageFile[] => {
  const files = [
    file(NODE, readFileSync(node), 0o755),
    file('/etc/passwd', USERS),
    file('/etc/group', GROUPS),
    file('/etc/nsswitch.conf', NAME_SERVICES),
    ...librariesOf(node, existsSync).map((path) => file(path, readFileSync(path), 0o755)),
    ...own,
  ];
  const folders = new Set(files.flatMap(({ path }) => parentsOf(path)));
  return [...[...folders].map((path) => ({ path, mode: 0o755 })), { path: '/tmp', mode: 0o1777 }, ...files].sort(
    (a, b) => (a.path < b.path ? -1 : 1),
  );
};

const file = (path: string, content: string | Buffer, mode = 0o644): ImageFile => ({
  path,
  mode,
  content: typeof content === 'string' ? Buffer.from(content) : content,
});

/** `/a/b/c` is in `/a` and `/a/b`. */
const parentsOf = (path: string): readonly string[] =>
  path
    .split('/')
    .slice(1, -1)
    .map((_, index, parts) => `/${parts.slice(0, index + 1).join('/')}`);
