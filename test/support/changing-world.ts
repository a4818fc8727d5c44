import fc from 'fast-check';
import type { ResourceEvent } from '../../gateway/source/event.ts';
import { readObjects } from '../../gateway/source/read.ts';

/** A small cluster in which every object matters to another one in some way, or to none, and comes in several forms. */

const meta = (namespace: string, name: string, labels: object = {}) => ({ namespace, name, labels });
const core = (kind: string, metadata: object, rest: object) => ({ apiVersion: 'v1', kind, metadata, ...rest });

const service = (namespace: string, name: string, port: number, labels: object = {}) =>
  core('Service', meta(namespace, name, labels), { spec: { ports: [{ port }] } });

const named = (namespace: string, name: string, port: number) =>
  core('Service', meta(namespace, name), { spec: { ports: [{ name: 'https', port }] } });

const slice = (name: string, of: string, address: string, namespace = 'team') => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: meta(namespace, name, { 'kubernetes.io/service-name': of }),
  addressType: 'IPv4',
  endpoints: [{ addresses: [address] }],
  ports: [{ port: 8080 }],
});

const secret = (namespace: string, name: string, data: Readonly<Record<string, string>>) =>
  core('Secret', meta(namespace, name), { stringData: data });

const own = (kind: string, name: string, spec: object) => ({
  apiVersion: 'agentgateway.dev/v1alpha1',
  kind,
  metadata: meta('team', name),
  spec,
});

const gatewayApi = (kind: string, metadata: object, spec: object, version = 'v1') => ({
  apiVersion: `gateway.networking.k8s.io/${version}`,
  kind,
  metadata,
  spec,
});

const gateway = (selected: object) =>
  gatewayApi('Gateway', meta('infra', 'gateway'), {
    gatewayClassName: 'agentgateway',
    listeners: [
      {
        name: 'http',
        port: 80,
        protocol: 'HTTP',
        allowedRoutes: { namespaces: { from: 'Selector', selector: selected } },
      },
      {
        name: 'https',
        port: 443,
        protocol: 'HTTPS',
        tls: { certificateRefs: [{ name: 'certificate', namespace: 'vault' }] },
        allowedRoutes: { namespaces: { from: 'All' } },
      },
    ],
  });

const route = (...backendRefs: readonly object[]) =>
  gatewayApi('HTTPRoute', meta('team', 'route'), {
    parentRefs: [{ name: 'gateway', namespace: 'infra' }],
    rules: backendRefs.map((ref, index) => ({
      matches: [{ path: { type: 'PathPrefix', value: `/${index}` } }],
      backendRefs: [ref],
    })),
  });

const grant = (namespace: string, from: object, to: object) =>
  gatewayApi('ReferenceGrant', meta(namespace, 'grant'), { from: [from], to: [to] }, 'v1beta1');

const ROUTE = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'team' };
const mcp = { group: 'agentgateway.dev', kind: 'AgentgatewayBackend', name: 'mcp' };
const targets = (policies: object) => ({
  mcp: { targets: [{ name: 't', static: { host: 'mcp.example.com', port: 443, policies } }] },
});
const tls = { caCertificateRefs: [{ name: 'authority' }] };

const encrypted = (service: string, section: object = {}) => ({
  targetRefs: [{ group: '', kind: 'Service', name: service, ...section }],
  validation: {
    hostname: 'web.example.com',
    caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'authority' }],
  },
});

