import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

/** Building, packing and installing take about half a minute, without a warm cache more. */
const INSTALL_MILLISECONDS = 300_000;
const COMMAND_MILLISECONDS = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'pack-'));
/** An empty project that the package is installed into. */
const project = join(folder, 'project');

const run = (command: string, args: readonly string[], cwd: string, timeout = COMMAND_MILLISECONDS): string =>
  execFileSync(command, args, { cwd, timeout, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const { devDependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
};

beforeAll(() => {
  // `npm pack` builds first (prepack).
  run('npm', ['pack', '--silent', '--pack-destination', folder], process.cwd(), INSTALL_MILLISECONDS);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }));
  // The peers at the versions that are tested here.
  const peers = Object.keys(peerDependencies).map((name) => `${name}@${devDependencies[name]}`);
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--omit=optional', '--ignore-scripts'];
  run('npm', ['install', ...flags, join(folder, tarball), ...peers], project, INSTALL_MILLISECONDS);
}, INSTALL_MILLISECONDS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the published package, installed into an empty project', () => {
  test('holds what is needed to run, and no sources or tests', () => {
    const root = join(project, 'node_modules/tooltrail');
    expect(readdirSync(root).sort()).toEqual(expect.arrayContaining(['build', 'package.json']));
    expect(readdirSync(root)).not.toEqual(expect.arrayContaining(['lib']));
    expect(readdirSync(root)).not.toEqual(expect.arrayContaining(['test']));
  });

  test('synthesizes from plain JavaScript', () => {
    const script = `
      import { App } from 'cdk8s';
      import * as tooltrail from 'tooltrail';

      const app = new App();
      const stack = new tooltrail.McpObservabilityStack(app);
      const gateway = new tooltrail.Gateway(stack.gateway, 'gateway', { listeners: [{ name: 'mcp', port: 3000 }] });
      new tooltrail.GatewayWorkload(stack.gateway, 'workload', { gateway });
      new tooltrail.AgentgatewayPolicy(stack.gateway, 'tracing', {
        targets: [gateway],
        tracing: { collector: stack.collector, attributes: { tool: 'default(mcp.tool.name, "")' } },
      });
      app.synth();
    `;
    writeFileSync(join(project, 'app.js'), script);
    run(process.execPath, ['app.js'], project);
    const files = readdirSync(join(project, 'dist'));
    expect(files).toContain('0004-gateway.k8s.yaml');
    const version = (JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string }).version;
    expect(readFileSync(join(project, 'dist/0002-controller.k8s.yaml'), 'utf8')).toContain(
      `image: tooltrail/tooltrail:${version}`,
    );
  });

  test.each(['nodenext', 'bundler'])('is typed for moduleResolution %s', (resolution) => {
    const source = `
      import { App, Chart } from 'cdk8s';
      import { Gateway, HttpRoute, SecretReference } from 'tooltrail';

      const chart = new Chart(new App(), 'chart');
      const gateway = new Gateway(chart, 'gateway', { name: 'g', listeners: [{ name: 'mcp', port: 3000 }] });
      new HttpRoute(chart, 'route', { parents: [gateway, gateway.listener('mcp')] });
      const name: string = new SecretReference(chart, 'secret', { keys: ['a'] }).key('a').secret.name;
      console.log(name);
      // @ts-expect-error: a parent is an object, not a name
      new HttpRoute(chart, 'other', { parents: ['gateway'] });
      // @ts-expect-error: the property comes from a file that the declarations import
      new Gateway(chart, 'typing', { namespace: 1 });
    `;
    writeFileSync(join(project, 'app.ts'), source);
    symlinkSync(join(process.cwd(), 'node_modules/@types'), join(project, `types-${resolution}`));
    const module = resolution === 'nodenext' ? 'nodenext' : 'esnext';
    const types = ['--typeRoots', `types-${resolution}`, '--types', 'node'];
    const options = [
      '--noEmit',
      '--strict',
      '--target',
      'es2024',
      '--module',
      module,
      '--moduleResolution',
      resolution,
    ];
    const compiler = join(process.cwd(), 'node_modules/typescript/bin/tsc');
    run(process.execPath, [compiler, ...options, ...types, 'app.ts'], project);
  });

  test('runs the gateway’s command line', () => {
    const help = run('npx', ['--no-install', 'tooltrail', 'gateway', '--help'], project);
    for (const option of ['--config', '--listen', '--admin', '--stats', '--readiness', '--connect-to']) {
      expect(help).toContain(option);
    }
  });
});
