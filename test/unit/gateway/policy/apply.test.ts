import { afterEach, describe, expect, test } from '@jest/globals';
import type { CorsPolicy, RulePolicy } from '../../../../gateway/compile/rule-policy.ts';
import type { Backend, InvalidBackend, RouteMatch, WeightedBackend } from '../../../../gateway/compile/snapshot.ts';
import { GatewayError } from '../../../../gateway/errors.ts';
import type { Forward } from '../../../../gateway/exchange.ts';
import { compileCel } from '../../../../lib/cel/compile.ts';
import { connect, startServer, type TestServer, until } from '../../../support/http/server.ts';
import { aBackend, aBind, aListener, aMatch, aRule, aSnapshot } from '../../../support/http/snapshot.ts';
import { always, aModifier, aPolicy, aTransformation, FAILING } from '../../../support/policy.ts';

const HTTP: Backend = { type: 'http', name: 'default/web', kind: 'service', endpoints: [] };
const ORIGIN = 'https://www.foo.com';
const CORS: CorsPolicy = {
  anyOrigin: false,
  origins: new Set([ORIGIN]),
  wildcardOrigins: [],
  methods: ['POST'],
  headers: [],
  exposeHeaders: [],
  credentials: false,
  maxAge: 5,
};

let server: TestServer | undefined;
/** What would have gone to the backend. */
let forwarded: Forward | undefined;

afterEach(async () => {
  forwarded = undefined;
  await server?.close();
});

const aSnapshotOf = (policy: RulePolicy, backend: Partial<WeightedBackend>) => {
  const backends = [{ weight: 1, backend: HTTP, ...backend }];
  const match: RouteMatch = aMatch({ rule: { ...aRule(), backends, totalWeight: 1, policy } });
  return aSnapshot(aBind(0, { listeners: [aListener({ matches: [match] })] }));
};

const start = async (policy: Partial<RulePolicy>, backend: Partial<WeightedBackend> = {}): Promise<TestServer> => {
  server = await startServer(aSnapshotOf(aPolicy(policy), backend), { environment: { podName: 'pod-1' } });
  const serve: TestServer['handleHttp'] = async ({ response, forward }) => {
    forwarded = forward;
    response.writeHead(200, { 'x-backend': 'yes' }).end('served');
  };
  server.handleHttp = serve;
  server.handle = (exchange) => serve(exchange, HTTP as never);
  return server;
};

const ask = async (headers: Readonly<Record<string, string>> = {}, method = 'POST') => {
  const response = await fetch(server?.url('/mcp?a=b') ?? '', { method, headers, redirect: 'manual' });
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
};

const recorded = async () => {
  await until(() => (server?.records.length ?? 0) > 0);
  return server?.records.at(-1);
};

