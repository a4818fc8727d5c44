import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { desiredObjects } from '../../../../gateway/controller/desired.ts';
import { workloadName } from '../../../../gateway/controller/name.ts';
import { Parameters } from '../../../../gateway/controller/parameters.ts';
import type { Gateway as ApiGateway } from '../../../../lib/api/gateway-api.ts';
import { CONTROLLER_NAME } from '../../../../lib/api/kinds.ts';
import { PROXY_ROLE } from '../../../../lib/workload/rbac.ts';
import { find, type Written } from '../../../support/charts.ts';
import { validateManifest } from '../../../support/validate-manifest.ts';

/** Synthesizing takes one to two seconds. */
const SYNTH_MILLISECONDS = 30_000;

interface Walkthrough {
  readonly gateway: {
    readonly service: { name: string; namespace: string; type: string; port: number };
    readonly metricsPort: number;
    readonly secret: { name: string; namespace: string; key: string };
  };
  readonly services: readonly { name: string; namespace: string; ports: readonly number[] }[];
  readonly collectorLabels: Readonly<Record<string, string>>;
}

const read = (file: string): string => readFileSync(file, 'utf8');
const documentsOf = (text: string): readonly Written[] =>
  parseAllDocuments(text).map((document) => document.toJS() as Written);

const folders: string[] = [];
const files = new Map<string, string>();
let objects: readonly Written[] = [];

/** Runs the app as `cdk8s synth` does. */
const synthesize = (): ReadonlyMap<string, string> => {
  const folder = mkdtempSync(join(tmpdir(), 'synth-'));
  folders.push(folder);
  const options = { env: { ...process.env, CDK8S_OUTDIR: folder }, timeout: SYNTH_MILLISECONDS };
  execFileSync(process.execPath, ['lib/main.ts'], options);
  return new Map(
    readdirSync(folder)
      .sort()
      .map((name) => [name, read(join(folder, name))]),
  );
};

beforeAll(() => {
  for (const [name, text] of synthesize()) files.set(name, text);
  objects = [...files.values()].flatMap(documentsOf);
}, SYNTH_MILLISECONDS);

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

