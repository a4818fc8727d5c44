import type { PolicyField } from '../../gateway/resolve/policy/field.ts';
import type { TrafficPolicy } from '../../gateway/resolve/policy/traffic.ts';
import type { Resolution } from '../../gateway/resolve/resolve.ts';
import type {
  FrontendPolicy,
  ResolvedBackend,
  ResolvedListener,
  ResolvedRule,
  ResolvedTarget,
} from '../../gateway/resolve/resolved.ts';
import type { ObjectStatus } from '../../gateway/resolve/status.ts';
import type { Collector } from '../../gateway/telemetry/policy.ts';
import type { UpstreamTls } from '../../gateway/upstream/target.ts';
import type { Condition } from '../../lib/api/conditions.ts';

/** A resolution as goldens show it: what is attached to what, and each condition on one line. */
export const printResolution = ({ resolved, statuses, references }: Resolution): unknown => ({
  resolved: Object.fromEntries(
    resolved.gateways.map(({ namespace, name, listeners }) => [
      `${namespace}/${name}`,
      Object.fromEntries(listeners.map((listener) => [listener.name, printListener(listener)])),
    ]),
  ),
  ...printReferences(references),
  statuses: printStatuses(statuses),
});

/** Only of Gateways that refer to something. */
const printReferences = (references: Resolution['references']): Record<string, unknown> => {
  const printed = [...references].flatMap(([gateway, { secrets, configMaps }]) => {
    const names = [...secrets, ...[...configMaps].map((name) => `ConfigMap ${name}`)];
    return names.length === 0 ? [] : [[gateway, names] as const];
  });
  return printed.length === 0 ? {} : { references: Object.fromEntries(printed) };
};

export const printStatuses = (statuses: readonly ObjectStatus[]): unknown =>
  Object.fromEntries(
    statuses.map((status) => [`${status.kind} ${status.namespace}/${status.name}`, printStatus(status)]),
  );

const printStatus = ({
  conditions,
  supportedFeatures,
  addresses,
  listeners,
  parents,
  ancestors,
}: ObjectStatus): unknown => ({
  ...(supportedFeatures && { supportedFeatures: supportedFeatures.length }),
  ...(addresses && { addresses: addresses.map(({ type, value }) => `${type} ${value}`) }),
  ...(conditions && { conditions: conditions.map(printCondition) }),
  ...(listeners && {
    listeners: Object.fromEntries(
      listeners.map(({ name, attachedRoutes, supportedKinds, ...listener }) => [
        name,
        {
          attachedRoutes,
          supportedKinds: supportedKinds.map(({ kind }) => kind),
          conditions: listener.conditions.map(printCondition),
        },
      ]),
    ),
  }),
  ...(parents && {
    parents: parents.map(({ parentRef, ...parent }) => ({
      parent: [parentRef.namespace, parentRef.name, parentRef.sectionName, parentRef.port]
        .filter((part) => part !== undefined)
        .join('/'),
      conditions: parent.conditions.map(printCondition),
    })),
  }),
  ...(ancestors && {
    ancestors: ancestors.map(({ ancestorRef, ...ancestor }) => ({
      ancestor: [ancestorRef.namespace, ancestorRef.name].filter((part) => part !== undefined).join('/'),
      conditions: ancestor.conditions.map(printCondition),
    })),
  }),
});

const printCondition = ({ type, status, reason, message }: Condition): string =>
  `${type}=${status}/${reason}: ${message}`;

const printListener = ({ port, protocol, hostname, certificates, routes, frontend }: ResolvedListener): unknown => ({
  port,
  ...(protocol === 'HTTP' ? {} : { protocol, certificates: certificates.length }),
  ...(hostname && { hostname }),
  routes: Object.fromEntries(
    routes.map(({ route, hostnames, rules }) => [
      `${route.metadata.namespace}/${route.metadata.name}`,
      {
        hostnames: hostnames.map((name) => name ?? '(any)'),
        rules: Object.fromEntries(rules.map((rule) => [rule.index, printRule(rule)])),
      },
    ]),
  ),
  ...printFrontend(frontend),
});

