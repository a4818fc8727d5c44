import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';

const MARK = '---\n# Output\n';

/** What a golden's input is turned into: data that YAML can hold. */
export type Render = (input: string, name: string) => unknown;

/**
 * One test for each YAML file in a folder: the input, then `---` and `# Output`, then what `render` makes of the input. Comments at the top
 * say what the case is about. `UPDATE=1` rewrites the outputs.
 */
export const testGoldens = (folder: string, render: Render): void => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  test(`${basename(folder)}: there are goldens`, () => expect(files).not.toEqual([]));
  for (const file of files) {
    const name = basename(file, '.yaml');
    test(`${basename(folder)}: ${name}`, () => {
      const text = readFileSync(join(folder, file), 'utf8');
      const [input = '', ...expected] = text.split(MARK);
      const output = stringify(render(input, name), { lineWidth: 0, aliasDuplicateObjects: false });
      if (process.env.UPDATE === '1') writeFileSync(join(folder, file), `${input}${MARK}${output}`);
      else expect(output).toBe(expected.join(MARK));
    });
  }
};
