import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** An object of `dist/`. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** A file of `dist/` and its objects. */
export interface ManifestFile {
  readonly path: string;
  readonly objects: readonly Manifest[];
}

/** The files of a folder in the order in which they are applied. @throws {Error} if there are none */
export const readManifests = (folder: string): readonly ManifestFile[] =>
  listed(folder)
    .filter((name) => name.endsWith('.yaml'))
    .toSorted()
    .map((name) => {
      const path = join(folder, name);
      const documents = parseAllDocuments(readFileSync(path, 'utf8'));
      return { path, objects: documents.map((document) => document.toJS() as Manifest).filter(Boolean) };
    });

const listed = (folder: string): readonly string[] => {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  if (names.some((name) => name.endsWith('.yaml'))) return names;
  throw new Error(`no manifests in ${folder}: make synth writes them`);
};

export const CRD_KIND = 'CustomResourceDefinition';
