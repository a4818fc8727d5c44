import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { problems, synth, type Written } from '../../../support/charts.ts';
import { secretKey } from '../../../support/stack/cases.ts';
import { type CollectorOptions, collectorApp, type TempoOptions, tempoApp } from '../../../support/stack/configs.ts';
import { danglingReferences, unrestricted } from '../../../support/stack/objects.ts';
import { validateManifest } from '../../../support/validate-manifest.ts';

/** Whatever the options are, what is written is valid, whole, and has no privileges. */
const RUNS = 60;
/** Secrets and ConfigMaps of others that options name. */
const FOREIGN = ['owned', 'authorities', 'certificate'];

const optional = <T extends object>(shape: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) =>
  fc.record(shape, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
const bytes = fc.constantFrom('64Mi', '1Gi', '1.5Gi', '500M', '1e9', '2147483648');
const resources = optional({ cpu: fc.constantFrom('10m', '1', '2.5'), memory: bytes, memoryLimit: bytes });
const replicas = fc.integer({ min: 0, max: 4 });
const duration = fc.constantFrom('5m', '900s', '1h30m', '336h');
const key = fc.constant(secretKey('owned', 'key'));
const priorityClassName = fc.constant('high');
const monitor = fc.boolean();

const exporter = fc
  .tuple(
    fc.constantFrom('GRPC' as const, 'HTTP' as const),
    optional({
      headers: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.oneof(fc.string(), key), { maxKeys: 3 }),
      signals: fc.constantFrom(['traces' as const], ['logs' as const], ['traces' as const, 'logs' as const]),
      tls: optional({
        authorities: fc.constant('authorities'),
        clientCertificate: fc.constant('certificate'),
        serverName: fc.constant('collector.mesh'),
      }),
    }),
  )
  .map(([protocol, rest]) => ({ endpoint: 'https://otlp.example.com', protocol, ...rest }));

const collectorOptions = optional({
  replicas,
  debug: fc.constantFrom('basic' as const, 'normal' as const, 'detailed' as const, 'off' as const),
  tailSampling: optional({
    percentage: fc.double({ min: 0, max: 100, noNaN: true }),
    keepErrors: fc.boolean(),
    keepDenials: fc.boolean(),
    slowerThan: duration,
    decisionWait: duration,
    maxTraces: fc.integer({ min: 1, max: 1_000_000 }),
  }),
  redaction: optional({
    keys: fc.array(fc.constantFrom('^patient$', '(?i)ward'), { maxLength: 2 }),
    values: fc.array(fc.constantFrom('\\$\\{x\\}', 'a{1,3}$'), { maxLength: 2 }),
    secrets: fc.boolean(),
  }),
  exporters: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/), exporter, { maxKeys: 3 }),
  resources,
  priorityClassName,
  monitor,
}) as fc.Arbitrary<CollectorOptions>;

const bucket = { bucket: fc.constant('traces') };
const storage = fc.oneof(
  fc.record(
    {
      kind: fc.constant('s3' as const),
      ...bucket,
      endpoint: fc.constant('s3.example.com'),
      region: fc.constant('eu-central-1'),
      insecure: fc.boolean(),
      pathStyle: fc.boolean(),
      keys: fc.record({ accessKeyId: key, secretAccessKey: key }),
    },
    { requiredKeys: ['kind', 'bucket', 'endpoint'] },
  ),
  fc.record({ kind: fc.constant('gcs' as const), ...bucket, key }, { requiredKeys: ['kind', 'bucket'] }),
  fc.record(
    { kind: fc.constant('azure' as const), account: fc.constant('a'), container: fc.constant('c'), key },
    { requiredKeys: ['kind', 'account', 'container'] },
  ),
);
const component = optional({ replicas, resources });
const tempoOptions = fc
  .tuple(
    storage,
    optional({
      distributor: component,
      ingester: component,
      querier: component,
      queryFrontend: component,
      compactor: component,
      metricsGenerator: component,
    }),
    fc.constantFrom('disk', 'object storage', 'distributed'),
    optional({
      retention: duration,
      persistence: fc.record({ size: bytes, storageClass: fc.constant('fast') }, { requiredKeys: ['size'] }),
      metricsGenerator: fc.constantFrom(false as const, { prometheusUrl: 'http://prometheus:9090', dimensions: ['a'] }),
      resources,
      priorityClassName,
      serviceAccountAnnotations: fc.constant({ identity: 'tempo' }),
      monitor,
    }),
  )
  .map(([storage, distributed, mode, rest]) => ({
    ...rest,
    ...(mode === 'disk' ? {} : { storage }),
    ...(mode === 'distributed' ? { distributed } : {}),
  })) as fc.Arbitrary<TempoOptions>;

const expectSound = async (objects: readonly Written[]): Promise<void> => {
  for (const object of objects) await validateManifest(object);
  const names = objects.map(
    ({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.namespace}/${metadata.name}`,
  );
  expect(new Set(names).size).toBe(names.length);
  expect(danglingReferences(objects, FOREIGN)).toEqual([]);
  expect(unrestricted(objects)).toEqual([]);
};

describe('random options', () => {
  test('of the Collector', async () => {
    await fc.assert(
      fc.asyncProperty(collectorOptions, async (options) => {
        const app = collectorApp(options);
        // Two header fields whose variables would be the same are the one thing that is refused here.
        fc.pre(problems(app).every((problem) => !problem.includes('two header fields')));
        await expectSound(synth(app));
      }),
      { numRuns: RUNS },
    );
  });

  test('of Tempo', async () => {
    await fc.assert(
      fc.asyncProperty(tempoOptions, async (options) => expectSound(synth(tempoApp(options)))),
      { numRuns: RUNS },
    );
  });
});

describe('what is looked for is found', () => {
  const objects = synth(tempoApp({}));
  const changed = (from: string, to: string): readonly Written[] =>
    JSON.parse(JSON.stringify(objects).replaceAll(from, to)) as readonly Written[];

  test('a ConfigMap that is not there', () => {
    expect(danglingReferences(changed('"configMap":{"name":"tempo"}', '"configMap":{"name":"other"}'), [])).toEqual([
      'StatefulSet tempo: ConfigMap other',
    ]);
  });

  test('a Service that selects no pod, or a port that no pod has', () => {
    expect(danglingReferences(changed('"targetPort":3100', '"targetPort":3101'), [])).toEqual([
      'Service tempo: port 3101',
    ]);
  });

  test('a container that may gain privileges', () => {
    expect(unrestricted(changed('"allowPrivilegeEscalation":false', '"allowPrivilegeEscalation":true'))).toEqual([
      'StatefulSet tempo: container tempo',
    ]);
  });
});
