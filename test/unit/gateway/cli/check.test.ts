import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { expect, test } from '@jest/globals';
import { run } from '../../../../gateway/cli/run.ts';
import { enableLinearRegExp } from '../../../../lib/cel/regexp.ts';
import { aHost } from '../../../support/cli/host.ts';
import { testGoldens } from '../../../support/golden.ts';

enableLinearRegExp(setFlagsFromString);

const FOLDER = 'test/golden/check';
const ENV = { GITHUB_PAT: 'github_pat_secret' };

const check = async (text: string): Promise<{ readonly exit: number; readonly output: readonly string[] }> => {
  const host = aHost({ 'input.yaml': text }, ENV);
  const exit = await run(['check', 'input.yaml'], host);
  expect(host.err).toEqual([]);
  return { exit, output: host.out.join('').trimEnd().split('\n') };
};

const outputs = new Map<string, unknown>();
for (const file of readdirSync(FOLDER)) {
  const [input = ''] = readFileSync(join(FOLDER, file), 'utf8').split('---\n# Output\n');
  outputs.set(file.replace(/\.yaml$/, ''), await check(input));
}

testGoldens(FOLDER, (_input, name) => outputs.get(name));

test('a path that is not there', async () => {
  const host = aHost();
  expect(await run(['check', 'nowhere'], host)).toBe(1);
  expect(host.out.join('')).toBe(
    'nowhere:1:1: error: no such file or folder (unreadable)\n0 objects with a status, 1 error, 0 notes\n',
  );
});

test('several paths are checked together', async () => {
  const [gateway, ...others] = readFileSync('test/acceptance/seed-manifests.yaml', 'utf8').split(/^---$/m);
  const host = aHost({ 'a.yaml': gateway ?? '', 'b.yaml': others.join('---') }, ENV);
  expect(await run(['check', 'a.yaml', 'b.yaml'], host)).toBe(0);
  expect(host.out.at(-1)).toBe('4 objects with a status, 0 errors, 0 notes\n');
});

test('the mode of grants counts', async () => {
  const objects = readFileSync('test/acceptance/seed-manifests.yaml', 'utf8').split(/^---$/m);
  const text = objects.filter((object) => !object.includes('kind: ReferenceGrant')).join('---');
  const withMode = (...mode: readonly string[]): Promise<number> =>
    run(['check', 'a.yaml', ...mode], aHost({ 'a.yaml': text }, ENV));
  expect(await withMode('--reference-grants', 'route')).toBe(0);
  expect(await withMode()).toBe(1);
});

test('-o json says the same to programs', async () => {
  const text = readFileSync('test/golden/check/dangling-backend.yaml', 'utf8').split('---\n# Output\n')[0] ?? '';
  const host = aHost({ 'input.yaml': text }, ENV);
  expect(await run(['check', '-o', 'json', 'input.yaml'], host)).toBe(1);
  const { objects, findings } = JSON.parse(host.out.join('')) as {
    readonly objects: readonly { readonly kind: string; readonly location: unknown; readonly status: unknown }[];
    readonly findings: readonly unknown[];
  };
  const route = objects.find(({ kind }) => kind === 'HTTPRoute');
  expect(route?.location).toEqual({ file: 'input.yaml', line: expect.any(Number), column: 1 });
  expect(route?.status).toMatchObject({
    parents: [
      {
        controllerName: 'agentgateway.dev/agentgateway',
        conditions: [
          { type: 'Accepted', status: 'True', observedGeneration: 1 },
          { type: 'ResolvedRefs', status: 'False', reason: 'BackendNotFound' },
        ],
      },
    ],
  });
  expect(findings).toEqual([
    expect.objectContaining({
      severity: 'error',
      rule: 'ResolvedRefs=False/BackendNotFound',
      location: route?.location,
    }),
  ]);
});