/** Each line: the forms of one object. */
const FORMS: readonly (readonly object[])[] = [
  [gatewayApi('GatewayClass', { name: 'agentgateway' }, { controllerName: 'agentgateway.dev/agentgateway' })],
  [gateway({ matchLabels: { tier: 'gold' } }), gateway({})],
  [
    route({ name: 'web', port: 80 }, mcp, { name: 'shop', namespace: 'market', port: 80 }),
    route({ name: 'late', port: 80 }),
  ],
  [
    grant('vault', { ...ROUTE, kind: 'Gateway', namespace: 'infra' }, { group: '', kind: 'Secret' }),
    grant('vault', ROUTE, { group: '', kind: 'Secret' }),
  ],
  [grant('market', ROUTE, { group: '', kind: 'Service' })],
  [
    own('AgentgatewayBackend', 'mcp', targets({ auth: { secretRef: { name: 'token' } } })),
    own('AgentgatewayBackend', 'mcp', targets({ tls })),
    own('AgentgatewayBackend', 'mcp', targets({})),
  ],
  [
    own('AgentgatewayPolicy', 'labelled', {
      targetSelectors: [{ group: '', kind: 'Service', matchLabels: { app: 'web' } }],
      backend: { auth: { secretRef: { name: 'token' } } },
    }),
    own('AgentgatewayPolicy', 'labelled', {
      targetRefs: [{ group: '', kind: 'Service', name: 'late' }],
      backend: { tls },
    }),
  ],
  [
    own('AgentgatewayPolicy', 'tracing', {
      targetRefs: [{ group: ROUTE.group, kind: 'HTTPRoute', name: 'route' }],
      traffic: { timeouts: { request: '5s' } },
    }),
  ],
  [
    gatewayApi('BackendTLSPolicy', meta('team', 'tls'), encrypted('web')),
    gatewayApi('BackendTLSPolicy', meta('team', 'tls'), encrypted('web', { sectionName: 'https' })),
    gatewayApi('BackendTLSPolicy', meta('team', 'tls'), encrypted('late')),
  ],
  [gatewayApi('BackendTLSPolicy', meta('team', 'a-first'), encrypted('web'))],
  [
    core('Namespace', { name: 'team', labels: { tier: 'gold' } }, {}),
    core('Namespace', { name: 'team', labels: { tier: 'lead' } }, {}),
  ],
  [core('Namespace', { name: 'elsewhere', labels: { tier: 'gold' } }, {})],
  [
    service('team', 'web', 80, { app: 'web' }),
    service('team', 'web', 80),
    service('team', 'web', 81),
    named('team', 'web', 80),
  ],
  [service('team', 'late', 80), service('team', 'late', 80, { app: 'web' })],
  [service('market', 'shop', 80), service('market', 'shop', 8080)],
  [service('team', 'stranger', 80), service('team', 'stranger', 80, { app: 'web' })],
  [service('elsewhere', 'web', 80, { app: 'web' })],
  [slice('web-1', 'web', '10.0.0.1'), slice('web-1', 'web', '10.0.0.2'), slice('web-1', 'stranger', '10.0.0.1')],
  [slice('stray', 'stranger', '10.0.0.3'), slice('stray', 'late', '10.0.0.3'), slice('stray', 'web', '10.0.0.3')],
  [slice('shop-1', 'shop', '10.0.0.4', 'market'), slice('shop-1', 'shop', '10.0.0.5', 'market')],
  [slice('web-1', 'web', '10.0.0.6', 'elsewhere'), slice('web-1', 'web', '10.0.0.7', 'elsewhere')],
  [secret('team', 'token', { Authorization: 'one' }), secret('team', 'token', { Authorization: 'two' })],
  [secret('team', 'stranger', { Authorization: 'one' }), secret('team', 'stranger', { Authorization: 'two' })],
  [
    secret('vault', 'certificate', { 'tls.crt': 'one', 'tls.key': 'one' }),
    secret('vault', 'certificate', { 'tls.crt': 'two', 'tls.key': 'two' }),
  ],
  [
    core('ConfigMap', meta('team', 'authority'), { data: { 'ca.crt': 'one' } }),
    core('ConfigMap', meta('team', 'authority'), { data: { 'ca.crt': 'two' } }),
  ],
  [core('ConfigMap', meta('team', 'stranger'), { data: { 'ca.crt': 'one' } })],
];

const putOf = (form: object): ResourceEvent & { readonly type: 'put' } => {
  const { objects, problems } = readObjects('world.yaml', JSON.stringify(form), {});
  const [resource] = objects.values();
  if (resource === undefined || problems.length > 0) throw new Error(JSON.stringify([form, problems]));
  return { type: 'put', resource };
};

const deletionOf = ({ resource: { kind, object } }: ResourceEvent & { readonly type: 'put' }): ResourceEvent => ({
  type: 'delete',
  kind,
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name,
});

const CHANGES: readonly (readonly ResourceEvent[])[] = FORMS.map((forms) => forms.map(putOf));

/** Everything is there, in its first form. */
export const BEGINNING: readonly ResourceEvent[] = CHANGES.flatMap((forms) => forms.slice(0, 1));

/** An object comes, becomes another one, or goes. */
export const change: fc.Arbitrary<ResourceEvent> = fc
  .constantFrom(...CHANGES)
  .chain((forms) => fc.constantFrom(...forms, deletionOf(forms[0] as ResourceEvent & { readonly type: 'put' })));
