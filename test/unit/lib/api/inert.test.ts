import { describe, expect, test } from '@jest/globals';
import { AGENTGATEWAY_BACKEND } from '../../../../lib/api/agentgateway/backend.ts';
import { AGENTGATEWAY_PARAMETERS } from '../../../../lib/api/agentgateway/parameters.ts';
import { AGENTGATEWAY_POLICY } from '../../../../lib/api/agentgateway/policy.ts';
import { inertFields, MAX_INERT_FIELDS, type Schema } from '../../../../lib/api/schema.ts';

const paths = (schema: Schema, value: unknown): readonly string[] => inertFields(schema, value).map(({ path }) => path);

const backend = (spec: unknown): readonly string[] => paths(AGENTGATEWAY_BACKEND, { spec });
const policy = (spec: unknown): readonly string[] => paths(AGENTGATEWAY_POLICY, { spec });

describe('fields without effect', () => {
  test('are named with their path and what is not served', () => {
    expect(inertFields(AGENTGATEWAY_POLICY, { spec: { traffic: { csrf: { additionalOrigins: ['a'] } } } })).toEqual([
      { path: 'spec.traffic.csrf', reason: 'CSRF protection is not served' },
    ]);
  });

  test('are found in lists and behind fields that have an effect', () => {
    const target = { name: 'a', static: { host: 'a', port: 80, policies: { tls: {}, tunnel: { url: 'http://p' } } } };
    expect(backend({ mcp: { targets: [target, { name: 'b', selector: { services: {} } }] } })).toEqual([
      'spec.mcp.targets[0].static.policies.tunnel',
      'spec.mcp.targets[1].selector',
    ]);
    const limits = { conditional: [{ policy: { local: [{ tokens: 1, unit: 'Hours' }] } }] };
    expect(policy({ traffic: { rateLimit: limits } })).toEqual([
      'spec.traffic.rateLimit.conditional[0].policy.local[0].tokens',
    ]);
  });

  test('may depend on the value', () => {
    expect(backend({ mcp: { targets: [], sessionRouting: 'Stateful', prefixMode: 'Never' } })).toEqual([
      'spec.mcp.prefixMode',
    ]);
    expect(policy({ traffic: { phase: 'PostRouting' } })).toEqual([]);
    expect(policy({ traffic: { phase: 'PreRouting' } })).toEqual(['spec.traffic.phase']);
  });

  test('that are not set are not named', () => {
    expect(policy({ traffic: { csrf: undefined, delay: null } })).toEqual([]);
  });

  test('are none where everything is served', () => {
    expect(
      policy({
        targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'route' }],
        traffic: {
          timeouts: { request: '1s' },
          retry: { attempts: 1, backoff: '1s' },
          cors: {},
          headerModifiers: {},
          hostRewrite: { mode: 'Auto' },
          directResponse: { conditional: [{ condition: 'true', policy: { status: 200 } }] },
          rateLimit: { local: [{ requests: 1, unit: 'Seconds', burst: 1, key: '"a"' }] },
          authorization: { policy: { matchExpressions: ['true'] } },
          transformation: { request: { set: [], add: [] }, response: { remove: [] } },
        },
        backend: {
          tls: { certificateSource: 'Inline', sni: 'a', caCertificateRefs: [{ name: 'a' }] },
          tcp: { connectTimeout: '1s', keepalive: { time: '1s' } },
          http: { version: 'HTTP1', requestTimeout: '1s' },
          auth: { passthrough: {}, location: { cookie: { name: 'a' } }, credentials: [] },
        },
        frontend: { tracing: { url: 'http://a' }, accessLog: { filter: 'true' }, metrics: { attributes: {} } },
      }),
    ).toEqual([]);
  });

  test('are those that the controller does not heed when it deploys proxies', () => {
    const fields = Object.keys(AGENTGATEWAY_PARAMETERS.properties.spec.properties);
    expect(
      paths(AGENTGATEWAY_PARAMETERS.properties.spec, {
        ...Object.fromEntries(fields.map((name) => [name, {}])),
        logging: { level: 'debug', format: 'json' },
        workload: { kind: 'DaemonSet' },
      }),
    ).toEqual(['workload.kind', 'logging.level', 'rawConfig', 'istio', 'spiffe', 'modelCatalog', 'daemonSet']);
  });

  test('are named up to a bound', () => {
    const targets = Array.from({ length: 128 }, (_, index) => ({ name: `t${index}`, selector: { services: {} } }));
    expect(backend({ mcp: { targets } })).toHaveLength(MAX_INERT_FIELDS);
  });

  test('of a value that nobody has checked are looked for without harm', () => {
    for (const spec of [null, 1, [], 'x', { mcp: { targets: {} } }, { constructor: {}, __proto__: {} }]) {
      expect(backend(spec)).toEqual([]);
    }
  });
});
