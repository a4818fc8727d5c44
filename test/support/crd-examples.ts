import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An object that the CRDs accept, or refuse because of `field`. The comment before it says why. */
export interface CrdExample {
  /** `file: name`. */
  readonly title: string;
  readonly text: string;
  /** Of refused ones. */
  readonly field: string;
}

const ROOT = 'test/golden/crd';

/** The examples of one folder, in the order of files. */
export const crdExamples = (folder: 'valid' | 'invalid'): readonly CrdExample[] =>
  readdirSync(join(ROOT, folder))
    .sort()
    .flatMap((file) =>
      readFileSync(join(ROOT, folder, file), 'utf8')
        .split(/^---\n/m)
        .map((text) => {
          const field = /^# ([\w.[\]]+): /.exec(text)?.[1] ?? '';
          const name = /^metadata: \{name: ([^}]*)\}/m.exec(text)?.[1] ?? '';
          return { title: `${file}: ${name}`, text, field };
        }),
    );
