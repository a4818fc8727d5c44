import { setFlagsFromString } from 'node:v8';
import { compile } from '../../gateway/compile/compile.ts';
import { resolve } from '../../gateway/resolve/resolve.ts';
import { KINDS } from '../../lib/api/kinds.ts';
import type { Resources } from '../../lib/api/objects.ts';
import { enableLinearRegExp } from '../../lib/cel/regexp.ts';
import { fastest, NAMESPACE, object, printRow, resources, times } from './objects.ts';

/**
 * How one round of resolving and compiling grows where objects meet many others: `make bench`. Five times the objects should take some
 * five times as long.
 */

const COUNTS = [1_000, 5_000] as const;
/** As many as a Gateway can have. */
const LISTENERS = 64;
const SERVICES = 200;

enableLinearRegExp(setFlagsFromString);

const listeners = (count: number) =>
  times(count, (index) => ({
    name: `listener-${index}`,
    port: 8080,
    protocol: 'HTTP',
    ...(index === 0 ? {} : { hostname: `listener-${index}.example.com` }),
  }));

const gateway = (name: string, count = 1, ports: object = {}) =>
  object('Gateway', name, {
    gatewayClassName: 'agentgateway',
    listeners: listeners(count).map((listener) => ({ ...listener, ...ports })),
  });

const route = (index: number, more: object = {}, metadata: object = {}) =>
  object(
    'HTTPRoute',
    `route-${index}`,
    {
      parentRefs: [{ name: 'gateway' }],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: `/route/${index}` } }],
          backendRefs: [{ name: `service-${index % SERVICES}`, port: 80 }],
        },
      ],
      ...more,
    },
    metadata,
  );

const service = (index: number) => object('Service', `service-${index}`, { ports: [{ port: 80 }] });

const policy = (index: number, spec: object, namespace = NAMESPACE) =>
  object('AgentgatewayPolicy', `policy-${index}`, spec, { namespace });

const { group, kind } = KINDS.HTTPRoute;
const target = (name: string) => ({ group, kind, name });
const selector = (matchLabels: object) => ({ targetSelectors: [{ group, kind, matchLabels }] });
const authorization = (count: number) => ({
  authorization: {
    action: 'Allow',
    policy: { matchExpressions: times(count, (index) => `request.headers["x-user"] == "user-${index}"`) },
  },
});

const base = (count: number) => ({
  Service: times(SERVICES, service),
  HTTPRoute: times(count, (index) => route(index)),
});

const SHAPES: Readonly<Record<string, (count: number) => Partial<Resources>>> = {
  'routes on the one listener': (count) => ({ ...base(count), Gateway: [gateway('gateway')] }),
  'routes on 64 listeners, no hostname': (count) => ({
    ...base(count),
    Gateway: [gateway('gateway', LISTENERS)],
  }),
  'routes on a listener of 64, by hostname': (count) => ({
    ...base(count),
    Gateway: [gateway('gateway', LISTENERS)],
    HTTPRoute: times(count, (index) => route(index, { hostnames: [`listener-${(index % 63) + 1}.example.com`] })),
  }),
  'routes under 200 rules of authorization': (count) => ({
    ...base(count),
    Gateway: [gateway('gateway')],
    AgentgatewayPolicy: [
      policy(0, {
        targetRefs: [{ group: KINDS.Gateway.group, kind: KINDS.Gateway.kind, name: 'gateway' }],
        traffic: authorization(200),
      }),
    ],
  }),
  'a policy for each route, by name': (count) => ({
    ...base(count),
    Gateway: [gateway('gateway')],
    AgentgatewayPolicy: times(count, (index) =>
      policy(index, { targetRefs: [target(`route-${index}`)], traffic: authorization(1) }),
    ),
  }),
  'a policy for each route, by labels': (count) => ({
    ...base(count),
    Gateway: [gateway('gateway')],
    HTTPRoute: times(count, (index) => route(index, {}, { labels: { app: `app-${index}`, team: 'all' } })),
    AgentgatewayPolicy: times(count, (index) =>
      policy(index, { ...selector({ team: 'all', app: `app-${index}` }), traffic: authorization(1) }),
    ),
  }),
  'a policy by labels in each namespace': (count) => ({
    ...base(count),
    Gateway: [gateway('gateway', 1, { allowedRoutes: { namespaces: { from: 'All' } } })],
    HTTPRoute: times(count, (index) =>
      route(
        index,
        { parentRefs: [{ name: 'gateway', namespace: NAMESPACE }] },
        { namespace: `team-${index}`, labels: { app: 'web' } },
      ),
    ),
    AgentgatewayPolicy: times(count, (index) =>
      policy(index, { ...selector({ app: 'web' }), traffic: authorization(1) }, `team-${index}`),
    ),
  }),
  'Gateways that share a port': (count) => ({
    ...base(1),
    Gateway: times(count, (index) =>
      gateway(index === 0 ? 'gateway' : `gateway-${index}`, 1, { hostname: `host-${index}` }),
    ),
  }),
  'collectors in Services': (count) => ({
    ...base(1),
    Gateway: [gateway('gateway')],
    Service: times(count, service),
    AgentgatewayPolicy: times(count, (index) =>
      policy(index, {
        targetRefs: [{ group: KINDS.Gateway.group, kind: KINDS.Gateway.kind, name: 'gateway' }],
        frontend: { tracing: { backendRef: { name: `service-${index}`, port: 80 } } },
      }),
    ),
  }),
};

const measure = (objects: Resources): readonly string[] => {
  const resolution = resolve(objects);
  return [fastest(() => resolve(objects)), fastest(() => compile(resolution, 1))].map((time) => time.toFixed(1));
};

// Nothing is measured before it has been optimized, or the first would pay for it.
for (const shape of Object.values(SHAPES)) measure(resources(shape(100)));

console.log(`\nOne round at ${COUNTS.join(' and ')} objects: milliseconds`);
printRow('', ...COUNTS.flatMap((count) => [`resolve ${count}`, `compile`]));
for (const [name, shape] of Object.entries(SHAPES)) {
  printRow(name, ...COUNTS.flatMap((count) => measure(resources(shape(count)))));
}
