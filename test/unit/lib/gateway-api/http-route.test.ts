import { describe, expect, test } from '@jest/globals';
import { AgentgatewayBackend } from '../../../../lib/agentgateway/backend.ts';
import { Gateway } from '../../../../lib/gateway-api/gateway.ts';
import { HttpRoute } from '../../../../lib/gateway-api/http-route.ts';
import { pathExact, pathPrefix } from '../../../../lib/gateway-api/match.ts';
import { charts, find, problems, synth } from '../../../support/charts.ts';

const setUp = () => {
  const { app, in: chart } = charts('edge', 'apps');
  const gateway = new Gateway(chart.edge, 'g', { listeners: [{ name: 'mcp', port: 3000 }] });
  const targets = [{ name: 't', host: 'mcp.example.com', port: 443 }];
  return {
    app,
    chart,
    gateway,
    near: new AgentgatewayBackend(chart.edge, 'near', { targets }),
    far: new AgentgatewayBackend(chart.apps, 'far', { targets }),
  };
};

const grants = (objects: ReturnType<typeof synth>) => objects.filter(({ kind }) => kind === 'ReferenceGrant');

describe('HttpRoute', () => {
  test('refers to gateways, listeners and backends by object', () => {
    const { app, chart, gateway, near } = setUp();
    new HttpRoute(chart.edge, 'r', {
      parents: [gateway, gateway.listener('mcp')],
      hostnames: ['*.example.com'],
      rules: [{ name: 'first', matches: [pathExact('/mcp'), pathPrefix('/x')], backends: [near] }],
    }).addRule({ backends: [{ backend: near, weight: 0 }] });
    const backendRef = { group: 'agentgateway.dev', kind: 'AgentgatewayBackend', name: 'near', namespace: 'edge' };
    expect(find(synth(app), 'HTTPRoute', 'r').spec).toEqual({
      parentRefs: [{ name: 'g' }, { name: 'g', sectionName: 'mcp' }],
      hostnames: ['*.example.com'],
      rules: [
        {
          name: 'first',
          matches: [{ path: { type: 'Exact', value: '/mcp' } }, { path: { type: 'PathPrefix', value: '/x' } }],
          backendRefs: [backendRef],
        },
        { backendRefs: [{ ...backendRef, weight: 0 }] },
      ],
    });
    expect(grants(synth(app))).toEqual([]);
  });

  test('a backend of another namespace gets exactly one grant, in its namespace', () => {
    const { app, chart, gateway, far, near } = setUp();
    const route = new HttpRoute(chart.edge, 'r', { parents: [gateway] });
    route.addRule({ matches: [pathPrefix('/a')], backends: [far, near] }).addRule({ backends: [far] });
    expect(grants(synth(app))).toEqual([
      {
        apiVersion: 'gateway.networking.k8s.io/v1beta1',
        kind: 'ReferenceGrant',
        metadata: { name: 'allow-agentgatewaybackend-far-access', namespace: 'apps' },
        spec: {
          from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'edge' }],
          to: [{ group: 'agentgateway.dev', kind: 'AgentgatewayBackend', name: 'far' }],
        },
      },
    ]);
  });

  test('a Gateway of another namespace is named with it, and must let the route in', () => {
    const { app, chart, far } = setUp();
    const closed = new Gateway(chart.edge, 'closed', { listeners: [{ name: 'a', port: 80 }] });
    const open = new Gateway(chart.edge, 'open', {
      listeners: [
        { name: 'a', port: 80 },
        { name: 'b', port: 81, routesFrom: 'All' },
      ],
    });
    const rules = [{ backends: [far] }];
    new HttpRoute(chart.apps, 'open', { parents: [open, open.listener('b')], rules });
    expect(find(synth(app), 'HTTPRoute', 'open').spec).toMatchObject({
      parentRefs: [
        { name: 'open', namespace: 'edge' },
        { name: 'open', namespace: 'edge', sectionName: 'b' },
      ],
    });
    new HttpRoute(chart.apps, 'r', { parents: [closed, open.listener('a')], rules });
    expect(problems(app)).toEqual([
      '[apps/r] parents: no listener of Gateway edge/closed takes routes of namespace apps: set routesFrom of a',
      '[apps/r] parents: no listener of Gateway edge/open takes routes of namespace apps: set routesFrom of a',
    ]);
  });

  test('a listener that does not exist fails at synth, and may be added after the reference', () => {
    const { app, chart, gateway, near } = setUp();
    const rules = [{ backends: [near] }];
    new HttpRoute(chart.edge, 'r', { parents: [gateway.listener('later'), gateway.listener('mpc')], rules });
    gateway.addListener({ name: 'later', port: 3001 });
    expect(problems(app)).toEqual([
      '[edge/r] parents: Gateway edge/g has no listener "mpc": add it with addListener, or use one of mcp, later',
    ]);
  });

  test('what no request could ever reach fails at synth', () => {
    const { app, chart, gateway, near } = setUp();
    new HttpRoute(chart.edge, 'a', { parents: [], rules: [{ backends: [near] }] });
    new HttpRoute(chart.edge, 'b', { parents: [gateway] });
    new HttpRoute(chart.edge, 'c', { parents: [gateway], rules: [{ backends: [] }] });
    new HttpRoute(chart.edge, 'e', {
      parents: [gateway],
      rules: [
        { name: 'x', backends: [near] },
        { name: 'x', backends: [near] },
      ],
    });
    new HttpRoute(chart.edge, 'd', { parents: [gateway], rules: [{ matches: [pathPrefix('mcp')], backends: [near] }] });
    expect(problems(app)).toEqual([
      '[edge/a] parents is empty: attach the route to a Gateway',
      '[edge/b] spec.rules: has 0 items, at least 1 are needed',
      '[edge/b] the route has no rule: add one with addRule',
      '[edge/c] rules[0].backends is empty: every request would get status 500',
      '[edge/e] rules[1]: the name "x" is there twice',
      '[edge/d] rules[0]: path "mcp" must begin with "/"',
    ]);
  });

  test('regular expressions of matches are those of RE2', () => {
    const { app, chart, gateway, near } = setUp();
    const type = 'RegularExpression' as const;
    const backends = [near];
    const route = new HttpRoute(chart.edge, 'r', { parents: [gateway] });
    route.addRule({ matches: [{ path: { type, value: '/mcp/[a-z]+' } }], backends });
    expect(problems(app)).toEqual([]);
    route.addRule({ matches: [{ path: { type, value: '/(?=x)' } }], backends });
    route.addRule({ matches: [{ headers: [{ type, name: 'x', value: '(' }] }, pathExact('/a//b')], backends });
    expect(problems(app)).toEqual([
      '[edge/r] rules[1]: "/(?=x)": regular expression: look-around is not part of RE2',
      '[edge/r] rules[2]: "(": regular expression: it is not well-formed',
      '[edge/r] rules[2]: path "/a//b" must not contain "//"',
    ]);
  });

  test('bounds of the API hold: weights and list lengths', () => {
    const { app, chart, gateway, near } = setUp();
    new HttpRoute(chart.edge, 'r', {
      parents: [gateway],
      rules: Array.from({ length: 17 }, () => ({ backends: [{ backend: near, weight: 1 }] })),
    });
    new HttpRoute(chart.edge, 's', { parents: [gateway], rules: [{ backends: [{ backend: near, weight: -1 }] }] });
    expect(problems(app)).toEqual([
      '[edge/r] spec.rules: has 17 items, at most 16 are allowed',
      '[edge/s] spec.rules[0].backendRefs[0].weight: -1 is not from 0 to 1000000',
    ]);
  });
});
