import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/acceptance/eventually.ts';
import { Api } from '../support/control-plane/api.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane/control-plane.ts';

const START_TIMEOUT = 120_000;

let plane: ControlPlane;

beforeAll(async () => {
  plane = await startControlPlane({ controllerManager: true });
}, START_TIMEOUT);

afterAll(() => plane?.stop());

const list = (query: string) => new Api(plane.kubeconfig).send('GET', `/api/v1/namespaces?${query}`);

describe('a control plane on loopback', () => {
  test('is of the version that the module pins', async () => {
    const { serverVersion } = JSON.parse(await plane.kubectl.must(['version', '-o', 'json']));
    expect(serverVersion.gitVersion).toMatch(/^v1\.\d+\.\d+$/);
  });

  test('does what controllers do', async () => {
    await plane.kubectl.must(['create', 'namespace', 'made']);
    const account = await eventually('the default service account', async () => {
      const { code, out } = await plane.kubectl.run(['get', 'serviceaccount', 'default', '-n', 'made', '-o', 'name']);
      return code === 0 ? out.trim() : undefined;
    });
    expect(account).toBe('serviceaccount/default');
  });

  test('lets the holder of a token in, with that account’s rights', async () => {
    const token = (await plane.kubectl.must(['create', 'token', 'default'])).trim();
    const api = new Api(plane.kubeconfigWith({ token }));
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const { body } = await api.send('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', review);
    expect(body).toMatchObject({ status: { userInfo: { username: 'system:serviceaccount:default:default' } } });
    expect(await api.send('GET', '/api/v1/secrets')).toMatchObject({ status: 403 });
  });

  test('answers 410 to who resumes from before a compaction', async () => {
    const { body } = await list('');
    const { resourceVersion } = (body as { readonly metadata: { readonly resourceVersion: string } }).metadata;
    await plane.kubectl.must(['create', 'namespace', 'later']);
    await plane.forget();
    const from = `resourceVersion=${resourceVersion}`;
    const listed = await list(`${from}&resourceVersionMatch=Exact&limit=1`);
    expect(listed).toMatchObject({ status: 410, body: { reason: 'Expired' } });
    const watched = await list(`${from}&watch=true&timeoutSeconds=1`);
    expect(watched.body).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
  });

  test('keeps address and data when its API server is stopped and started', async () => {
    await plane.kubectl.must(['create', 'namespace', 'kept']);
    await plane.apiServer.stop();
    expect((await plane.kubectl.run(['get', 'namespace', 'kept'])).code).toBe(1);
    await plane.apiServer.start();
    expect((await plane.kubectl.get('namespace', 'kept')).metadata.name).toBe('kept');
  });

  test('leaves nothing when whoever started it is killed', async () => {
    const script = `
      const { startControlPlane } = await import('./test/support/control-plane/control-plane.ts');
      const { folder } = await startControlPlane();
      console.log(folder);
      setInterval(() => {}, 1_000);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [folder] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    const mentions = (): string => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(existsSync(folder.trim())).toBe(true);
    expect(mentions()).toContain(`--data-dir=${folder.trim()}`);
    child.kill('SIGKILL');
    await eventually('all of it is gone', () =>
      !existsSync(folder.trim()) && !mentions().includes(folder.trim()) ? true : undefined,
    );
  });
});
