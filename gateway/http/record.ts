import { UNKNOWN } from '../../lib/api/telemetry/metrics.ts';
import type { Bind, Listener } from '../compile/snapshot.ts';
import type { RouteLabels } from '../telemetry/labels.ts';
import type { RequestFacts, RequestRecord } from '../telemetry/record.ts';

/** A record at its beginning; `labels` as far as they are known before a route is. */
export const newRecord = (
  startTime: number,
  request: RequestFacts,
  labels: RouteLabels,
  telemetry: Listener['telemetry'] | undefined,
): RequestRecord => ({
  startTime,
  endTime: startTime,
  request,
  response: { status: 0, headers: {}, bytes: 0, kept: undefined },
  telemetry,
  labels,
  pathMatch: undefined,
  trace: undefined,
  backend: undefined,
  mcp: undefined,
  upstreamCalls: [],
  reason: 'Upstream',
  error: undefined,
  outcome: undefined,
});

const labelsByBind = new WeakMap<Bind, RouteLabels>();

/** Labels of requests that no listener of the port serves: the Gateway's, if the port is one Gateway's alone. */
export const bindLabels = (bind: Bind): RouteLabels => {
  let labels = labelsByBind.get(bind);
  if (labels === undefined) {
    const [first, ...others] = bind.listeners.map((listener) => listener.labels);
    const shared = first !== undefined && others.every(({ gateway }) => gateway === first.gateway);
    labels = {
      bind: shared ? first.bind : UNKNOWN,
      gateway: shared ? first.gateway : UNKNOWN,
      listener: UNKNOWN,
      route: undefined,
      routeRule: undefined,
    };
    labelsByBind.set(bind, labels);
  }
  return labels;
};
