import { apiVersion, KINDS } from '../../api/kinds.ts';
import { Namespace } from '../../core/namespace.ts';
import type { SecretKey } from '../../core/secret.ts';
import { gatewayOf } from '../../gateway-api/attachment.ts';
import type { Gateway } from '../../gateway-api/gateway.ts';
import { HttpRoute } from '../../gateway-api/http-route.ts';
import { ReferenceGrant } from '../../gateway-api/reference-grant.ts';
import { AgentgatewayBackend } from '../backend.ts';
import type { OtlpCollector } from '../collector.ts';
import { AgentgatewayPolicy } from '../policy.ts';
import { type SecretVariable, secretVariables } from './secret-variables.ts';

/** What one Gateway serves, found by following the references from it. */
interface GatewayObjects {
  readonly routes: readonly HttpRoute[];
  readonly backends: readonly AgentgatewayBackend[];
  readonly policies: readonly AgentgatewayPolicy[];
  readonly collectors: readonly OtlpCollector[];
  readonly secretKeys: readonly SecretKey[];
}

/** The objects of the app that belong to a Gateway. */
export const gatewayObjects = (gateway: Gateway): GatewayObjects => {
  const constructs = gateway.node.root.node.findAll();
  const routes = constructs
    .filter((item) => item instanceof HttpRoute)
    .filter(({ parents }) => parents.some((parent) => gatewayOf(parent) === gateway));
  const backends = unique(routes.flatMap((route) => route.backends)).filter(
    (item) => item instanceof AgentgatewayBackend,
  );
  const policies = constructs
    .filter((item) => item instanceof AgentgatewayPolicy)
    .filter(({ targets }) => targets.some((target) => gatewayOf(target) === gateway));
  return {
    routes,
    backends,
    policies,
    collectors: unique(policies.flatMap(({ collector }) => collector ?? [])),
    secretKeys: backends.flatMap((backend) => backend.secretKeys),
  };
};

/**
 * The documents that the gateway's pod reads: the same objects as in the cluster, and for each Secret one whose values are variables of
 * the pod, filled from the Secret itself.
 */
export const gatewayDocuments = (gateway: Gateway): readonly unknown[] => {
  const { routes, backends, policies, collectors, secretKeys } = gatewayObjects(gateway);
  const constructs = gateway.node.root.node.findAll();
  const grants = constructs
    .filter((item) => item instanceof ReferenceGrant)
    .filter(
      (grant) =>
        backends.some(({ referenceTarget }) => grant.isFor(referenceTarget)) ||
        collectors.some(({ namespace, serviceName: name }) => grant.isFor({ kind: KINDS.Service, namespace, name })),
    );
  // Labels of namespaces matter only to listeners that select by them.
  const selects = gateway.listeners.some(({ routesFrom = 'Same' }) => typeof routesFrom !== 'string');
  const namespaces = selects ? constructs.filter((item) => item instanceof Namespace) : [];
  return [
    ...namespaces.map((item) => item.toJson()),
    gateway.toJson(),
    ...secretDocuments(secretVariables(secretKeys)),
    ...[...backends, ...routes, ...grants, ...policies].map((item) => item.toJson()),
    ...collectors.map(serviceDocument),
  ];
};

const secretDocuments = (variables: readonly SecretVariable[]): readonly unknown[] =>
  unique(variables.map(({ secretKey }) => secretKey.secret)).map((secret) => ({
    apiVersion: apiVersion(KINDS.Secret),
    kind: KINDS.Secret.kind,
    metadata: { name: secret.name, namespace: secret.namespace },
    type: 'Opaque',
    stringData: Object.fromEntries(
      variables
        .filter(({ secretKey }) => secretKey.secret === secret)
        .map(({ secretKey, variable }) => [secretKey.key, `\${${variable}}`]),
    ),
  }));

/** As much of the collector's Service as its address needs. */
const serviceDocument = ({ namespace, serviceName, grpcPort, httpPort }: OtlpCollector): unknown => ({
  apiVersion: apiVersion(KINDS.Service),
  kind: KINDS.Service.kind,
  metadata: { name: serviceName, namespace },
  spec: {
    ports: [
      { name: 'otlp', port: grpcPort, protocol: 'TCP' },
      { name: 'otlp-http', port: httpPort, protocol: 'TCP' },
    ],
  },
});

const unique = <T>(items: readonly T[]): readonly T[] => [...new Set(items)];