describe('lib/main.ts', () => {
  test('is the post’s scenario in at most 30 lines, with no grant written by hand', () => {
    const lines = read('lib/main.ts')
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.trim().startsWith('//'));
    expect(lines.length).toBeLessThanOrEqual(30);
    expect(read('lib/main.ts')).not.toContain('ReferenceGrant');
  });

  test('writes one file for each part, in the order in which they are applied', () => {
    expect([...files.keys()]).toEqual([
      '0000-agentgateway-crds.k8s.yaml',
      '0001-namespaces.k8s.yaml',
      '0002-controller.k8s.yaml',
      '0003-secrets.k8s.yaml',
      '0004-gateway.k8s.yaml',
      '0005-tempo.k8s.yaml',
      '0006-opentelemetry-collector-traces.k8s.yaml',
      '0007-kube-prometheus-stack.k8s.yaml',
      '0008-network-policies.k8s.yaml',
    ]);
  });

  test('writes the same bytes every time', () => expect(synthesize()).toEqual(files), SYNTH_MILLISECONDS);

  test('every object passes its typed validator', async () => {
    const refused: string[] = [];
    for (const object of objects) {
      try {
        await validateManifest(object);
      } catch (error) {
        refused.push(`${object.kind} ${object.metadata.name}: ${(error as Error).message}`);
      }
    }
    expect(refused).toEqual([]);
    expect(objects.length).toBeGreaterThan(20);
  });

  test('no two objects have one name', () => {
    const names = objects.map(
      ({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.namespace}/${metadata.name}`,
    );
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test('namespaces come before what is in them, and every namespace that is used is among them or the cluster’s own', () => {
    const first = documentsOf(files.get('0001-namespaces.k8s.yaml') ?? '');
    expect(first.every(({ kind }) => kind === 'Namespace')).toBe(true);
    const known = new Set(['kube-system', 'default', ...first.map(({ metadata }) => metadata.name)]);
    const used = objects.flatMap(({ metadata }) => metadata.namespace ?? []);
    expect(used.filter((namespace) => !known.has(namespace))).toEqual([]);
  });

  test('brings the CRDs of agentgateway.dev: those of others are a prerequisite', () => {
    const first = documentsOf(files.get('0000-agentgateway-crds.k8s.yaml') ?? '');
    expect(first.map(({ metadata }) => metadata.name)).toEqual([
      'agentgatewaybackends.agentgateway.dev',
      'agentgatewayparameters.agentgateway.dev',
      'agentgatewaypolicies.agentgateway.dev',
    ]);
    expect(objects.filter(({ kind }) => kind === 'CustomResourceDefinition')).toEqual(first);
  });
});

describe('the objects of the post', () => {
  const expected = documentsOf(read('test/acceptance/seed-manifests.yaml'));

  test('there are six', () =>
    expect(expected.map(({ kind }) => kind)).toEqual([
      'Gateway',
      'Secret',
      'AgentgatewayBackend',
      'HTTPRoute',
      'ReferenceGrant',
      'AgentgatewayPolicy',
    ]));

  test.each(expected.map((object) => [object.kind, object.metadata.name, object] as const))(
    '%s %s is written as it stands there',
    (kind, name, object) => {
      const written = find(objects, kind, name);
      const { labels = {}, ...metadata } = object.metadata;
      expect(written.apiVersion).toBe(object.apiVersion);
      expect(written.metadata).toMatchObject(metadata);
      expect(written.metadata.labels ?? {}).toMatchObject(labels);
      expect(written.spec).toEqual(object.spec);
      expect(written.type).toEqual(object.type);
    },
  );

  test('the token stays out: the Secret has no data, and no file holds a credential', () => {
    const secret = find(objects, 'Secret', 'github-pat');
    expect(secret).not.toHaveProperty('data');
    expect(secret).not.toHaveProperty('stringData');
    expect([...files.values()].join('\n')).not.toMatch(/gh[pousr]_[A-Za-z0-9]|github_pat_|Bearer|GITHUB_PAT\b/);
  });
});

describe('the commands of the post', () => {
  const { gateway, services, collectorLabels } = parse(read('test/acceptance/walkthrough.yaml')) as Walkthrough;

  const portsOf = (service: Written): readonly number[] =>
    (service.spec as { ports: { port: number }[] }).ports.map(({ port }) => port);

  /** What the controller makes of the Gateway. */
  const deployed = (): readonly Written[] =>
    desiredObjects({
      gateway: find(objects, 'Gateway', gateway.service.name) as unknown as ApiGateway,
      name: workloadName(gateway.service.name, () => ''),
      parameters: new Parameters([]),
      references: { secrets: new Set(), configMaps: new Set() },
      image: 'tooltrail/tooltrail',
      version: '0',
      proxyRole: PROXY_ROLE,
      controllerName: CONTROLLER_NAME,
      manager: 'tooltrail-controller',
    }) as unknown as readonly Written[];

  test('the Gateway gets a load balancer of its name', () => {
    const service = find(deployed(), 'Service', gateway.service.name);
    expect(service.metadata.namespace).toBe(gateway.service.namespace);
    expect(service.spec).toMatchObject({ type: gateway.service.type });
    expect(portsOf(service)).toEqual([gateway.service.port]);
  });

  test('the gateway’s pods show metrics where they are asked for', () => {
    const deployment = find(deployed(), 'Deployment', gateway.service.name);
    expect(JSON.stringify(deployment.spec)).toContain(
      JSON.stringify({ name: 'metrics', containerPort: gateway.metricsPort }),
    );
  });

  test.each(services)('Service $name is there with ports $ports', ({ name, namespace, ports }) => {
    const service = find(objects, 'Service', name);
    expect(service.metadata.namespace).toBe(namespace);
    expect(portsOf(service)).toEqual(expect.arrayContaining([...ports]));
  });

  test('the collector’s pods have the label that its logs are asked by', () => {
    const { template } = find(objects, 'Deployment', 'opentelemetry-collector-traces').spec as {
      template: { metadata: unknown };
    };
    expect(template.metadata).toMatchObject({ labels: collectorLabels });
  });
});
