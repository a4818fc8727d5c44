import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { compile } from '../../gateway/compile/compile.ts';
import type { Bind } from '../../gateway/compile/snapshot.ts';
import { resolve } from '../../gateway/resolve/resolve.ts';
import { findListener, findMatch, type RoutableRequest } from '../../gateway/route/router.ts';
import { apiVersion, KINDS, type KindName } from '../../lib/api/kinds.ts';
import type { Resources } from '../../lib/api/objects.ts';
import { enableLinearRegExp } from '../../lib/cel/regexp.ts';

/**
 * How resolving, compiling and matching grow with the number of routes: `make bench`. Of the routes one in four each has an exact path, a
 * prefix, a hostname of its own, and a prefix with method and header; one of the LISTENERS takes them all.
 */

const COUNTS = [10, 100, 1_000, 10_000];
/** As many as a Gateway can have. */
const LISTENERS = 64;
const SERVICES = 200;
/** Of these the fastest counts: what else the machine does comes on top of it. */
const ROUNDS = 3;
const LOOKUPS = 50_000;
/** At least so many are held when memory is measured. */
const HEAP_ROUTES = 10_000;
/**
 * Requests are made beforehand and asked for in turn: many, so that the processor's cache does not hold all that they meet. That is what
 * more routes cost; with 50 requests the time is the same for all counts.
 */
const REQUESTS = 2_000;

enableLinearRegExp(setFlagsFromString);
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

interface Kind {
  readonly name: string;
  readonly hostname?: (index: number) => string;
  readonly match: (index: number) => unknown;
  readonly path: (index: number) => string;
}

const prefix = (value: string) => ({ type: 'PathPrefix', value });

const MIX: readonly Kind[] = [
  {
    name: 'exact',
    match: (index) => ({ path: { type: 'Exact', value: `/exact/${index}` } }),
    path: (index) => `/exact/${index}`,
  },
  {
    name: 'prefix',
    match: (index) => ({ path: prefix(`/prefix/${index}`) }),
    path: (index) => `/prefix/${index}/a/b`,
  },
  { name: 'hostname', hostname: (index) => `host-${index}.example.com`, match: () => ({}), path: () => '/any/path' },
  {
    name: 'header',
    match: (index) => ({ path: prefix(`/tenant/${index}`), method: 'POST', headers: [tenant(index)] }),
    path: (index) => `/tenant/${index}/mcp`,
  },
];

const tenant = (index: number) => ({ name: 'x-tenant', value: String(index) });

/** What no index helps with: these are tried in turn, in order of precedence. */
const IN_TURN: readonly Kind[] = [
  {
    name: 'same path, own header',
    match: (index) => ({ path: prefix('/mcp'), headers: [tenant(index)] }),
    path: () => '/mcp',
  },
  {
    name: 'own expression',
    match: (index) => ({ path: { type: 'RegularExpression', value: `/tenant-${index}/[a-z]+` } }),
    path: (index) => `/tenant-${index}/mcp`,
  },
];

const object = (kind: KindName, name: string, spec: unknown) => ({
  apiVersion: apiVersion(KINDS[kind]),
  kind: KINDS[kind].kind,
  metadata: { name, namespace: 'bench', generation: 1 },
  spec,
});

const kindOf = (kinds: readonly Kind[], index: number): Kind => kinds[index % kinds.length] as Kind;

const resourcesOf = (kinds: readonly Kind[], count: number): Resources => {
  const empty = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, []]));
  const routes = Array.from({ length: count }, (_, index) => {
    const { hostname, match } = kindOf(kinds, index);
    return object('HTTPRoute', `route-${index}`, {
      parentRefs: [{ name: 'gateway', sectionName: 'listener-0' }],
      ...(hostname === undefined ? {} : { hostnames: [hostname(index)] }),
      rules: [{ matches: [match(index)], backendRefs: [{ name: `service-${index % SERVICES}`, port: 80 }] }],
    });
  });
  const listeners = Array.from({ length: LISTENERS }, (_, index) => ({
    name: `listener-${index}`,
    port: 8080,
    protocol: 'HTTP',
    ...(index === 0 ? {} : { hostname: `listener-${index}.example.com` }),
  }));
  return {
    ...empty,
    Gateway: [object('Gateway', 'gateway', { gatewayClassName: 'agentgateway', listeners })],
    HTTPRoute: routes,
    Service: Array.from({ length: SERVICES }, (_, index) =>
      object('Service', `service-${index}`, { ports: [{ port: 80 }] }),
    ),
  } as unknown as Resources;
};

