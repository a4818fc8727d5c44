import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { sbomOf } from '../../../tools/image/sbom.ts';

/** Of what the gateway's bundle is made. */
const ALLOWED = new Set(['Apache-2.0', 'MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD']);
const OWN = { name: 'tooltrail', version: '1.2.3', license: 'Apache-2.0' };

let sbom: ReturnType<typeof sbomOf>;

beforeAll(async () => {
  const { metafile } = await build({
    entryPoints: ['gateway/main.ts'],
    bundle: true,
    splitting: true,
    write: false,
    outdir: 'out',
    format: 'esm',
    platform: 'node',
    metafile: true,
    define: { TOOLTRAIL_VERSION: '""' },
    logLevel: 'silent',
  });
  sbom = sbomOf(metafile, process.cwd(), OWN);
}, 60_000);

describe('the bill of materials', () => {
  test('names what the gateway is made of, at the versions of the lockfile', () => {
    const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
      readonly packages: Readonly<Record<string, { readonly version?: string }>>;
    };
    const locked = new Set(
      Object.entries(packages).map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`),
    );
    const names = sbom.components.map(({ name, version }) => `${name}@${version}`);
    expect(names).toEqual(expect.arrayContaining([expect.stringMatching(/^undici@/), expect.stringMatching(/^yaml@/)]));
    expect(names.filter((name) => !locked.has(name))).toEqual([]);
  });

  test('has nothing whose licence does not go with ours', () => {
    const licences = sbom.components.map(({ name, licenses }) => [name, licenses?.[0]?.license.id]);
    expect(licences.filter(([, id]) => id === undefined || !ALLOWED.has(id))).toEqual([]);
  });

  test('is about the gateway, and every part has a reference of its own', () => {
    expect(sbom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' });
    expect(sbom.metadata.component).toMatchObject({
      name: 'tooltrail',
      version: '1.2.3',
      purl: 'pkg:npm/tooltrail@1.2.3',
    });
    const references = sbom.components.map((component) => component['bom-ref']);
    expect(new Set(references).size).toBe(references.length);
    expect(sbom.dependencies).toEqual([{ ref: 'pkg:npm/tooltrail@1.2.3', dependsOn: references.toSorted() }]);
  });
});
