import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { NODE, nodeFiles } from '../../tools/image/files.ts';
import { driver } from './driver.ts';
import { loadFiles } from './images.ts';

const PACKAGE = '@modelcontextprotocol/server-everything';
const FOLDER = '/srv/everything';
const NAMESPACE = 'default';
const NAME = 'everything';
const PORT = 3001;

/** The reference MCP server, inside the cluster. */
export const EVERYTHING = { host: `${NAME}.${NAMESPACE}.svc.cluster.local`, port: PORT, path: '/mcp' } as const;

const manifest = createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`);

/** Loads it into the cluster and starts it. Resolves when it is ready. */
export const startEverything = async (): Promise<void> => {
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string };
  const image = `tooltrail.test/server-everything:${version}`;
  await loadFiles(image, [NODE, `${FOLDER}/index.mjs`, 'streamableHttp'], nodeFiles(process.execPath, await bundle()));
  await driver.kubectl.must(['apply', '--server-side', '-f', '-'], JSON.stringify(objects(image)));
  await driver.kubectl.must(['rollout', 'status', `deployment/${NAME}`, '-n', NAMESPACE, '--timeout=120s']);
};

/** The package and all that it imports, in a few files. */
const bundle = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tooltrail-everything-'));
  try {
    await build({
      entryPoints: { index: join(dirname(manifest), 'dist/index.js') },
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      banner: {
        js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
      },
      logLevel: 'warning',
    });
    return readdirSync(folder).map((name) => ({
      path: join(FOLDER, name),
      mode: 0o644,
      content: readFileSync(join(folder, name)),
    }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const objects = (image: string) => {
  const metadata = { name: NAME, namespace: NAMESPACE };
  const labels = { app: NAME };
  const container = {
    name: NAME,
    image,
    imagePullPolicy: 'IfNotPresent',
    env: [{ name: 'PORT', value: String(PORT) }],
    readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 },
  };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  };
  const service = { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports: [{ port: PORT }] } };
  return { apiVersion: 'v1', kind: 'List', items: [deployment, service] };
};
