import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KubernetesClient } from '../../../../gateway/kubernetes/client.ts';
import type { Access } from '../../../../gateway/kubernetes/config/access.ts';
import { LineSplitter } from '../../../../gateway/kubernetes/lines.ts';
import { KINDS } from '../../../../lib/api/kinds.ts';
import { createAuthority } from '../../../support/acceptance/authority.ts';
import { ApiServer, type Fault } from '../../../support/kubernetes/api-server.ts';
import { fastClock } from '../../../support/kubernetes/clock.ts';

const clock = fastClock();
const ref = { kind: KINDS.Secret, namespace: 'ns', name: 'a' };
const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a', namespace: 'ns' }, value: '1' };

let server: ApiServer;
let client: KubernetesClient;

beforeEach(async () => {
  server = await new ApiServer().start();
  client = new KubernetesClient(server.config, clock);
});
afterEach(async () => {
  await client.close();
  await server.stop();
});

describe('verbs', () => {
  test('create, get, replace, patch, apply, delete', async () => {
    expect((await client.create(ref, object)).value).toMatchObject({ value: '1' });
    expect((await client.create(ref, object)).failure).toMatchObject({ status: 409, reason: 'AlreadyExists' });
    const known = (await client.get(ref)).value;
    expect(known).toMatchObject({ value: '1' });
    expect((await client.replace(ref, { ...known, value: '2' })).value).toMatchObject({ value: '2' });
    expect((await client.replace(ref, { ...known, value: '3' })).failure).toMatchObject({ status: 409 });
    const version = (await client.get(ref)).value?.metadata.resourceVersion ?? '';
    const patched = await client.patchStatus(ref, version, { said: true });
    expect(patched.value).toMatchObject({ value: '2', status: { said: true } });
    expect((await client.patchStatus(ref, version, {})).failure).toMatchObject({ status: 409, reason: 'Conflict' });
    const options = { fieldManager: 'tooltrail', force: true };
    expect((await client.apply(ref, { ...object, value: '4' }, options)).value).toMatchObject({ value: '4' });
    const applied = server.requests.at(-1);
    expect(applied?.query.toString()).toBe('fieldManager=tooltrail&force=true');
    expect((await client.delete(ref, 'another')).failure).toMatchObject({ status: 409 });
    expect(await client.delete(ref)).toEqual({ value: undefined });
    expect((await client.get(ref)).failure).toMatchObject({ status: 404, reason: 'NotFound' });
  });

  test('names cannot lead elsewhere', async () => {
    await client.get({ kind: KINDS.Secret, namespace: 'a/../b', name: '../../c?d' });
    expect(server.requests).toMatchObject([{ namespace: 'a%2F..%2Fb', name: '..%2F..%2Fc%3Fd' }]);
  });
});

describe('what goes wrong is data', () => {
  test('nobody there', async () => {
    await server.stop();
    expect((await client.get(ref)).failure).toMatchObject({ status: 0, reason: 'ECONNREFUSED' });
  });

  test.each<[string, Fault, object]>([
    ['a connection that is cut', 'cut', { status: 0, reason: 'UND_ERR_SOCKET' }],
    ['no answer', 'hang', { status: 0, reason: 'ETIMEDOUT' }],
    ['no JSON', { text: '{' }, { status: 0, reason: 'Unreadable' }],
    ['no object', { text: '[1]' }, { status: 0, reason: 'Unreadable' }],
    ['more than is read', { text: 'x'.repeat(33 * 1_024 * 1_024) }, { status: 0, reason: 'TooLarge' }],
    [
      'too many requests',
      { status: 429, reason: 'TooManyRequests', retryAfter: 2 },
      { status: 429, reason: 'TooManyRequests', retryAfter: 2_000 },
    ],
    ['a Retry-After of a year', { status: 503, retryAfter: 31_536_000 }, { status: 503, retryAfter: 30_000 }],
  ])('%s', async (_, fault, failure) => {
    server.fault = () => fault;
    // Only a wait for nothing needs a clock that is fast.
    const patient = fault === 'hang' ? client : new KubernetesClient(server.config, fastClock(1));
    expect((await patient.get(ref)).failure).toMatchObject(failure);
    await patient.close();
  });

  test('messages are short, of one line, and hold no token', async () => {
    server.fault = () => ({ status: 500, reason: `a\nb${'x'.repeat(10_000)}` });
    const { failure } = await client.get(ref);
    expect(failure?.message.length).toBeLessThanOrEqual(500);
    expect(`${failure?.message}${failure?.reason}`).not.toMatch(/\n|token-1/);
  });
});

describe('TLS', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const tls of servers.splice(0)) tls.close().closeAllConnections();
  });

  const secure = async (options: object, access: () => Access): Promise<KubernetesClient> => {
    const tls = createServer(options, (request, response) => {
      const { authorization = '' } = request.headers;
      response.end(JSON.stringify({ metadata: { name: authorization } }));
    });
    servers.push(tls);
    await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve));
    const { port } = tls.address() as AddressInfo;
    const url = new URL(`https://127.0.0.1:${port}`);
    await client.close();
    client = new KubernetesClient({ server: url, namespace: 'ns', access: async () => access() }, clock);
    return client;
  };

  test('the server is verified, with the authority that is there when the credentials are read again', async () => {
    const authority = await createAuthority();
    const other = await createAuthority();
    const pair = await authority.issue('api.example');
    let access: Access = { ca: other.certificate, serverName: 'api.example', token: 'one' };
    await secure(pair, () => access);
    expect((await client.get(ref)).failure?.status).toBe(0);
    access = { ca: authority.certificate, serverName: 'api.example', token: 'two' };
    // A minute.
    await new Promise((resolve) => setTimeout(resolve, 3_100));
    expect((await client.get(ref)).value).toMatchObject({ metadata: { name: 'Bearer two' } });
  });

  test('another name is refused, unless nothing is verified', async () => {
    const authority = await createAuthority();
    const pair = await authority.issue('api.example');
    await secure(pair, () => ({ ca: authority.certificate, serverName: 'other.example' }));
    expect((await client.get(ref)).failure).toMatchObject({ reason: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    await secure(pair, () => ({ insecure: true }));
    expect((await client.get(ref)).value).toBeDefined();
  });
});

test('lines are split wherever they are cut', () => {
  const lines: string[] = [];
  const splitter = new LineSplitter(10, (line) => void lines.push(line));
  for (const byte of Buffer.from('é\n\nabc\nd')) splitter.write(Buffer.from([byte]));
  splitter.write(Buffer.from('ef\ngh\n'));
  expect(lines).toEqual(['é', 'abc', 'def', 'gh']);
  expect(() => splitter.write(Buffer.from('12345678901'))).toThrow(RangeError);
});
