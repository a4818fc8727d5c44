import { describe, expect, test } from '@jest/globals';
import { Chart, Testing } from 'cdk8s';
import { Gateway } from '../../../../lib/gateway-api/gateway.ts';
import { charts, problems, synth } from '../../../support/charts.ts';

describe('Gateway', () => {
  test('is of class agentgateway, named by its id, with HTTP listeners for routes of its own namespace', () => {
    const { app, in: chart } = charts('apps');
    const gateway = new Gateway(chart.apps, 'mcp-gateway', { labels: { app: 'x' } });
    gateway.addListener({ name: 'mcp', port: 3000 });
    expect(synth(app)).toEqual([
      {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'Gateway',
        metadata: { name: 'mcp-gateway', namespace: 'apps', labels: { app: 'x' } },
        spec: {
          gatewayClassName: 'agentgateway',
          listeners: [{ name: 'mcp', port: 3000, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'Same' } } }],
        },
      },
    ]);
  });

  test('listeners say which hosts they take and which namespaces they open to', () => {
    const { app, in: chart } = charts('apps');
    const matchLabels = { team: 'agents' };
    new Gateway(chart.apps, 'g', {
      listeners: [
        { name: 'all', port: 80, routesFrom: 'All', hostname: '*.example.com' },
        { name: 'some', port: 81, routesFrom: { matchLabels } },
      ],
    });
    expect(synth(app)[0]).toMatchObject({
      spec: {
        listeners: [
          { name: 'all', hostname: '*.example.com', allowedRoutes: { namespaces: { from: 'All' } } },
          { name: 'some', allowedRoutes: { namespaces: { from: 'Selector', selector: { matchLabels } } } },
        ],
      },
    });
  });

  test('without a namespace of its own or of the chart it is in default, as kubectl has it', () => {
    const gateway = new Gateway(new Chart(Testing.app(), 'c'), 'g', { listeners: [{ name: 'a', port: 80 }] });
    expect(gateway.namespace).toBe('default');
  });

  test.each([15000, 15020, 15021])('port %d is the gateway’s own', (port) => {
    const { app, in: chart } = charts('apps');
    new Gateway(chart.apps, 'g', { listeners: [{ name: 'a', port }] });
    expect(problems(app)).toEqual([
      `[apps/g] listener "a": port ${port} belongs to the gateway itself (15000, 15020, 15021): choose another`,
    ]);
  });

  test.each([
    [[{ name: 'a', port: 0 }], 'spec.listeners[0].port: 0 is not from 1 to 65535'],
    [[{ name: 'a', port: 65536 }], 'spec.listeners[0].port: 65536 is not from 1 to 65535'],
    [[{ name: 'a', port: 80.5 }], 'spec.listeners[0].port: 80.5 is not a whole number'],
    [
      [
        { name: 'a', port: 80 },
        { name: 'a', port: 81 },
      ],
      'spec.listeners: name "a" is there twice',
    ],
    [
      [
        { name: 'a', port: 80, hostname: 'x' },
        { name: 'b', port: 80 },
        { name: 'c', port: 80, hostname: 'x' },
      ],
      'listener "c": port 80 and hostname x are those of listener "a" already: change one of them',
    ],
    [[], 'spec.listeners: has 0 items, at least 1 are needed'],
  ])('refuses listeners %j', (listeners, message) => {
    const { app, in: chart } = charts('apps');
    new Gateway(chart.apps, 'g', { listeners });
    expect(problems(app)).toEqual([`[apps/g] ${message}`]);
  });

  test.each([
    [{ name: 'Big' }, /metadata\.name: "Big" is no name/],
    [{ name: 'x'.repeat(254) }, /metadata\.name: has 254 characters/],
    [{ namespace: 'a.b' }, /metadata\.namespace: "a\.b" is no name/],
    [{ listeners: [{ name: 'a_b', port: 80 }] }, /spec\.listeners\[0\]\.name: "a_b" is no name/],
    [{ listeners: [{ name: 'a', port: 80, hostname: 'http://x' }] }, /listeners\[0\]\.hostname: "http:\/\/x" does not/],
  ])('refuses the names in %j', (props, message) => {
    const { app, in: chart } = charts('apps');
    new Gateway(chart.apps, 'g', { listeners: [{ name: 'a', port: 80 }], ...props });
    expect(problems(app)).toEqual([expect.stringMatching(message)]);
  });
});
