import { createRequire } from 'node:module';

/** Version of this package: also that of the image which the manifests deploy. Read from the package itself, so it is written once. */
export const VERSION: string = (
  createRequire(import.meta.url)('tooltrail/package.json') as { readonly version: string }
).version;
