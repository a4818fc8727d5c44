import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** An object of dist/. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec?: {
    readonly template?: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}

/** All of dist/. */
export const manifests: readonly Manifest[] = readdirSync('dist')
  .flatMap((file) => parseAllDocuments(readFileSync(join('dist', file), 'utf8')))
  .map((document) => document.toJS() as Manifest);
