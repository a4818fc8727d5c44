import { compile } from '../../gateway/compile/compile.ts';
import type { HttpBackend, Listener, Rule, Snapshot } from '../../gateway/compile/snapshot.ts';
import type { Resolution } from '../../gateway/resolve/resolve.ts';
import { hostOf } from '../../gateway/route/host.ts';
import { findListener, findMatch } from '../../gateway/route/router.ts';
import { parseTarget } from '../../gateway/route/target.ts';
import type { RequestCase, SharesCase } from './case.ts';

/** The snapshot that the proxies of one Gateway run on, with the statuses of all objects. */
export const compileFor = (resolution: Resolution, gateway: string): Snapshot => {
  const gateways = resolution.resolved.gateways.filter(({ namespace, name }) => `${namespace}/${name}` === gateway);
  return compile({ ...resolution, resolved: { ...resolution.resolved, gateways } }, 1).snapshot;
};

/** What resolving and compiling alone say of a request: which rule it meets, and what may answer it. */
export const pureProblems = (request: RequestCase, snapshot: Snapshot): readonly string[] => {
  const what = describe(request);
  const listener = listenerFor(request, snapshot);
  if (request.refused)
    return listener === undefined ? [] : [`${what}: ${listener.labels.listener} answers, and should not`];
  if (listener === undefined) return [`${what}: nobody answers`];
  const rule = ruleFor(request, snapshot);
  const { status = 200, backend, pod } = request;
  if (rule === undefined) return status === 404 ? [] : [`${what}: no rule matches`];
  if (status === 404) return [`${what}: rule of ${rule.labels.route} matches, and should not`];
  if (request.rule !== undefined && rule.labels.routeRule !== request.rule) {
    return [`${what}: rule ${rule.labels.routeRule}, expected ${request.rule}`];
  }
  const { redirect, cors } = rule.policy ?? {};
  if (request.location !== undefined) {
    return redirect?.status === status ? [] : [`${what}: redirects with ${redirect?.status}, expected ${status}`];
  }
  if (request.method === 'OPTIONS' && cors !== undefined) return [];
  const candidates = rule.backends.filter(({ weight }) => weight > 0).map((item) => item.backend);
  if (status === 500) {
    return candidates.some(({ type }) => type !== 'invalid') ? [`${what}: has a backend, and should not`] : [];
  }
  const found = candidates.filter((item): item is HttpBackend => item.type === 'http');
  const wanted = backend ?? pod;
  const matching = found.filter(
    ({ name, endpoints }) =>
      // Nobody there to ask: 503.
      endpoints.length > 0 === (status !== 503) &&
      (pod !== undefined || name.endsWith(`/${wanted}`)) &&
      (request.seenServerName === undefined || endpoints.every(({ tls }) => tls?.sni === request.seenServerName)),
  );
  return matching.length > 0
    ? []
    : [`${what}: may go to ${candidates.map(({ name }) => name).join(', ') || 'nobody'}, expected ${wanted}`];
};

export const pureShareProblems = ({ gateway, path, backends }: SharesCase, snapshot: Snapshot): readonly string[] => {
  const rule = ruleFor({ gateway, path }, snapshot);
  return Object.entries(backends).flatMap(([name, share]) => {
    const weight = rule?.backends.find(({ backend }) => backend.name.endsWith(`/${name}`))?.weight ?? 0;
    const actual = weight / (rule?.totalWeight ?? 1);
    return Math.abs(actual - share) < 1e-9 ? [] : [`share of ${name}: ${actual}, expected ${share}`];
  });
};

export const describe = ({ gateway, port = 80, method = 'GET', host = 'example.com', path }: RequestCase): string =>
  `${method} ${path} for ${host} at ${gateway}:${port}`;

/** Whom a client gets to speak to. */
const listenerFor = (request: RequestCase, { binds }: Snapshot): Listener | undefined => {
  const { port = 80, serverName } = request;
  const bind = binds.find((item) => item.port === port);
  if (bind === undefined || (bind.protocol === 'HTTPS') !== (serverName !== undefined)) return undefined;
  return serverName === undefined ? bind.listeners[0] : findListener(bind, serverName);
};

const ruleFor = (request: RequestCase, { binds }: Snapshot): Rule | undefined => {
  const { port = 80, serverName, method = 'GET', host = 'example.com', path, headers = {} } = request;
  const bind = binds.find((item) => item.port === port);
  const target = parseTarget(path);
  const name = hostOf(host);
  if (bind === undefined || target === undefined || name === undefined) return undefined;
  const listener = findListener(bind, name, serverName);
  if (listener === undefined) return undefined;
  const lower = Object.fromEntries(Object.entries(headers).map(([field, value]) => [field.toLowerCase(), value]));
  return findMatch(listener, { host: name, path: target.path, query: target.query, method, headers: lower })?.rule;
};