describe('the order of effects', () => {
  const REDIRECT = { status: 302, scheme: undefined, hostname: 'b.example', port: undefined, path: undefined } as const;
  const deny = { action: 'Deny', expression: compileCel('true'), policy: 'default/deny' } as const;
  const limit = { id: 'default/limit/0', requests: 1, interval: 60_000, capacity: 1, key: undefined };
  const teapot = { status: 418, body: 'short and stout', headers: [] };

  /** All at once; each test takes away what came before. */
  const ALL: Partial<RulePolicy> = {
    refusal: 'the expression does not compile',
    cors: CORS,
    authorization: [deny],
    rateLimits: always([limit]),
    directResponse: always(teapot),
    redirect: REDIRECT,
  };
  const PREFLIGHT = { origin: ORIGIN, 'access-control-request-method': 'POST' };

  test('a refusal comes first, also for preflights', async () => {
    await start(ALL);
    expect(await ask(PREFLIGHT, 'OPTIONS')).toMatchObject({
      status: 500,
      headers: { 'access-control-allow-origin': ORIGIN },
      body: 'a policy that guards this route cannot be enforced',
    });
    expect(await recorded()).toMatchObject({
      reason: 'Internal',
      error: { type: 'policy_invalid', message: expect.stringContaining('the expression does not compile') },
    });
  });

  test('then preflights, which nobody authorizes', async () => {
    await start({ ...ALL, refusal: undefined });
    expect(await ask(PREFLIGHT, 'OPTIONS')).toMatchObject({
      status: 200,
      headers: { 'access-control-allow-methods': 'POST', 'content-length': '0', vary: 'Origin' },
      body: '',
    });
    expect(await recorded()).toMatchObject({ reason: 'DirectResponse', error: undefined, backend: undefined });
  });

  test('then authorization; the client learns no names', async () => {
    await start({ ...ALL, refusal: undefined });
    expect(await ask({ origin: ORIGIN })).toMatchObject({
      status: 403,
      headers: { 'access-control-allow-origin': ORIGIN, 'content-type': 'text/plain; charset=utf-8' },
      body: 'not allowed',
    });
    expect(await recorded()).toMatchObject({
      reason: 'Authorization',
      error: { type: 'forbidden', message: 'not allowed: a Deny rule of default/deny' },
    });
  });

  test('then rate limits, over all snapshots', async () => {
    const policy = { ...ALL, refusal: undefined, authorization: [] };
    await start(policy);
    expect((await ask()).status).toBe(418);
    await server?.server.apply(aSnapshotOf(aPolicy(policy), {}));
    expect(await ask()).toMatchObject({
      status: 429,
      headers: {
        'retry-after': '60',
        'x-ratelimit-limit': '1',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': '60',
      },
      body: 'too many requests',
    });
    await until(() => server?.records.length === 2);
    expect(await recorded()).toMatchObject({ reason: 'RateLimit', error: { type: 'rate_limited' } });
  });

  test('then a direct response', async () => {
    await start({ ...ALL, refusal: undefined, authorization: [], rateLimits: [] });
    expect(await ask()).toMatchObject({ status: 418, body: 'short and stout' });
    expect(await recorded()).toMatchObject({ reason: 'DirectResponse', error: undefined, response: { status: 418 } });
  });

  test('then a redirect, with the port that is configured', async () => {
    await start({ redirect: REDIRECT });
    // The test's listener has port 0.
    expect(await ask()).toMatchObject({ status: 302, headers: { location: 'http://b.example:0/mcp?a=b' }, body: '' });
    expect(await recorded()).toMatchObject({ reason: 'DirectResponse', error: undefined });
    expect(forwarded).toBeUndefined();
  });

  test('then modifiers, transformation and rewrite, and the request goes on', async () => {
    await start(
      {
        requestHeaders: [aModifier({ set: [{ name: 'x-order', value: 'rule' }] })],
        requestTransformation: always(
          aTransformation({ 'x-order': '"transformed"', ':path': '"/mcp/t?q"', 'x-pod': 'env.podName' }),
        ),
        rewrite: {
          host: { name: 'web.example' },
          path: { type: 'ReplacePrefixMatch', prefix: '/mcp', value: '/new' },
        },
        timeouts: { request: 1_000, backendRequest: 500 },
        retry: { attempts: 2, backoff: 25 },
      },
      { policy: { requestHeaders: [aModifier({ add: [{ name: 'x-order', value: 'ref' }] })], responseHeaders: [] } },
    );
    await ask();
    expect(forwarded).toMatchObject({
      method: 'POST',
      target: '/new/t?q',
      host: { name: 'web.example' },
      requestTimeout: 1_000,
      backendTimeout: 500,
      retry: { attempts: 2, backoff: 25 },
    });
    expect(forwarded?.headers.slice(-6)).toEqual(['x-order', 'transformed', 'x-pod', 'pod-1', 'x-order', 'ref']);
  });

  test('the answer: transformation, modifiers of the rule, then of the backendRef', async () => {
    await start(
      {
        responseTransformation: always(
          aTransformation({ ':status': 'response.code + 1', 'x-order': '"t" + response.headers["x-backend"]' }),
        ),
        responseHeaders: [
          aModifier({ add: [{ name: 'x-order', value: 'rule' }], remove: ['x-backend', 'content-length'] }),
        ],
      },
      { policy: { requestHeaders: [], responseHeaders: [aModifier({ add: [{ name: 'x-order', value: 'ref' }] })] } },
    );
    const answer = await ask();
    expect(answer).toMatchObject({ status: 201, headers: { 'x-order': 'tyes, rule, ref' }, body: 'served' });
    expect(answer.headers).not.toHaveProperty('x-backend');
    expect((await recorded())?.response).toMatchObject({
      status: 201,
      headers: { 'x-order': ['tyes', 'rule', 'ref'] },
    });
  });
});

