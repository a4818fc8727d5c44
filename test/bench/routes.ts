import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { compile } from '../../gateway/compile/compile.ts';
import { resolve } from '../../gateway/resolve/resolve.ts';
import { findListener, findMatch } from '../../gateway/route/router.ts';
import { apiVersion, KINDS, type KindName } from '../../lib/api/kinds.ts';
import type { Resources } from '../../lib/api/objects.ts';
import { enableLinearRegExp } from '../../lib/cel/regexp.ts';

/**
 * How resolving, compiling and matching grow with the number of routes: `make bench`. A route in four each has an exact path, a
 * prefix, a hostname of its own, and headers and a method.
 */

const COUNTS = [10, 100, 1_000, 10_000];
const LOOKUPS = 200_000;

enableLinearRegExp(setFlagsFromString);
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const object = (kind: KindName, name: string, spec: unknown) => ({
  apiVersion: apiVersion(KINDS[kind]),
  kind: KINDS[kind].kind,
  metadata: { name, namespace: 'bench', generation: 1 },
  spec,
});

const MATCHES = [
  (index: number) => ({ match: { path: { type: 'Exact', value: `/exact/${index}` } }, path: `/exact/${index}` }),
  (index: number) => ({
    match: { path: { type: 'PathPrefix', value: `/prefix/${index}` } },
    path: `/prefix/${index}/a/b`,
  }),
  (index: number) => ({ hostname: `host-${index}.example.com`, match: {}, path: '/any/path' }),
  (index: number) => ({
    match: {
      path: { type: 'PathPrefix', value: `/tenant/${index}` },
      method: 'POST',
      headers: [{ name: 'x-tenant', value: String(index) }],
    },
    path: `/tenant/${index}/mcp`,
  }),
];

const shape = (index: number): { hostname?: string; match: unknown; path: string } =>
  (MATCHES[index % MATCHES.length] ?? (() => ({ match: {}, path: '/' })))(index);

const resourcesOf = (count: number): Resources => {
  const empty = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, []]));
  const routes = Array.from({ length: count }, (_, index) => {
    const { hostname, match } = shape(index);
    return object('HTTPRoute', `route-${index}`, {
      parentRefs: [{ name: 'gateway' }],
      ...(hostname === undefined ? {} : { hostnames: [hostname] }),
      rules: [{ matches: [match], backendRefs: [{ name: `service-${index % 200}`, port: 80 }] }],
    });
  });
  const listeners = [{ name: 'http', port: 8080, protocol: 'HTTP' }];
  return {
    ...empty,
    Gateway: [object('Gateway', 'gateway', { gatewayClassName: 'agentgateway', listeners })],
    HTTPRoute: routes,
    Service: Array.from({ length: 200 }, (_, index) =>
      object('Service', `service-${index}`, { ports: [{ port: 80 }] }),
    ),
  } as unknown as Resources;
};

const heap = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

console.log('routes   resolve ms   compile ms   µs per route   heap KiB per route   ns per match');
for (const count of COUNTS) {
  const resources = resourcesOf(count);
  compile(resolve(resources), 0);
  const before = heap();
  const start = performance.now();
  const resolution = resolve(resources);
  const resolved = performance.now();
  const { snapshot } = compile(resolution, 1);
  const compiled = performance.now();
  const size = heap() - before;
  const requests = Array.from({ length: Math.min(count, 1_000) }, (_, step) => {
    const index = Math.floor((step * count) / Math.min(count, 1_000));
    const { hostname = 'example.com', path } = shape(index);
    return { host: hostname, path, query: undefined, method: 'POST', headers: { 'x-tenant': String(index) } };
  });
  const bind = snapshot.binds[0];
  if (bind === undefined) throw new Error('nothing was compiled');
  const lookUp = (times: number): void => {
    for (let step = 0; step < times; step++) {
      const request = requests[step % requests.length];
      const listener = request && findListener(bind, request.host);
      if (listener === undefined || findMatch(listener, request as NonNullable<typeof request>) === undefined) {
        throw new Error('a route was not found');
      }
    }
  };
  lookUp(20_000);
  const matching = performance.now();
  lookUp(LOOKUPS);
  const matched = performance.now();
  console.log(
    [
      String(count).padStart(6),
      (resolved - start).toFixed(1).padStart(12),
      (compiled - resolved).toFixed(1).padStart(12),
      (((compiled - start) / count) * 1_000).toFixed(1).padStart(14),
      (size / count / 1_024).toFixed(2).padStart(20),
      (((matched - matching) / LOOKUPS) * 1_000_000).toFixed(0).padStart(14),
    ].join(' '),
  );
}
