import type { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { GATEWAY_CLASS } from '../api/kinds.ts';
import { type Component, metadataOf, selectorOf, write } from './component.ts';

const API_VERSION = 'monitoring.coreos.com/v1';
/** How often the gateway's pods are asked, as in the compatible system's chart. */
const GATEWAY_INTERVAL = '15s';

/** Scrapes a part of the stack through its Service. */
export const serviceMonitor = (scope: Construct, component: Component, port: string): ApiObject =>
  write(
    scope,
    {
      apiVersion: API_VERSION,
      kind: 'ServiceMonitor',
      metadata: metadataOf(component),
      spec: { selector: { matchLabels: selectorOf(component) }, endpoints: [{ port, path: '/metrics' }] },
    },
    `-${component.name}`,
  );

/** Scrapes every gateway pod of the class, in all namespaces. */
export const gatewayMonitor = (scope: Construct, namespace: string, instance: string): ApiObject =>
  write(scope, {
    apiVersion: API_VERSION,
    kind: 'PodMonitor',
    metadata: metadataOf({ namespace, name: 'tooltrail-gateways', app: 'tooltrail', instance }),
    spec: {
      namespaceSelector: { any: true },
      selector: { matchLabels: { 'gateway.networking.k8s.io/gateway-class-name': GATEWAY_CLASS } },
      podMetricsEndpoints: [{ port: 'metrics', path: '/metrics', interval: GATEWAY_INTERVAL }],
    },
  });
