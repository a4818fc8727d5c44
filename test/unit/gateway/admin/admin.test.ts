import { expect, test } from '@jest/globals';
import { adminPages, type ConfigurationState } from '../../../../gateway/admin/admin.ts';
import { statsPages } from '../../../../gateway/admin/stats.ts';
import { aBackend, aBind, aListener, aMatch, aRule, aSnapshot } from '../../../support/http/snapshot.ts';

const TOKEN = 'Bearer github_pat_11AAAA';

const state = (overrides: Partial<ConfigurationState> = {}): ConfigurationState => ({
  version: '1.2.3',
  snapshot: undefined,
  findings: [],
  statuses: [],
  ports: [],
  ...overrides,
});

const dump = async (of: ConfigurationState): Promise<string> => {
  const page = await adminPages(() => of).get('/config_dump')?.();
  expect(page?.type).toBe('application/json');
  return String(page?.body);
};

test('the admin interface lists its pages', async () => {
  expect(await adminPages(state).get('/')?.()).toEqual({
    type: 'text/plain; charset=utf-8',
    body: '/\n/config_dump\n',
  });
});

test('the dump holds what is served, and everything that is told of it', async () => {
  const findings = [{ severity: 'error', rule: 'not-yaml', message: 'bad' }] as const;
  const statuses = [{ kind: 'Gateway' }];
  const ports = [{ port: 3000, problem: 'it is in use (EADDRINUSE)' }];
  const parsed = JSON.parse(await dump(state({ snapshot: aSnapshot(3000), findings, statuses, ports })));
  expect(parsed).toMatchObject({ version: '1.2.3', findings, statuses, ports });
  expect(parsed.snapshot.binds[0]).toMatchObject({ port: 3000, listeners: [{ labels: { listener: 'mcp' } }] });
});

test('no secret is in the dump', async () => {
  const target = {
    name: 'github',
    host: 'api.githubcopilot.com',
    port: 443,
    path: '/mcp/',
    protocol: 'StreamableHTTP',
    tls: undefined,
    credentials: [{ in: 'header', name: 'authorization', value: TOKEN }],
    authority: 'api.githubcopilot.com',
  } as const;
  const rule = aRule('default/route', [{ ...aBackend(), targets: [target] }]);
  const snapshot = aSnapshot(aBind(3000, { listeners: [aListener({ matches: [aMatch({ rule })] })] }));
  const text = await dump(state({ snapshot }));
  expect(text).toContain('api.githubcopilot.com');
  expect(text).not.toContain('github_pat');
});

test('before the first configuration there is a dump too', async () => {
  expect(JSON.parse(await dump(state()))).toMatchObject({ findings: [], ports: [] });
});

test('metrics are on both paths, with the type of their format', async () => {
  const body = (async function* () {
    yield 'up 1\n';
  })();
  const pages = statsPages((accept) => ({ contentType: accept ?? '', body }));
  expect([...pages.keys()]).toEqual(['/metrics', '/stats/prometheus']);
  for (const page of pages.values()) expect(page('text/plain')).toEqual({ type: 'text/plain', body });
});
