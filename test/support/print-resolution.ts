import type { Resolution } from '../../gateway/resolve/resolve.ts';
import type { FrontendPolicy, ResolvedBackend, ResolvedListener } from '../../gateway/resolve/resolved.ts';
import type { ObjectStatus } from '../../gateway/resolve/status.ts';
import type { Condition } from '../../lib/api/conditions.ts';

/** A resolution as goldens show it: what is attached to what, and each condition on one line. */
export const printResolution = ({ resolved, statuses }: Resolution): unknown => ({
  resolved: Object.fromEntries(
    resolved.gateways.map(({ namespace, name, listeners }) => [
      `${namespace}/${name}`,
      Object.fromEntries(listeners.map((listener) => [listener.name, printListener(listener)])),
    ]),
  ),
  statuses: printStatuses(statuses),
});

export const printStatuses = (statuses: readonly ObjectStatus[]): unknown =>
  Object.fromEntries(
    statuses.map((status) => [`${status.kind} ${status.namespace}/${status.name}`, printStatus(status)]),
  );

const printStatus = ({ conditions, listeners, parents, ancestors }: ObjectStatus): unknown => ({
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
      ancestor: ancestorRef.name,
      conditions: ancestor.conditions.map(printCondition),
    })),
  }),
});

const printCondition = ({ type, status, reason, message }: Condition): string =>
  `${type}=${status}/${reason}: ${message}`;

const printListener = ({ port, hostname, routes, frontend }: ResolvedListener): unknown => ({
  port,
  ...(hostname && { hostname }),
  routes: Object.fromEntries(
    routes.map(({ route, hostnames, rules }) => [
      `${route.metadata.namespace}/${route.metadata.name}`,
      {
        hostnames: hostnames.map((name) => name ?? '(any)'),
        rules: Object.fromEntries(
          rules.map(({ index, backends }) => [
            index,
            backends.map(({ weight, backend }) => `${weight}x ${printBackend(backend)}`),
          ]),
        ),
      },
    ]),
  ),
  ...printFrontend(frontend),
});

const printFrontend = ({ tracing, accessLog, metrics }: FrontendPolicy): Record<string, string> => ({
  ...(tracing && {
    tracing: `${tracing.policy} to ${tracing.collector.protocol} ${tracing.collector.tls ? 'tls ' : ''}${tracing.collector.host}:${tracing.collector.port}${tracing.collector.protocol === 'HTTP' ? tracing.collector.path : ''}`,
  }),
  ...(accessLog && { accessLog: accessLog.policy }),
  ...(metrics && { metrics: metrics.policy }),
});

const printBackend = (backend: ResolvedBackend): string =>
  backend.type === 'invalid'
    ? `${backend.name} invalid ${backend.reason}`
    : `${backend.name} ${backend.targets
        .map(({ name, host, port, path, tls, credentials }) => {
          const secret = credentials
            .map((item) => ` ${item.name}=${item.value.replace(/github_pat_secret|s3cret/, '***')}`)
            .join('');
          return `${name}=${tls === undefined ? 'http' : `https(${tls.sni})`}://${host}:${port}${path}${secret}`;
        })
        .join(',')}`;
