import { readdirSync, readFileSync } from 'node:fs';
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

/** The files of a folder in the order in which they are applied. */
export const readManifests = (folder: string): readonly ManifestFile[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => {
      const path = join(folder, name);
      const documents = parseAllDocuments(readFileSync(path, 'utf8'));
      return { path, objects: documents.map((document) => document.toJS() as Manifest).filter(Boolean) };
    });

export const CRD_KIND = 'CustomResourceDefinition';