/** Whole numbers below a limit, the same ones each time (a linear congruential generator). */
const randomBelow = (): ((limit: number) => number) => {
  let state = 1;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
};

/** Each meets the route with its index. */
const requestsOf = (kinds: readonly Kind[], kind: Kind, count: number): readonly RoutableRequest[] => {
  const random = randomBelow();
  const offset = kinds.indexOf(kind);
  const own = Math.ceil((count - offset) / kinds.length);
  return Array.from({ length: REQUESTS }, () => {
    const index = random(own) * kinds.length + offset;
    const host = kind.hostname?.(index) ?? 'example.com';
    return {
      host,
      path: kind.path(index),
      query: undefined,
      method: 'POST',
      headers: { 'x-tenant': String(index), 'x-route': `bench/route-${index}` },
    };
  });
};

/** Nanoseconds to find listener and match. */
const timeLookups = (bind: Bind, requests: readonly RoutableRequest[], lookups: number): number => {
  for (const request of requests) {
    const found = find(bind, request)?.rule.labels.route;
    if (found !== request.headers['x-route']) throw new Error(`${request.path} met ${found}`);
  }
  const milliseconds = fastest(() => {
    for (let step = 0; step < lookups; step++) {
      const request = requests[step % requests.length];
      if (request === undefined || find(bind, request) === undefined) throw new Error('a route was not found');
    }
  });
  return (milliseconds * 1_000_000) / lookups;
};

const find = (bind: Bind, request: RoutableRequest) => {
  const listener = findListener(bind, request.host);
  return listener && findMatch(listener, request);
};

/** Milliseconds. */
const fastest = (run: () => void): number =>
  Math.min(
    ...Array.from({ length: ROUNDS }, () => {
      const start = performance.now();
      run();
      return performance.now() - start;
    }),
  );

const heap = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

/** Bytes of a snapshot: of so many that there is something to measure. */
const heapOf = (resources: Resources, count: number): number => {
  const copies = Math.ceil(HEAP_ROUTES / count);
  const before = heap();
  const held = Array.from({ length: copies }, () => compiled(resources));
  return (heap() - before) / held.length;
};

const compiled = (resources: Resources): Bind => {
  const bind = compile(resolve(resources), 1).snapshot.binds[0];
  if (bind === undefined) throw new Error('nothing was compiled');
  return bind;
};

const printRow = (...cells: readonly (string | number)[]): void =>
  console.log(cells.map((cell) => String(cell).padStart(12)).join(''));

// Nothing is measured before it has been optimized, or the smallest would pay for it.
for (const kinds of [MIX, IN_TURN]) {
  const bind = compiled(resourcesOf(kinds, 2_000));
  for (const kind of kinds) timeLookups(bind, requestsOf(kinds, kind, 2_000), 2_000);
}

console.log(`Routes on one of ${LISTENERS} listeners: milliseconds, and per route microseconds and KiB of heap`);
printRow('routes', 'resolve', 'compile', 'µs/route', 'KiB/route');
const binds = new Map<number, Bind>();
for (const count of COUNTS) {
  const resources = resourcesOf(MIX, count);
  const size = heapOf(resources, count);
  binds.set(count, compiled(resources));
  const resolution = resolve(resources);
  const resolving = fastest(() => resolve(resources));
  const compiling = fastest(() => compile(resolution, 1));
  printRow(
    count,
    resolving.toFixed(1),
    compiling.toFixed(1),
    (((resolving + compiling) / count) * 1_000).toFixed(1),
    (size / count / 1_024).toFixed(2),
  );
}

console.log('\nListener and match found for a request that meets a random route of a kind: nanoseconds');
printRow('routes', ...MIX.map(({ name }) => name));
for (const [count, bind] of binds) {
  printRow(count, ...MIX.map((kind) => timeLookups(bind, requestsOf(MIX, kind, count), LOOKUPS).toFixed(0)));
}

console.log('\nThe same where routes differ in nothing that is looked up, so that they are tried in turn');
printRow('routes', ...IN_TURN.map(({ name }) => `  ${name}`));
for (const count of COUNTS.slice(0, -1)) {
  const times = IN_TURN.map((kind) =>
    timeLookups(compiled(resourcesOf([kind], count)), requestsOf([kind], kind, count), REQUESTS).toFixed(0),
  );
  printRow(count, ...times.map((time, index) => time.padStart((IN_TURN[index] as Kind).name.length + 2)));
}
