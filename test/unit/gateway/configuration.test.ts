import fs from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { printSnapshot } from '../../../gateway/compile/print.ts';
import { allMatches } from '../../../gateway/compile/routes/table.ts';
import type { Snapshot } from '../../../gateway/compile/snapshot.ts';
import { Configuration, type Report } from '../../../gateway/configuration.ts';
import { FileSource } from '../../../gateway/source/file.ts';
import { renderFinding } from '../../../gateway/status/findings.ts';

const TOKEN = 'github_pat_11AAAA';
const POST = fs.readFileSync('test/golden/compile/post.yaml', 'utf8').split('---\n# Output\n')[0] ?? '';

let folder: string;
let snapshots: Snapshot[];
let reports: Report[];
let source: FileSource;

/** The post's objects after an edit, served from a file. */
const load = async (edit: (text: string) => string = (text) => text): Promise<void> => {
  await writeFile(join(folder, 'post.yaml'), edit(POST));
  await source.load();
};

const findings = (): readonly string[] => (reports.at(-1)?.findings ?? []).map(renderFinding);
const firstBackend = (snapshot: Snapshot | undefined) => {
  const listener = snapshot?.binds[0]?.listeners[0];
  return listener && allMatches(listener.routes)[0]?.rule.backends[0]?.backend;
};
const backend = () => firstBackend(snapshots.at(-1));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'configuration-'));
  snapshots = [];
  reports = [];
  const configuration = new Configuration({
    onSnapshot: (snapshot) => snapshots.push(snapshot),
    onReport: (report) => reports.push(report),
  });
  source = new FileSource({ paths: [folder], fs, env: { GITHUB_PAT: TOKEN }, timers: globalThis }, configuration);
});

afterEach(() => rm(folder, { recursive: true }));

describe('Configuration', () => {
  test('serves the objects of the post without a finding', async () => {
    await load();
    expect(findings()).toEqual([]);
    expect(snapshots).toHaveLength(1);
    expect(backend()).toMatchObject({
      type: 'mcp',
      targets: [
        {
          host: 'api.githubcopilot.com',
          credentials: [{ in: 'header', name: 'authorization', value: `Bearer ${TOKEN}` }],
        },
      ],
    });
  });

  test('hands out snapshots that nobody can change', async () => {
    await load();
    const listener = snapshots[0]?.binds[0]?.listeners[0];
    expect(Object.isFrozen(firstBackend(snapshots[0]))).toBe(true);
    expect(() => Object.assign(listener?.labels ?? {}, { gateway: 'other' })).toThrow(TypeError);
  });

  test('keeps the secret out of the printed snapshot, the statuses and the findings', async () => {
    await load((text) =>
      text.replace('secretRef:\n                name: github-pat', 'secretRef: {name: github-pat, key: other}'),
    );
    await load();
    const said = JSON.stringify([snapshots.map(printSnapshot), reports]);
    expect(said).toContain('<redacted>');
    expect(said).not.toContain(TOKEN);
  });

  test.each<[string, (text: string) => string, RegExp]>([
    ['a file that is not YAML', (text) => `${text}\n{`, /post\.yaml:\d+:\d+: error: not YAML: .* \(not-yaml\)$/],
    [
      'an unknown field',
      (text) => text.replace('backendRefs:', 'backendRfs:'),
      /post\.yaml:63:7: error: HTTPRoute agentgateway-system\/mcp-route: unknown field spec\.rules\[0\]\.backendRfs of HTTPRoute; did you mean backendRefs\? \(unknown-field\)$/,
    ],
    [
      'a wrong type',
      (text) => text.replace('port: 3000', 'port: "3000"'),
      /post\.yaml:13:13: error: Gateway agentgateway-system\/mcp-gateway: spec\.listeners\[0\]\.port must be an integer, is a string \(wrong-type\)$/,
    ],
  ])('%s: the snapshot stays, the report says where', async (_, edit, expected) => {
    await load();
    await load(edit);
    expect(snapshots).toHaveLength(1);
    expect(findings()).toHaveLength(1);
    expect(findings()[0]).toMatch(expected);
    await load();
    expect(findings()).toEqual([]);
  });

  test.each<[string, (text: string) => string, string, string | undefined]>([
    [
      'a dangling backendRef',
      (text) => text.replace('- name: github-mcp-server', '- name: nowhere'),
      'HTTPRoute agentgateway-system/mcp-route parent agentgateway-system/mcp-gateway: Backend not found: agentgateway-system/nowhere (ResolvedRefs=False/BackendNotFound)',
      'BackendNotFound',
    ],
    [
      'a dangling secret',
      (text) => text.replace('name: github-pat\n---', 'name: lost\n---'),
      'Secret agentgateway-system/lost not found (Accepted=False/TranslationError)',
      'TranslationError',
    ],
    [
      'a dangling secret key',
      (text) => text.replace('Authorization:', 'authorisation:'),
      'Secret agentgateway-system/github-pat has no key "Authorization", only authorisation (Accepted=False/TranslationError)',
      'TranslationError',
    ],
    [
      'a missing grant',
      (text) => text.replace('name: opentelemetry-collector-traces\n---', 'name: other\n---'),
      'a ReferenceGrant in namespace telemetry for AgentgatewayPolicy of namespace agentgateway-system is missing',
      undefined,
    ],
    [
      'an expression that does not compile',
      (text) => text.replace('default(mcp.tool.name, "")', 'default(mcp.tool.name, '),
      'frontend.tracing.attributes.add[2].expression',
      undefined,
    ],
  ])('%s: what depends on it says so, the rest is served', async (_, edit, finding, reason) => {
    await load();
    await load(edit);
    expect(snapshots).toHaveLength(2);
    expect(findings().join('\n')).toContain(finding);
    expect(findings()[0]).toMatch(/post\.yaml:\d+:1: error: /);
    expect(backend()).toMatchObject(reason === undefined ? { type: 'mcp' } : { type: 'invalid', reason });
  });

  test('reports before there is anything to serve', async () => {
    await source.load();
    expect(snapshots).toEqual([{ version: 1, binds: [] }]);
    expect(findings()).toEqual([]);
  });
});
