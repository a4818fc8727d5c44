import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';

jest.setTimeout(60_000);
const MILLISECONDS = 30_000;

/** No node_modules are above it. */
const folder = mkdtempSync(join(tmpdir(), 'tooltrail-bundle-'));
const bundle = join(folder, 'bundle');

const { version, engines } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly version: string;
  readonly engines: { readonly node: string };
};

beforeAll(() => {
  execFileSync(process.execPath, ['gateway/bundle.ts', bundle], { timeout: MILLISECONDS });
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the command as an installed one. */
const tooltrail = (args: readonly string[], node: readonly string[] = []) => {
  const command = [...node, join(bundle, 'tooltrail.js'), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: folder,
    timeout: MILLISECONDS,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};

const chunks = (): readonly string[] => readdirSync(bundle).filter((name) => name.endsWith('.mjs'));

describe('the bundle', () => {
  test('is a command', () => {
    expect(statSync(join(bundle, 'tooltrail.js')).mode & 0o111).toBe(0o111);
    expect(readFileSync(join(bundle, 'tooltrail.js'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  test('runs where nothing is installed, and knows its version', () => {
    expect(tooltrail(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('checks objects: the request path and what it is made from is all there', () => {
    const objects = join(process.cwd(), 'test/golden/check/dangling-backend.yaml');
    expect(tooltrail(['check', objects])).toMatchObject({ status: 1, stderr: '' });
    expect(tooltrail(['check', objects]).stdout).toContain('Backend not found: a/nowhere');
  });

  test('imports nothing but Node’s own modules and its chunks', () => {
    const known = new Set([...builtinModules, ...builtinModules.map((name) => `node:${name}`)]);
    const imported = chunks().flatMap((name) =>
      [
        ...readFileSync(join(bundle, name), 'utf8').matchAll(/^(?:import|export)\b[^"'`;]*?["']([^"'\n]+)["'];?$/gm),
      ].map(([, specifier = '']) => specifier),
    );
    expect(imported.length).toBeGreaterThan(10);
    expect(imported.filter((specifier) => !known.has(specifier) && !specifier.startsWith('./'))).toEqual([]);
  });

  test('loads the demo only when it is asked for', () => {
    const [demo] = chunks().filter((name) => name.startsWith('demo-'));
    expect(demo).toBeDefined();
    expect(readFileSync(join(bundle, 'main.mjs'), 'utf8')).not.toMatch(/^import [^;]*demo-/m);
  });

  test.each(['20.20.2', '22.18.0', '12.0.0'])('says what it needs to Node %s', (found) => {
    const pretend = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'${found}'})`;
    expect(tooltrail(['--version'], ['--import', pretend])).toEqual({
      status: 1,
      stdout: '',
      stderr: `tooltrail needs Node.js ${engines.node.replace('>=', '')} or later; this is ${found}\n`,
    });
  });
});
