import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { run } from '../../../../gateway/cli/run.ts';
import { KINDS } from '../../../../lib/api/kinds.ts';
import { aHost } from '../../../support/cli/host.ts';
import { ApiServer } from '../../../support/kubernetes/api-server.ts';
import { collectionOf } from '../../../support/kubernetes/store.ts';

const NAME = 'a/password';

let server: ApiServer;
beforeEach(async () => {
  server = await new ApiServer().start();
});
afterEach(() => server.stop());

const fill = async (...args: readonly string[]) => {
  const kubeconfig = JSON.stringify({
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: server.config.server.href } }],
    users: [{ name: 'u', user: { token: server.token } }],
  });
  const host = aHost({ '/k': kubeconfig });
  const code = await run(['fill-secret', '--kubeconfig', '/k', ...args], host);
  return { code, out: host.out.join(''), err: host.err.join('') };
};

const put = (data?: Readonly<Record<string, string>>): void => {
  const more = data === undefined ? {} : { data };
  server.put({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'password', namespace: 'a' }, ...more });
};

const stored = (): Readonly<Record<string, string>> => {
  const data = server.store.get(collectionOf(KINDS.Secret), 'a', 'password')?.data ?? {};
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
};

test('gives the keys that have no value one, and says which, not what', async () => {
  put({ 'admin-user': '', kept: Buffer.from('as it was').toString('base64') });
  const { code, out, err } = await fill(NAME, '--value', 'admin-user=admin', '--random', 'admin-password');
  expect([code, out, err]).toEqual([0, `Secret ${NAME} was given admin-user, admin-password\n`, '']);
  const { 'admin-password': password = '', ...others } = stored();
  expect(others).toEqual({ 'admin-user': 'admin', kept: 'as it was' });
  expect(password).toMatch(/^[0-9a-f]{32}$/);
  expect(out).not.toContain(password);
});

test('changes nothing the second time', async () => {
  put();
  await fill(NAME, '--random', 'key');
  const before = stored();
  expect(await fill(NAME, '--random', 'key')).toEqual({
    code: 0,
    out: `Secret ${NAME} has all keys: nothing to do\n`,
    err: '',
  });
  expect(stored()).toEqual(before);
  expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'PUT', 'GET']);
});

test('keeps what somebody else wrote meanwhile', async () => {
  put();
  let isFirst = true;
  server.fault = ({ method }) => {
    if (method === 'PUT' && isFirst) {
      isFirst = false;
      put({ key: Buffer.from('theirs').toString('base64') });
    }
    return undefined;
  };
  expect((await fill(NAME, '--random', 'key')).code).toBe(0);
  expect(stored()).toEqual({ key: 'theirs' });
});

test('gives up when others never stop writing', async () => {
  put();
  server.fault = ({ method }) => (method === 'PUT' ? { status: 409, reason: 'Conflict' } : undefined);
  const { code, err } = await fill(NAME, '--random', 'key');
  expect([code, server.requests.filter(({ method }) => method === 'PUT').length]).toEqual([1, 5]);
  expect(err).toMatch(`Secret ${NAME}: `);
});

test('fails where there is no such Secret, or no right to it', async () => {
  expect(await fill(NAME, '--random', 'key')).toMatchObject({ code: 1, out: '' });
  server.fault = () => ({ status: 403, reason: 'Forbidden' });
  expect(await fill(NAME, '--random', 'key')).toMatchObject({ code: 1, out: '' });
});

describe('a wrong command line is one line, without the value', () => {
  test.each([
    ['no name', ['--random', 'key'], /"" is no NAMESPACE\/NAME/],
    ['no namespace', ['password', '--random', 'key'], /"password" is no NAMESPACE\/NAME/],
    ['two names', [NAME, 'b/c', '--random', 'key'], /is no NAMESPACE\/NAME/],
    ['nothing to give', [NAME], /--value KEY=VALUE or --random KEY is missing/],
    ['a value without key', [NAME, '--value', 'secret'], /--value is no KEY=VALUE/],
    ['a key that is none', [NAME, '--random', 'a b'], /--random "a b" is no key of a Secret/],
  ])('%s', async (_, args, message) => {
    const { code, err } = await fill(...args);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
    expect(err).not.toContain('secret\n');
    expect(err.trim().split('\n')).toHaveLength(1);
  });
});