/** The backends alone, if that is all there is to a rule. */
const printRule = ({ backends, filters, timeouts, traffic }: ResolvedRule): unknown => {
  const printed = backends.map(({ weight, backend, filters: own }) =>
    [`${weight}x ${printBackend(backend)}`, ...own.map(({ type }) => type)].join(' '),
  );
  const extras = {
    ...(filters.length === 0 ? {} : { filters: filters.map(({ type }) => type) }),
    ...(timeouts.request === undefined ? {} : { request: timeouts.request }),
    ...(timeouts.backendRequest === undefined ? {} : { backendRequest: timeouts.backendRequest }),
    ...(Object.keys(traffic).length === 0 ? {} : { traffic: printTraffic(traffic) }),
  };
  return Object.keys(extras).length === 0 ? printed : { backends: printed, ...extras };
};

/** Which policy each field is from. */
const printTraffic = (traffic: TrafficPolicy): unknown =>
  Object.fromEntries(
    Object.entries(traffic as Readonly<Record<string, PolicyField<unknown> | readonly PolicyField<unknown>[]>>).map(
      ([name, field]) => [
        name,
        'map' in field
          ? field.map(({ policy }) => policy)
          : name === 'refusal'
            ? `${field.policy}: ${JSON.stringify(field.spec)}`
            : field.policy,
      ],
    ),
  );

const printCollector = ({ protocol, tls, host, port, path, credentials = [] }: Collector): string => {
  const security = tls === undefined ? '' : `tls(${printTls(tls)}) `;
  const secrets = credentials.map(({ name, value }) => ` ${name}=${value.replaceAll('s3cret', '***')}`);
  return `${protocol} ${security}${host}:${port}${protocol === 'HTTP' ? path : ''}${secrets.join('')}`;
};

const printFrontend = ({ tracing, accessLog, metrics, refusal }: FrontendPolicy): Record<string, string> => ({
  ...(tracing && {
    tracing: `${tracing.policy} to ${printCollector(tracing.collector)}`,
  }),
  ...(accessLog && { accessLog: accessLog.policy }),
  ...(metrics && { metrics: metrics.policy }),
  ...(refusal && { refusal: `${refusal.policy}: ${refusal.spec}` }),
});

const printBackend = (backend: ResolvedBackend): string => {
  switch (backend.type) {
    case 'invalid':
      return `${backend.name} invalid ${backend.reason}`;
    case 'mcp':
      return `${backend.name} ${backend.targets.map((target) => `${target.name}=${printTarget(target)}`).join(',')}`;
    case 'http':
      return `${backend.kind} ${backend.name} ${backend.endpoints.map(printTarget).join(',') || '(no endpoint)'}`;
  }
};

const printTarget = (target: ResolvedTarget): string => {
  const { host, port, socketPath, path, tls, credentials, connectTimeout, requestTimeout, keepAlive } = target;
  const scheme = tls === undefined ? 'http' : `https(${printTls(tls)})`;
  const address = socketPath ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const extras = Object.entries({ connectTimeout, requestTimeout, keepAlive: keepAlive?.time })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${value}`);
  const secrets = credentials.map(
    (item) =>
      ` ${item.in === 'header' ? '' : `${item.in}:`}${item.name}=${item.value.replace(/github_pat_secret|s3cret/, '***')}`,
  );
  return `${scheme}://${address}${path}${[...secrets, ...extras].join('')}`;
};

const printTls = ({ sni, ca, certificate, verify, subjectAltNames, alpnProtocols }: UpstreamTls): string =>
  [
    sni,
    ...(ca === undefined ? [] : ['ca']),
    ...(certificate === undefined ? [] : ['certificate']),
    ...(verify === undefined ? [] : [`verify=${verify}`]),
    ...(subjectAltNames ?? []),
    ...(alpnProtocols ?? []),
  ].join(' ');
