import type { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { GATEWAY_CLASS } from '../../api/kinds.ts';
import { PROMETHEUS_OPERATOR } from '../../api/telemetry/prometheus-operator.ts';
import { type Component, metadataOf, selectorOf, write } from '../component.ts';

/** How often the gateway's pods are asked, as in the compatible system's chart. */
const GATEWAY_INTERVAL = '15s';

export interface ServiceMonitorOptions {
  /**
   * Label of the Service whose value is the label `job` of the metrics.
   *
   * @default - `job` is the name of the Service
   */
  readonly jobLabel?: string;
  /**
   * Whether labels of the metrics stay as they are, where they are named like those of the scraped pod: right where the metrics are about
   * other objects.
   *
   * @default false
   */
  readonly honorLabels?: boolean;
}

/** Scrapes a part of the stack through its Service. */
export const serviceMonitor = (
  scope: Construct,
  component: Component,
  port: string,
  { jobLabel, honorLabels }: ServiceMonitorOptions = {},
): ApiObject =>
  write(
    scope,
    {
      apiVersion: PROMETHEUS_OPERATOR.apiVersion,
      kind: 'ServiceMonitor',
      metadata: metadataOf(component),
      spec: {
        ...(jobLabel === undefined ? {} : { jobLabel }),
        selector: { matchLabels: selectorOf(component) },
        endpoints: [{ port, path: '/metrics', ...(honorLabels === undefined ? {} : { honorLabels }) }],
      },
    },
    `-${component.name}`,
  );

/** Scrapes the pods of a part that no single Service leads to, by whichever of the ports each has; `job` is the part's instance. */
export const podMonitor = (scope: Construct, component: Component, ports: readonly string[]): ApiObject =>
  write(
    scope,
    {
      apiVersion: PROMETHEUS_OPERATOR.apiVersion,
      kind: 'PodMonitor',
      metadata: metadataOf(component),
      spec: {
        jobLabel: 'app.kubernetes.io/instance',
        selector: { matchLabels: selectorOf(component) },
        podMetricsEndpoints: ports.map((port) => ({ port, path: '/metrics' })),
      },
    },
    `-${component.name}`,
  );

const GATEWAY_MONITOR = 'tooltrail-gateways';

/** Label `job` of what `gatewayMonitor` scrapes. Source: prometheus-operator, PodMonitor. */
export const gatewayJob = (namespace: string): string => `${namespace}/${GATEWAY_MONITOR}`;

/** Scrapes every gateway pod of the class, in all namespaces. */
export const gatewayMonitor = (scope: Construct, namespace: string, instance: string): ApiObject =>
  write(scope, {
    apiVersion: PROMETHEUS_OPERATOR.apiVersion,
    kind: 'PodMonitor',
    metadata: metadataOf({ namespace, name: GATEWAY_MONITOR, app: 'tooltrail', instance }),
    spec: {
      namespaceSelector: { any: true },
      selector: { matchLabels: { 'gateway.networking.k8s.io/gateway-class-name': GATEWAY_CLASS } },
      podMetricsEndpoints: [{ port: 'metrics', path: '/metrics', interval: GATEWAY_INTERVAL }],
    },
  });
