import { globSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { resolve } from '../../../../gateway/resolve/resolve.ts';
import { CONDITIONS } from '../../../../lib/api/conditions.ts';
import { resourcesOf } from '../../../support/configuration.ts';
import { testGoldens } from '../../../support/golden.ts';
import { printResolution } from '../../../support/print-resolution.ts';
import { resolveOptions } from '../../../support/resolve-options.ts';

testGoldens('test/golden/resolve', (input) => printResolution(resolve(resourcesOf(input), resolveOptions(input))));

test('every condition is reached by one of them', () => {
  const texts = globSync('test/golden/{resolve,compile}/*.yaml').map((file) => readFileSync(file, 'utf8'));
  const reached = new Set(texts.flatMap((text) => text.match(/\b\w+=(?:True|False)\/\w+/g) ?? []));
  const all = Object.values(CONDITIONS).map(({ type, status, reason }) => `${type}=${status}/${reason}`);
  expect(all.filter((condition) => !reached.has(condition))).toEqual([]);
});
