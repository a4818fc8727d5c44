import { describe, expect, test } from '@jest/globals';
import type { FileReader } from '../../../../gateway/kubernetes/config/access.ts';
import { inClusterConfig } from '../../../../gateway/kubernetes/config/in-cluster.ts';
import { kubeconfig, kubeconfigPaths } from '../../../../gateway/kubernetes/config/kubeconfig.ts';

const files = (content: Record<string, string>): FileReader => ({
  promises: {
    readFile: async (path) => content[path] ?? Promise.reject(Object.assign(new Error(path), { code: 'ENOENT' })),
  },
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const PEM = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n';
const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

describe('in a pod', () => {
  const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
  const mounted = () => ({ [`${FOLDER}/token`]: 'one\n', [`${FOLDER}/ca.crt`]: PEM, [`${FOLDER}/namespace`]: 'ns\n' });

  test('the service account is used, and its files read again each time', async () => {
    const content: Record<string, string> = mounted();
    const config = await inClusterConfig(env, files(content));
    expect(config.server.href).toBe('https://10.96.0.1/');
    expect(config.namespace).toBe('ns');
    expect(await config.access()).toEqual({ token: 'one', ca: PEM });
    content[`${FOLDER}/token`] = 'two';
    expect(await config.access()).toMatchObject({ token: 'two' });
  });

  test('an IPv6 address is put in brackets', async () => {
    const config = await inClusterConfig({ ...env, KUBERNETES_SERVICE_HOST: 'fd00::1' }, files(mounted()));
    expect(config.server.host).toBe('[fd00::1]');
  });

  test.each([
    [{}, mounted(), 'not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; --kubeconfig'],
    [env, {}, `${FOLDER}/token cannot be read: ENOENT`],
    [env, { ...mounted(), [`${FOLDER}/token`]: '' }, `${FOLDER}/token holds no token`],
    [env, { ...mounted(), [`${FOLDER}/token`]: 'two\nlines' }, `${FOLDER}/token holds no token`],
  ])('%#: what is missing is named', async (variables, content, message) => {
    await expect(inClusterConfig(variables, files(content))).rejects.toThrow(message);
  });
});

/** A kubeconfig with these parts of its cluster and user. */
const aConfig = (cluster: object, user: object, rest: object = {}): string =>
  JSON.stringify({
    'current-context': 'main',
    contexts: [
      { name: 'other', context: { cluster: 'x', user: 'x' } },
      { name: 'main', context: { cluster: 'c', user: 'u', namespace: 'ns' } },
    ],
    clusters: [{ name: 'c', cluster: { server: 'https://api.example:6443/prefix', ...cluster } }],
    users: [{ name: 'u', user }],
    ...rest,
  });

const read = (text: string, others: Record<string, string> = {}) =>
  kubeconfig(['/k/config'], files({ '/k/config': text, ...others }));

describe('a kubeconfig', () => {
  test('says where, as whom, and in which namespace', async () => {
    const config = await read(aConfig({ 'tls-server-name': 'api' }, { token: 'secret' }));
    expect(config.server.href).toBe('https://api.example:6443/prefix');
    expect(config.namespace).toBe('ns');
    expect(await config.access()).toEqual({ token: 'secret', serverName: 'api', insecure: false });
  });

  test('holds certificates, or names their files, relative to itself', async () => {
    const data = await read(
      aConfig(
        { 'certificate-authority-data': base64(PEM), 'certificate-authority': 'not-read' },
        { 'client-certificate-data': base64(PEM), 'client-key-data': base64(PEM) },
      ),
    );
    expect(await data.access()).toMatchObject({ ca: PEM, certificate: PEM, key: PEM });
    const named = await read(
      aConfig(
        { 'certificate-authority': 'ca.pem' },
        { 'client-certificate': '/abs.pem', 'client-key': '../k/key.pem' },
      ),
      { '/k/ca.pem': 'CA', '/abs.pem': 'CERT', '/k/key.pem': 'KEY' },
    );
    expect(await named.access()).toMatchObject({ ca: 'CA', certificate: 'CERT', key: 'KEY' });
  });

  test('may name a file with a token, which is read again each time and wins over a token', async () => {
    const content: Record<string, string> = {
      '/k/config': aConfig({ 'insecure-skip-tls-verify': true }, { tokenFile: 'token', token: 'old' }),
      '/k/token': 'one\n',
    };
    const config = await kubeconfig(['/k/config'], files(content));
    expect(await config.access()).toEqual({ token: 'one', insecure: true });
    content['/k/token'] = 'two';
    expect(await config.access()).toMatchObject({ token: 'two' });
  });

  test('may be spread over files, the first wins, and those that are missing are passed over', async () => {
    const second = aConfig({ server: 'https://second' }, { token: 'second' });
    const first = JSON.stringify({ users: [{ name: 'u', user: { token: 'first' } }] });
    const config = await kubeconfig(['/none', '/a', '/b'], files({ '/a': first, '/b': second }));
    expect(config.server.host).toBe('second');
    expect(await config.access()).toMatchObject({ token: 'first' });
  });

  test.each([
    ['exec', { exec: { command: 'rm' } }, 'exec is not supported, no program is started for credentials'],
    ['auth-provider', { 'auth-provider': { name: 'gcp' } }, 'auth-provider is not supported, no program is started'],
    ['a password', { username: 'hunter', password: 'hunter2' }, 'username is not supported'],
    ['impersonation', { token: 'hunter2', as: 'admin' }, 'as is not supported'],
    ['a token of two lines', { token: 'hunter2\nx: y' }, 'token holds no token'],
    ['a key that is none', { 'client-key-data': base64('hunter2') }, 'client-key-data is no PEM in base64'],
    ['a missing file', { 'client-key': 'key' }, '/k/key cannot be read: ENOENT'],
  ])('with %s is refused, in words without secrets', async (_, user, message) => {
    const error = await read(aConfig({}, user)).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'ClusterConfigError', message: expect.stringContaining(message) });
    expect(String(error)).not.toContain('hunter');
  });

  test.each([
    ['not YAML', 'token: hunter2: {', '/k/config is no kubeconfig'],
    ['no mapping', '- hunter2', '/k/config is no kubeconfig'],
    ['no current context', aConfig({}, {}, { 'current-context': '' }), 'current-context is not set'],
    ['an unknown context', aConfig({}, {}, { 'current-context': 'none' }), 'there is no context "none"'],
    ['an unknown cluster', aConfig({}, {}, { clusters: [] }), 'there is no cluster "c"'],
    ['an unknown user', aConfig({}, {}, { users: 3 }), 'there is no user "u"'],
    ['a proxy', aConfig({ 'proxy-url': 'http://p' }, {}), 'proxy-url is not supported'],
    ['no server', aConfig({ server: '' }, {}), 'server is no http or https URL'],
    ['a password in its URL', aConfig({ server: 'https://a:hunter2@b' }, {}), 'server is no http or https URL'],
  ])('%s: refused', async (_, text, message) => {
    const error = await read(text).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'ClusterConfigError', message: expect.stringContaining(message) });
    expect(String(error)).not.toContain('hunter');
  });

  test('is looked for where kubectl looks', () => {
    expect(kubeconfigPaths({ HOME: '/home/a' })).toEqual(['/home/a/.kube/config']);
    expect(kubeconfigPaths({ HOME: '/home/a', KUBECONFIG: '/x::/y' })).toEqual(['/x', '/y']);
  });
});