describe('answers that a policy changes', () => {
  const responseHeaders = [aModifier({ set: [{ name: 'x-by', value: 'rule' }], remove: ['x-backend'] })];

  test.each<[string, TestServer['handleHttp']]>([
    ['fields of writeHead', async ({ response }) => void response.writeHead(200, { 'X-Backend': '1' }).end('served')],
    ['fields in a list', async ({ response }) => void response.writeHead(200, ['X-Backend', '1']).end('served')],
    [
      'fields that were set',
      async ({ response }) => {
        response.setHeader('X-Backend', '1');
        response.end('served');
      },
    ],
    [
      'a stream',
      async ({ response }) => {
        response.writeHead(200, { 'X-Backend': '1' });
        response.flushHeaders();
        response.write('ser');
        response.end('ved');
      },
    ],
  ])('%s', async (_, handle) => {
    (await start({ responseHeaders })).handleHttp = handle;
    const { status, headers, body } = await ask();
    expect([status, headers['x-by'], headers['x-backend'], body]).toEqual([200, 'rule', undefined, 'served']);
  });

  test('several fields of one name stay several', async () => {
    (await start({ responseHeaders })).handleHttp = async ({ response }) => {
      response.writeHead(200, ['Set-Cookie', 'a', 'set-cookie', 'b', 'Content-Length', '0']).end();
    };
    const { headers } = await fetch(server?.url('/mcp') ?? '');
    expect(headers.getSetCookie()).toEqual(['a', 'b']);
  });

  test('errors of the gateway, and backends that are none', async () => {
    const invalid: InvalidBackend = { type: 'invalid', name: 'a/b', reason: 'BackendNotFound', message: 'no' };
    await start({ responseHeaders }, { backend: invalid });
    expect(await ask()).toMatchObject({ status: 500, headers: { 'x-by': 'rule' } });
  });

  test('a backend that fails', async () => {
    (await start({ responseHeaders })).handleHttp = () => Promise.reject(new GatewayError('upstream_unreachable'));
    expect(await ask()).toMatchObject({
      status: 502,
      headers: { 'x-by': 'rule', 'content-type': 'text/plain; charset=utf-8' },
      body: 'the upstream server could not be reached',
    });
  });

  test('not those of requests that no rule matches', async () => {
    await start({ responseHeaders });
    const response = await fetch(server?.url('/elsewhere') ?? '');
    expect([response.status, response.headers.get('x-by')]).toEqual([404, null]);
  });
});

describe('who speaks MCP', () => {
  test('is refused in JSON-RPC', async () => {
    const rule = { action: 'Require', expression: compileCel('backend.type != "mcp"'), policy: 'a/b' } as const;
    await start({ authorization: [rule] }, { backend: aBackend() });
    const { status, headers, body } = await ask();
    expect([status, headers['content-type']]).toEqual([403, 'application/json']);
    expect(JSON.parse(body)).toEqual({ jsonrpc: '2.0', id: null, error: { code: -32000, message: 'not allowed' } });
    expect(await recorded()).toMatchObject({ reason: 'Authorization', backend: { name: 'default/backend' } });
  });

  test('gets an answer with its policies applied', async () => {
    await start({ responseHeaders: [aModifier({ set: [{ name: 'x-by', value: 'rule' }] })] }, { backend: aBackend() });
    expect(await ask()).toMatchObject({ status: 200, headers: { 'x-by': 'rule' }, body: 'served' });
  });
});

describe('conditions', () => {
  const when = (source: string, status: number) => ({
    condition: compileCel(source),
    value: { status, body: undefined, headers: [] },
  });

  test('the first that is true counts; one that fails is not', async () => {
    const failing = { condition: FAILING, value: { status: 500, body: undefined, headers: [] } };
    await start({
      directResponse: [failing, when('request.method == "PUT"', 410), when('request.path == "/mcp"', 418)],
    });
    expect([(await ask()).status, (await ask({}, 'PUT')).status]).toEqual([418, 410]);
  });

  test('none is true: nothing happens', async () => {
    await start({ directResponse: [when('false', 418)] });
    expect(await ask()).toMatchObject({ status: 200, body: 'served' });
  });
});

test('an answer to a request whose body nobody reads ends the connection, and is not lost', async () => {
  await start({ directResponse: always({ status: 200, body: 'enough', headers: [] }) });
  const client = connect(server?.port ?? 0, 'POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345');
  await until(() => client.received().endsWith('enough'));
  client.send('67890');
  expect(await client.closed).toMatch(/^HTTP\/1.1 200 OK\r\n.*connection: close/is);
});

test('a direct response without a body has no length', async () => {
  await start({ directResponse: always({ status: 204, body: 'none', headers: [] }) });
  const { status, headers, body } = await ask();
  expect([status, headers['content-length'], body]).toEqual([204, undefined, '']);
});
