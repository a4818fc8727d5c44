import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { sbomOf } from '../tools/image/sbom.ts';

/**
 * Bundles the gateway and all that it needs into build/gateway/, or the folder that is given. `tooltrail.js` is the command: it checks Node's version in words that any
 * version understands, and only then loads the rest. The demo is a chunk of its own, loaded when it is asked for.
 */
const root = join(import.meta.dirname, '..');
const folder = process.argv[2] ?? join(root, 'build/gateway');

interface Manifest {
  readonly name: string;
  readonly license: string;
  readonly version: string;
  readonly engines: { readonly node: string };
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const { version, engines } = manifest;
/** What is in the bundle, beside it. */
const SBOM = 'sbom.cdx.json';
const [major = 0, minor = 0] = engines.node.replace(/^>=/, '').split('.').map(Number);

/** Valid as script and as module, and in any Node that knows `import()`. */
const LAUNCHER = `#!/usr/bin/env node
var found = process.versions.node.split('.').map(Number);
if (found[0] < ${major} || (found[0] === ${major} && found[1] < ${minor})) {
  console.error('tooltrail needs Node.js ${major}.${minor} or later; this is ' + process.versions.node);
  process.exit(1);
} else {
  import('./main.mjs');
}
`;

/** CommonJS packages inside the bundle ask for Node's modules by \`require\`. */
const REQUIRE =
  "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);";

rmSync(folder, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: { main: join(root, 'gateway/main.ts') },
  outdir: folder,
  outExtension: { '.js': '.mjs' },
  chunkNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: `node${major}.${minor}`,
  define: { TOOLTRAIL_VERSION: JSON.stringify(version) },
  banner: { js: REQUIRE },
  // Neither names nor line breaks: stack traces stay readable.
  minifySyntax: true,
  legalComments: 'linked',
  metafile: true,
  absWorkingDir: root,
  logLevel: 'warning',
});
writeFileSync(join(folder, SBOM), `${JSON.stringify(sbomOf(metafile, root, manifest), undefined, 2)}\n`);
const launcher = join(folder, 'tooltrail.js');
writeFileSync(launcher, LAUNCHER);
chmodSync(launcher, 0o755);
