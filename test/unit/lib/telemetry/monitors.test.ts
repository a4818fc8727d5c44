import { describe, expect, test } from '@jest/globals';
import type { Chart } from 'cdk8s';
import type { Component } from '../../../../lib/telemetry/component.ts';
import { gatewayMonitor, serviceMonitor } from '../../../../lib/telemetry/monitoring/monitors.ts';
import { charts, find, synth, type Written } from '../../../support/charts.ts';
import { validateManifest } from '../../../support/validate-manifest.ts';

const COMPONENT: Component = { namespace: 'telemetry', name: 'release-part', app: 'part', instance: 'release' };
const SELECTOR = { 'app.kubernetes.io/name': 'part', 'app.kubernetes.io/instance': 'release' };

const written = (write: (chart: Chart) => void): readonly Written[] => {
  const { app, in: chart } = charts('telemetry');
  write(chart.telemetry);
  return synth(app);
};

describe('ServiceMonitor of a part', () => {
  test('selects the Service by its labels, in the namespace of both, and leaves the interval to Prometheus', async () => {
    const [monitor, ...others] = written((chart) => serviceMonitor(chart, COMPONENT, 'http'));
    expect(others).toEqual([]);
    expect(monitor).toEqual({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      metadata: {
        name: 'release-part',
        namespace: 'telemetry',
        labels: { ...SELECTOR, 'app.kubernetes.io/managed-by': 'tooltrail' },
      },
      spec: { selector: { matchLabels: SELECTOR }, endpoints: [{ port: 'http', path: '/metrics' }] },
    });
    await validateManifest(monitor!);
  });

  test('can name its job by a label, and keep the labels of metrics about other objects', async () => {
    const options = { jobLabel: 'app.kubernetes.io/name', honorLabels: true };
    const [monitor] = written((chart) => serviceMonitor(chart, COMPONENT, 'metrics', options));
    expect(monitor?.spec).toEqual({
      jobLabel: 'app.kubernetes.io/name',
      selector: { matchLabels: SELECTOR },
      endpoints: [{ port: 'metrics', path: '/metrics', honorLabels: true }],
    });
    await validateManifest(monitor!);
  });

  test('several parts can be in one scope', () => {
    const objects = written((chart) => {
      serviceMonitor(chart, COMPONENT, 'http');
      serviceMonitor(chart, { ...COMPONENT, name: 'release-other', app: 'other' }, 'http');
    });
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(['release-part', 'release-other']);
  });
});

describe('PodMonitor of the gateways', () => {
  test('selects the pods of the class in every namespace, more often than the default', async () => {
    const objects = written((chart) => gatewayMonitor(chart, 'telemetry', 'release'));
    const monitor = find(objects, 'PodMonitor', 'tooltrail-gateways');
    expect(objects).toEqual([
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'PodMonitor',
        metadata: {
          name: 'tooltrail-gateways',
          namespace: 'telemetry',
          labels: {
            'app.kubernetes.io/name': 'tooltrail',
            'app.kubernetes.io/instance': 'release',
            'app.kubernetes.io/managed-by': 'tooltrail',
          },
        },
        spec: {
          namespaceSelector: { any: true },
          selector: { matchLabels: { 'gateway.networking.k8s.io/gateway-class-name': 'agentgateway' } },
          podMetricsEndpoints: [{ port: 'metrics', path: '/metrics', interval: '15s' }],
        },
      },
    ]);
    await validateManifest(monitor);
  });
});
