import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What esbuild says went into a bundle. */
export interface Metafile {
  readonly inputs: Readonly<Record<string, unknown>>;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** The package whose file it is, in the form in which npm installs it: the innermost. */
const PACKAGE = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//;

const purl = ({ name, version }: Manifest): string => `pkg:npm/${name.replace('@', '%40')}@${version}`;

const component = (type: 'application' | 'library', manifest: Manifest) => ({
  type,
  'bom-ref': purl(manifest),
  name: manifest.name,
  version: manifest.version,
  purl: purl(manifest),
  ...(manifest.license === undefined ? {} : { licenses: [{ license: { id: manifest.license } }] }),
});

/**
 * Every package that has a file in the bundle, as CycloneDX 1.6. The same for the same bundle: it has neither time nor serial number.
 * @param root folder that the metafile's paths begin from
 * @param own what the bundle is
 * @see https://cyclonedx.org/docs/1.6/json/
 */
export const sbomOf = ({ inputs }: Metafile, root: string, own: Manifest) => {
  const folders = new Set(
    Object.keys(inputs).flatMap((path) => {
      const [matched] = PACKAGE.exec(path) ?? [];
      return matched === undefined ? [] : [matched];
    }),
  );
  const packages = [...folders].map(
    (folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest,
  );
  const components = packages.map((manifest) => component('library', manifest));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: component('application', own) },
    components: components.sort((a, b) => (a.purl < b.purl ? -1 : 1)),
    dependencies: [{ ref: purl(own), dependsOn: components.map((item) => item['bom-ref']).sort() }],
  };
};
