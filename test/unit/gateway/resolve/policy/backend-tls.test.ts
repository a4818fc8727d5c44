import { expect, test } from '@jest/globals';
import { resolve } from '../../../../../gateway/resolve/resolve.ts';
import { resourcesOf } from '../../../../support/configuration.ts';

const GATEWAYS = 20;
const name = (index: number): string => `gateway-${String(index).padStart(2, '0')}`;

const gateway = (index: number): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name(index)}, namespace: a}
spec: {gatewayClassName: agentgateway, listeners: [{name: http, port: ${9000 + index}, protocol: HTTP}]}`;

const REST = `
apiVersion: v1
kind: ConfigMap
metadata: {name: authority, namespace: a}
data: {ca.crt: good}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: a}
spec: {ports: [{port: 443}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: route, namespace: a}
spec:
  parentRefs: [${Array.from({ length: GATEWAYS }, (_, index) => `{name: ${name(index)}}`).join(', ')}]
  rules: [{backendRefs: [{name: web, port: 443}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: web, namespace: a}
spec:
  targetRefs: [{group: "", kind: Service, name: web}]
  validation: {hostname: web.example.com, caCertificateRefs: [{group: "", kind: ConfigMap, name: authority}]}`;

test('a policy that more Gateways lead to than its status can name is in force for all of them', () => {
  const text = [...Array.from({ length: GATEWAYS }, (_, index) => gateway(index)), REST].join('\n---\n');
  const { resolved, statuses, references } = resolve(resourcesOf(text));
  const backends = resolved.gateways.map(({ listeners }) => listeners[0]?.routes[0]?.rules[0]?.backends[0]?.backend);
  expect(backends).toHaveLength(GATEWAYS);
  for (const backend of backends) {
    expect(backend).toMatchObject({ type: 'http', endpoints: [{ tls: { sni: 'web.example.com', ca: 'good\n' } }] });
  }
  expect([...references.values()].map(({ configMaps }) => [...configMaps])).toEqual(
    Array.from({ length: GATEWAYS }, () => ['a/authority']),
  );
  const status = statuses.find(({ kind }) => kind === 'BackendTLSPolicy');
  // Gateway API, PolicyStatus: 16 ancestors at most.
  expect(status?.ancestors?.map(({ ancestorRef }) => ancestorRef.name)).toEqual(
    Array.from({ length: 16 }, (_, index) => name(index)),
  );
});
