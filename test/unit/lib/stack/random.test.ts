import { describe, expect, test } from '@jest/globals';
import { type App, Chart, Testing, Yaml } from 'cdk8s';
import fc from 'fast-check';
import { run } from '../../../../gateway/cli/run.ts';
import * as tooltrail from '../../../../lib/index.ts';
import { problems, synth, type Written } from '../../../support/charts.ts';
import { aHost } from '../../../support/cli/host.ts';
import { validateManifest } from '../../../support/validate-manifest.ts';

/**
 * Any app of Gateways, routes, backends, policies and parameters, in one namespace or across several: what is written is valid, its references
 * lead somewhere, exactly the grants that it needs are there, and the gateway takes all of it.
 */
const RUNS = 40;
const NAMESPACES = ['a', 'b', 'c'] as const;

const namespace = fc.constantFrom(...NAMESPACES);
const optional = <T extends object>(shape: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) =>
  fc.record(shape, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
const index = fc.nat({ max: 20 });
const condition = fc.constantFrom('true', 'request.method == "POST"', 'default(mcp.tool.name, "") != "x"');
const attributes = fc.dictionary(
  fc.stringMatching(/^[a-z][a-z.]{0,10}[a-z]$/),
  fc.constantFrom('default(mcp.tool.name, "")', 'request.path', '"constant"'),
  { maxKeys: 3 },
);
const named = fc.dictionary(fc.stringMatching(/^[a-z][a-z_]{0,10}$/), fc.constantFrom('request.method', '"x"'), {
  minKeys: 1,
  maxKeys: 2,
});

const gateways = fc.array(
  fc.record({
    namespace,
    hostnames: fc.uniqueArray(fc.option(fc.constantFrom('a.example.com', '*.example.com'), { nil: undefined }), {
      minLength: 1,
      maxLength: 3,
    }),
    parameters: fc.option(
      optional({
        replicas: fc.integer({ min: 0, max: 3 }),
        logFormat: fc.constantFrom('json' as const, 'text' as const),
      }),
    ),
  }),
  { minLength: 1, maxLength: 3 },
);
const backends = fc.array(
  fc.record({
    namespace,
    path: fc.option(fc.constantFrom('/mcp', '/mcp/'), { nil: undefined }),
    tls: fc.option(optional({ sni: fc.constant('mcp.example.com') }), { nil: undefined }),
    hasSecret: fc.boolean(),
  }),
  { minLength: 1, maxLength: 3 },
);
const routes = fc.array(
  fc.record({
    namespace,
    parent: index,
    section: fc.boolean(),
    rules: fc.array(
      fc.record({
        path: fc.option(fc.constantFrom('/mcp', '/other'), { nil: undefined }),
        backends: fc.uniqueArray(index, { minLength: 1, maxLength: 2 }),
        weight: fc.option(fc.nat({ max: 100 }), { nil: undefined }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  { maxLength: 3 },
);
const policies = fc.array(
  fc
    .record({
      target: index,
      section: fc.boolean(),
      tracing: fc.option(
        optional({
          attributes,
          clientSampling: condition,
          randomSampling: condition,
          filter: condition,
          protocol: fc.constantFrom('GRPC' as const, 'HTTP' as const),
        }),
        { nil: undefined },
      ),
      log: fc.option(optional({ attributes, filter: condition }), { nil: undefined }),
      labels: fc.option(named, { nil: undefined }),
      audit: fc.boolean(),
    })
    .filter(({ tracing, log, labels }) => tracing !== undefined || log !== undefined || labels !== undefined),
  { maxLength: 2 },
);

const described = fc.record({ gateways, backends, routes, policies });
type Described = typeof described extends fc.Arbitrary<infer T> ? T : never;

const at = <T>(items: readonly T[], position: number): T => items[position % items.length]!;

/** Which listener a policy is for, or all. */
const targetOf = (description: Described, { target, section }: Described['policies'][number]): string => {
  const gateway = target % description.gateways.length;
  const listeners = description.gateways[gateway]?.hostnames.length ?? 1;
  return `${gateway}/${section ? target % listeners : ''}`;
};

/** Two policies that set the same for the same target are refused: of those, the first is left. */
const withoutConflicts = (description: Described): Described => ({
  ...description,
  policies: description.policies.filter(
    (policy, number, all) =>
      all.findIndex((other) => targetOf(description, other) === targetOf(description, policy)) === number,
  ),
});

const appOf = (described: Described): App => {
  const description = withoutConflicts(described);
  const app = Testing.app();
  const charts = new Map(NAMESPACES.map((name) => [name, new Chart(app, name, { namespace: name })]));
  const chart = (name: (typeof NAMESPACES)[number]): Chart => charts.get(name)!;
  const collector: tooltrail.OtlpCollector = {
    namespace: 'c',
    serviceName: 'collector',
    grpcPort: 4317,
    httpPort: 4318,
    grantScope: chart('c'),
  };
  const made = description.gateways.map(({ namespace: place, hostnames, parameters }, number) => {
    const own =
      parameters === null
        ? {}
        : { parameters: new tooltrail.AgentgatewayParameters(chart(place), `parameters-${number}`, parameters) };
    const gateway = new tooltrail.Gateway(chart(place), `gateway-${number}`, own);
    const listeners = hostnames.map((hostname, position) =>
      gateway.addListener({
        name: `listener-${position}`,
        port: 3000 + number,
        routesFrom: 'All',
        ...(hostname === undefined ? {} : { hostname }),
      }),
    );
    return { gateway, listeners, place };
  });
  const servers = description.backends.map(({ namespace: place, path, tls, hasSecret }, number) => {
    const secret = new tooltrail.SecretReference(chart(place), `secret-${number}`, { keys: ['key'] });
    return new tooltrail.AgentgatewayBackend(chart(place), `backend-${number}`, {
      targets: [
        {
          name: 'server',
          host: 'mcp.example.com',
          port: 443,
          ...(path === undefined ? {} : { path }),
          ...(tls === undefined ? {} : { tls }),
          ...(hasSecret ? { auth: secret.key('key') } : {}),
        },
      ],
    });
  });
  for (const [number, { namespace: place, parent, section, rules }] of description.routes.entries()) {
    const { gateway, listeners } = at(made, parent);
    const route = new tooltrail.HttpRoute(chart(place), `route-${number}`, {
      parents: [section ? at(listeners, parent) : gateway],
    });
    for (const { path, backends: chosen, weight } of rules) {
      const targets = [...new Set(chosen.map((position) => at(servers, position)))];
      route.addRule({
        ...(path === undefined ? {} : { matches: [tooltrail.pathPrefix(path)] }),
        backends: targets.map((backend) => (weight === undefined ? backend : { backend, weight })),
      });
    }
  }
  for (const [number, { target, section, tracing, log, labels, audit }] of description.policies.entries()) {
    const { gateway, listeners, place } = at(made, target);
    new tooltrail.AgentgatewayPolicy(chart(place), `policy-${number}`, {
      targets: [section ? at(listeners, target) : gateway],
      ...(tracing === undefined ? {} : { tracing: { ...tracing, collector } }),
      ...(log === undefined ? {} : { accessLog: log }),
      ...(labels === undefined ? {} : { metrics: { attributes: labels } }),
      ...(audit && log !== undefined ? { audit } : {}),
    });
  }
  return app;
};

interface Reference {
  readonly kind?: string;
  readonly name: string;
  readonly namespace?: string;
}

/** Every field of an object that refers to another one, as `kind namespace/name`. */
const referencesOf = ({ kind, metadata, spec }: Written): readonly string[] => {
  const found: string[] = [];
  const walk = (value: unknown, field: string): void => {
    if (Array.isArray(value)) for (const item of value) walk(item, field);
    else if (typeof value === 'object' && value !== null) {
      if (field in REFERENCES) {
        const { kind: named = REFERENCES[field], name, namespace: place = metadata.namespace } = value as Reference;
        found.push(`${named} ${place}/${name}`);
      }
      for (const [name, child] of Object.entries(value)) walk(child, name);
    }
  };
  if (kind !== 'ReferenceGrant') walk(spec, '');
  return found;
};

const REFERENCES: Readonly<Record<string, string>> = {
  parentRefs: 'Gateway',
  parametersRef: 'AgentgatewayParameters',
  backendRefs: 'AgentgatewayBackend',
  backendRef: 'Service',
  targetRefs: 'Gateway',
  secretRef: 'Secret',
};

const keyOf = ({ kind, metadata }: Written): string => `${kind} ${metadata.namespace}/${metadata.name}`;

test('two policies that set the same for the same target are refused', () => {
  const app = Testing.app();
  const chart = new Chart(app, 'a', { namespace: 'a' });
  const target = new tooltrail.Gateway(chart, 'gateway');
  const listener = target.addListener({ name: 'mcp', port: 3000 });
  new tooltrail.AgentgatewayPolicy(chart, 'first', { targets: [target], accessLog: {} });
  new tooltrail.AgentgatewayPolicy(chart, 'listener', { targets: [listener], accessLog: {} });
  new tooltrail.AgentgatewayPolicy(chart, 'other', { targets: [target], metrics: { attributes: { a: '"b"' } } });
  expect(problems(app)).toEqual([]);
  new tooltrail.AgentgatewayPolicy(chart, 'second', { targets: [target], accessLog: {} });
  expect(problems(app)).toEqual([
    '[a/second] accessLog: AgentgatewayPolicy a/first sets it for Gateway a/gateway already: put both into one',
  ]);
});

describe('any app', () => {
  test('is written whole', async () => {
    await fc.assert(
      fc.asyncProperty(described, async (description) => {
        const app = appOf(description);
        expect(problems(app)).toEqual([]);
        const objects = synth(app);
        for (const object of objects) await validateManifest(object);
        const keys = objects.map(keyOf);
        expect(new Set(keys).size).toBe(keys.length);
        const known = new Set([...keys, 'Service c/collector']);
        expect(objects.flatMap(referencesOf).filter((reference) => !known.has(reference))).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test('has exactly the grants that its references need', () => {
    fc.assert(
      fc.property(described, (description) => {
        const objects = synth(appOf(description));
        const needed = objects.flatMap((object) =>
          object.kind === 'HTTPRoute' || object.kind === 'AgentgatewayPolicy'
            ? referencesOf(object)
                .filter((reference) => !reference.startsWith('Gateway '))
                .flatMap((reference) => {
                  const [kind = '', place = ''] = reference.split(/[ /]/);
                  return place === object.metadata.namespace
                    ? []
                    : [`${object.kind} ${object.metadata.namespace} → ${kind} ${reference.split(' ')[1]}`];
                })
            : [],
        );
        const granted = objects.flatMap(({ kind, metadata, spec }) => {
          if (kind !== 'ReferenceGrant') return [];
          const { from, to } = spec as { readonly from: readonly Reference[]; readonly to: readonly Reference[] };
          return from.flatMap((source) =>
            to.map(
              (target) => `${source.kind} ${source.namespace} → ${target.kind} ${metadata.namespace}/${target.name}`,
            ),
          );
        });
        expect([...new Set(granted)].sort()).toEqual([...new Set(needed)].sort());
        expect(new Set(granted).size).toBe(granted.length);
      }),
      { numRuns: RUNS },
    );
  });

  test('is taken by the gateway: it finds nothing wrong', async () => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'collector', namespace: 'c' },
      spec: { ports: [{ port: 4317 }, { port: 4318 }] },
    };
    await fc.assert(
      fc.asyncProperty(described, async (description) => {
        const secrets = description.backends.map(({ namespace: place }, number) => ({
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: `secret-${number}`, namespace: place },
          stringData: { key: 'value' },
        }));
        const own = synth(appOf(description)).filter(({ kind }) => kind !== 'Secret');
        const host = aHost({ '/m.yaml': Yaml.stringify(...own, ...secrets, service) });
        const code = await run(['check', '/m.yaml', '-o', 'json'], host);
        const { findings } = JSON.parse(host.out.join('')) as {
          readonly findings: readonly { readonly severity: string }[];
        };
        expect([code, findings.filter(({ severity }) => severity === 'error')]).toEqual([0, []]);
      }),
      { numRuns: RUNS },
    );
  });
});
