import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Testing } from 'cdk8s';
import { parse } from 'yaml';
import { McpObservabilityStack } from '../../../lib/stack.ts';
import { eventually } from '../../support/acceptance/eventually.ts';
import { find, synth, type Written } from '../../support/charts.ts';
import { type ControlPlane, startControlPlane } from '../../support/control-plane/control-plane.ts';
import { applyDefinitions } from '../../support/control-plane/definitions.ts';
import { startOperator } from '../../support/stack/operator.ts';
import type { Running } from '../../support/stack/program.ts';

/** What the real operator makes of our objects, with the rights that we give it. */
const START_TIMEOUT = 180_000;
const MADE = 60_000;
const NAMESPACE = 'telemetry';
const RELEASE = 'kube-prometheus-stack';
const PROMETHEUS = `${RELEASE}-prometheus`;
const ALERTMANAGER = `${RELEASE}-alertmanager`;

const app = Testing.app();
new McpObservabilityStack(app, { prometheus: { server: { replicas: 2 }, alertmanager: { replicas: 2 } } });
const objects = synth(app).filter(({ kind }) => kind !== 'CustomResourceDefinition');
let plane: ControlPlane;
let operator: Running;

const apply = (items: readonly object[]) =>
  plane.kubectl.must(['apply', '--server-side', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
const argsOf = (deployment: Written): readonly string[] =>
  (
    deployment.spec as {
      readonly template: { readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] } };
    }
  ).template.spec.containers.flatMap(({ args }) => args);

beforeAll(async () => {
  plane = await startControlPlane();
  await applyDefinitions(plane.kubectl);
  await apply(objects.filter(({ kind }) => kind === 'Namespace'));
  await apply(objects.filter(({ kind }) => kind !== 'Namespace'));
  const args = argsOf(find(objects, 'Deployment', `${RELEASE}-operator`));
  operator = await startOperator(plane, `system:serviceaccount:${NAMESPACE}:${RELEASE}-operator`, args);
}, START_TIMEOUT);

afterAll(async () => {
  await operator?.stop();
  await plane?.stop();
});

/** The object, once there is one of which `look` finds something. */
const made = <T>(kind: string, name: string, look: (object: Written) => T | undefined): Promise<T> =>
  eventually(
    `${kind} ${name}`,
    async () => {
      const { code, out } = await plane.kubectl.run(['get', kind, name, '-n', NAMESPACE, '-o', 'json']);
      return code === 0 ? look(JSON.parse(out) as Written) : undefined;
    },
    MADE,
  );
const unzipped = (secret: Written, key: string): string =>
  gunzipSync(Buffer.from((secret.data as Record<string, string>)[key] ?? '', 'base64')).toString('utf8');

interface Template {
  readonly template: { readonly metadata: { readonly labels: Readonly<Record<string, string>> } };
}

describe.each([
  ['Prometheus', `prometheus-${PROMETHEUS}`, PROMETHEUS],
  ['Alertmanager', `alertmanager-${ALERTMANAGER}`, ALERTMANAGER],
])('%s', (_, statefulSet, name) => {
  test.each(['Service', 'NetworkPolicy', 'PodDisruptionBudget'])('%s is for its pods', async (kind) => {
    const labels = await made('statefulset', statefulSet, ({ spec }) => (spec as Template).template.metadata.labels);
    const { selector, podSelector } = find(objects, kind, name).spec as Readonly<Record<string, object | undefined>>;
    const wanted = podSelector ?? selector ?? {};
    expect(labels).toMatchObject('matchLabels' in wanted ? (wanted.matchLabels as object) : wanted);
  });
});

test('Prometheus is told of every monitor, and of Alertmanager', async () => {
  const monitors = objects
    .filter(({ kind }) => /^(Service|Pod)Monitor$/.test(kind))
    .map(({ kind, metadata }) => `${kind[0]?.toLowerCase()}${kind.slice(1)}/${NAMESPACE}/${metadata.name}/0`);
  expect(monitors.length).toBeGreaterThan(7);
  const config = await made('secret', `prometheus-${PROMETHEUS}`, (secret) => {
    const text = unzipped(secret, 'prometheus.yaml.gz');
    return monitors.every((monitor) => text.includes(monitor)) ? text : undefined;
  });
  const { alerting } = parse(config) as { readonly alerting: { readonly alertmanagers: readonly unknown[] } };
  expect(JSON.stringify(alerting.alertmanagers)).toContain(ALERTMANAGER);
});

test('Prometheus is given our alerts', async () => {
  const rules = await made('configmap', `prometheus-${PROMETHEUS}-rulefiles-0`, ({ data }) => JSON.stringify(data));
  expect(rules).toContain('McpToolErrorRatioHigh');
});

test('Alertmanager takes what a team of another namespace wants to be told of', async () => {
  await apply([
    {
      apiVersion: 'monitoring.coreos.com/v1alpha1',
      kind: 'AlertmanagerConfig',
      metadata: { name: 'agents', namespace: 'agentgateway-system' },
      spec: {
        route: { receiver: 'hook' },
        receivers: [{ name: 'hook', webhookConfigs: [{ url: 'http://hook.example.com/' }] }],
      },
    },
  ]);
  const config = await made('secret', `alertmanager-${ALERTMANAGER}-generated`, (secret) => {
    const text = unzipped(secret, 'alertmanager.yaml.gz');
    return text.includes('hook.example.com') ? text : undefined;
  });
  expect(config).toContain('agentgateway-system/agents/hook');
});

test('the operator may do all that it wanted to', () => {
  expect(
    operator
      .log()
      .split('\n')
      .filter((line) => /forbidden|level=error/i.test(line)),
  ).toEqual([]);
});
