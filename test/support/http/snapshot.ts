import { indexListeners } from '../../../gateway/compile/listeners.ts';
import { routeTable } from '../../../gateway/compile/routes/table.ts';
import type {
  Backend,
  Bind,
  Hostname,
  Listener,
  McpBackend,
  RouteMatch,
  Rule,
  Snapshot,
} from '../../../gateway/compile/snapshot.ts';
import type { RouteLabels } from '../../../gateway/telemetry/labels.ts';

export const aBackend = (name = 'default/backend'): McpBackend => ({ type: 'mcp', name, targets: [] });

export const aRule = (route = 'default/route', backends: readonly Backend[] = [aBackend()]): Rule => ({
  labels: { ...LABELS, route },
  backends: backends.map((backend) => ({ weight: 1, backend })),
  totalWeight: backends.length,
});

const LABELS: RouteLabels = {
  bind: '0/default/gateway',
  gateway: 'default/gateway',
  listener: 'mcp',
  route: undefined,
  routeRule: undefined,
};

/** A match of all requests below `/mcp`, for all hosts. */
export const aMatch = (overrides: Partial<RouteMatch> = {}): RouteMatch => ({
  hostname: undefined,
  path: { type: 'PathPrefix', value: '/mcp' },
  method: undefined,
  headers: [],
  query: [],
  rule: aRule(),
  pattern: '/mcp/*',
  ...overrides,
});

/** `matches` in order of precedence. */
export const aListener = ({
  matches = [aMatch()],
  ...overrides
}: Partial<Listener> & { readonly matches?: readonly RouteMatch[] } = {}): Listener => ({
  hostname: undefined,
  labels: LABELS,
  telemetry: { metricLabels: [] },
  routes: routeTable(matches),
  ...overrides,
});

/** `*.example.com` or `example.com`. */
export const aHostname = (text: string | undefined): Hostname | undefined => {
  if (text === undefined) return undefined;
  return text.startsWith('*.') ? { suffix: text.slice(1) } : { exact: text };
};

export const aBind = (
  port: number,
  { listeners = [aListener()], ...overrides }: Partial<Omit<Bind, 'byHostname'>> = {},
): Bind => ({
  port,
  protocol: 'HTTP',
  listeners,
  byHostname: indexListeners(listeners),
  ...overrides,
});

/** Served on these ports; 0 is any free one. */
export const aSnapshot = (...ports: readonly (number | Bind)[]): Snapshot => ({
  version: 1,
  binds: ports.map((port) => (typeof port === 'number' ? aBind(port) : port)),
});
