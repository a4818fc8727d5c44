import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { TABLES, withTable } from '../../support/tables.ts';

/** docs/ says what the code's tables say; `UPDATE=1` rewrites it. */
test.each(Object.entries(TABLES))('%s are those of the code', (name, { file, make }) => {
  const text = readFileSync(file, 'utf8');
  const current = withTable(text, name, make());
  if (process.env.UPDATE === '1') writeFileSync(file, current);
  else expect(text).toBe(current);
});
