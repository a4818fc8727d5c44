import { describe, expect, test } from '@jest/globals';
import { newForward } from '../../../gateway/exchange.ts';
import { denialOf } from '../../../gateway/policy/authorization.ts';
import { directAnswer } from '../../../gateway/policy/direct-response.ts';
import { RateLimiter } from '../../../gateway/policy/rate-limit.ts';
import { transformRequest } from '../../../gateway/policy/transformation.ts';
import { compileCel } from '../../../lib/cel/compile.ts';
import { aTransformation } from '../../support/policy.ts';
import { aPolicy, type FrontendInput } from '../../support/telemetry/policy.ts';
import { aRecord, aRequest, observe } from '../../support/telemetry/record.ts';

/** Expressions without a value that would fit, by what is wrong with them. */
const BAD = {
  'names what is not there': 'jwt.sub',
  fails: 'string(1 / (request.headers.size() - request.headers.size()))',
  'costs too much': `${'[1,2,3,4,5,6,7,8,9,10].all(a, '.repeat(6)}true${')'.repeat(6)} ? "a" : "b"`,
  'is null': 'json("null")',
} as const;

type Bad = keyof typeof BAD;

const CASES = Object.keys(BAD) as Bad[];

/** A request from its beginning to its end. */
const serve = async (frontend: FrontendInput) => {
  const observed = observe();
  const policy = aPolicy(frontend);
  const request = aRequest();
  observed.telemetry.finish(aRecord({ telemetry: policy, request, trace: observed.telemetry.begin(policy, request) }));
  expect(observed.defects).toEqual([]);
  return { ...observed, metrics: await observed.registry.metrics() };
};

const attributes = (expression: string) => ({
  attributes: {
    add: [
      { name: 'x', expression },
      { name: 'http.method', expression },
      { name: 'y', expression: '"kept"' },
    ],
  },
});

describe.each(CASES)('an expression that %s', (bad) => {
  const source = BAD[bad];
  const expression = compileCel(source);
  const variables = () => ({ request: { headers: {} } });

  test('is no attribute of a span, and takes away the one whose place it was to take', async () => {
    const { spans } = await serve({ tracing: { randomSampling: 'true', ...attributes(source) } });
    const names = new Map(spans[0]?.attributes);
    expect([names.has('x'), names.has('http.method'), names.get('y')]).toEqual([false, false, 'kept']);
  });

  test('is no field of a log line', async () => {
    const { lines } = await serve({ accessLog: attributes(source) });
    expect(lines[0]).toMatch(/ y="kept"/);
    expect(lines[0]).not.toMatch(/ (?:x|http\.method)=/);
  });

  test('keeps nothing as a filter', async () => {
    const { spans, lines } = await serve({
      tracing: { randomSampling: 'true', filter: source },
      accessLog: { filter: source },
    });
    expect([spans, lines]).toEqual([[], []]);
  });

  test('samples nothing', async () => {
    expect((await serve({ tracing: { randomSampling: source } })).spans).toEqual([]);
  });

  test('is the value "unknown" of a metric label', async () => {
    const { metrics } = await serve({ metrics: { attributes: { add: [{ name: 'x', expression: source }] } } });
    expect(metrics).toMatch(/agentgateway_requests_total\{.*x="unknown".*\} 1\n/);
  });

  test.each([
    ['Deny', true],
    ['Require', true],
    ['Allow', true],
  ] as const)('as a rule of kind %s denies', (action, denied) => {
    expect(denialOf([{ action, expression, policy: 'default/p' }], variables) !== undefined).toBe(denied);
  });

  test('beside another rule that allows, does not deny', () => {
    const rules = [
      { action: 'Allow', expression, policy: 'default/p' },
      { action: 'Allow', expression: compileCel('true'), policy: 'default/p' },
    ] as const;
    expect(denialOf(rules, variables)).toBeUndefined();
  });

  test('shares one bucket of a rate limit with all whose key has no value', () => {
    const limiter = new RateLimiter(() => 1_772_000_000_000);
    const limits = [{ id: 'default/p/0', requests: 1, interval: 1_000, capacity: 1, key: expression }];
    expect([limiter.take(limits, variables), limiter.take(limits, variables)?.retryAfter]).toEqual([undefined, 1]);
  });

  test('is no header field of a direct response, and changes none in a transformation', () => {
    const answer = directAnswer(
      { status: 200, body: undefined, headers: [{ name: 'x', value: expression }] },
      variables,
    );
    expect(answer.headers).not.toHaveProperty('x');
    const forward = newForward({ method: 'GET', rawHeaders: ['x', 'before'] } as never, '/');
    transformRequest(forward, aTransformation({ x: source }), variables);
    expect(forward.headers).toEqual(['x', 'before']);
  });
});

describe('flatten', () => {
  const add = { attributes: { add: [{ name: 'h', expression: 'flatten(request.headers)' }] } };

  test('makes an attribute of each entry, and takes the name itself away', async () => {
    const { spans, lines } = await serve({ tracing: { randomSampling: 'true', ...add }, accessLog: add });
    expect(new Map(spans[0]?.attributes).get('h.content-type')).toBe('application/json');
    expect(new Map(spans[0]?.attributes).has('h')).toBe(false);
    expect(lines[0]).toContain(' h.content-type=');
  });

  test('goes deeper if it shall, keeps types, and leaves out null', async () => {
    const expression = 'flattenRecursive({"a": {"b": [1, "x"], "c": null}, "d": 1.5, "e": true, "f": duration("1s")})';
    const { spans } = await serve({
      tracing: { randomSampling: 'true', attributes: { add: [{ name: 'v', expression }] } },
    });
    expect(spans[0]?.attributes.filter(([name]) => name.startsWith('v'))).toEqual([
      ['v.a.b.0', 1n],
      ['v.a.b.1', 'x'],
      ['v.d', 1.5],
      ['v.e', 'true'],
      ['v.f', '1s'],
    ]);
  });

  test('is nothing elsewhere', async () => {
    const { metrics } = await serve({ metrics: add });
    expect(metrics).toMatch(/h="unknown"/);
  });
});
