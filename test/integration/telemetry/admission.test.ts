import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type App, Testing } from 'cdk8s';
import { McpObservabilityStack, type McpObservabilityStackProps } from '../../../lib/stack.ts';
import { synth } from '../../support/charts.ts';
import { type ControlPlane, startControlPlane } from '../../support/control-plane/control-plane.ts';
import { applyDefinitions } from '../../support/control-plane/definitions.ts';
import { collectorCases, tempoCases } from '../../support/stack/cases.ts';
import { collectorApp, NAMESPACE, tempoApp } from '../../support/stack/configs.ts';

/** A real API server takes every object of every option set, in a namespace that asks for the restricted Pod Security standard. */
const START_TIMEOUT = 180_000;
let plane: ControlPlane;

const part = {
  resources: { cpu: '1', memory: '1Gi', memoryLimit: '2Gi' },
  priorityClassName: 'high',
  nodeSelector: { a: 'b' },
  tolerations: [{ key: 'a', effect: 'NoExecute' as const, value: 'b', tolerationSeconds: 60 }],
};
const persistence = { size: '10Gi', storageClass: 'fast' };
const STACKS: Readonly<Record<string, McpObservabilityStackProps>> = {
  'as it comes': {},
  'with everything': {
    tempo: { persistence },
    collector: { replicas: 3, tailSampling: {}, redaction: {} },
    prometheus: {
      server: {
        ...part,
        persistence,
        replicas: 2,
        externalLabels: { cluster: 'a' },
        retentionSize: '8GB',
        scrapeInterval: '15s',
      },
      operator: part,
      grafana: { ...part, persistence, env: { GF_LOG_LEVEL: 'warn' } },
      kubeStateMetrics: part,
      nodeExporter: part,
      alertmanager: { ...part, persistence, replicas: 3, configSecret: 'routing' },
      alerts: { runbookUrl: 'https://example.com/runbooks', labels: { team: 'agents' } },
    },
  },
  'attached to one that is there': { prometheus: { attach: { namespace: 'monitoring' } } },
};

beforeAll(async () => {
  plane = await startControlPlane();
  await applyDefinitions(plane.kubectl);
  const labels = Object.fromEntries(
    ['enforce', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']),
  );
  const namespaces = [NAMESPACE, 'monitoring', 'agentgateway-system'];
  await apply(namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } })));
}, START_TIMEOUT);

afterAll(() => plane?.stop());

const apply = async (items: readonly object[], ...flags: readonly string[]) => {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const { code, out, err } = await plane.kubectl.run(['apply', '--server-side', ...flags, '-f', '-'], list);
  return { code, taken: out.split('\n').filter((line) => line !== '').length, said: err };
};

const expectTaken = async (app: App): Promise<void> => {
  const objects = synth(app);
  // A warning would be on standard error.
  expect(await apply(objects, '--dry-run=server')).toEqual({ code: 0, taken: objects.length, said: '' });
};

describe('an API server takes', () => {
  test.each(Object.entries(collectorCases()))('the Collector: %s', (_, options) => expectTaken(collectorApp(options)));
  test.each(Object.entries(tempoCases()))('Tempo: %s', (_, options) => expectTaken(tempoApp(options)));

  test.each(Object.entries(STACKS))('a whole stack: %s', async (_, props) => {
    const app = Testing.app();
    new McpObservabilityStack(app, props);
    const { code, said } = await apply(
      synth(app).filter(({ kind }) => kind !== 'CustomResourceDefinition' && kind !== 'Namespace'),
      '--dry-run=server',
    );
    // node-exporter reads its node.
    const warnings = said.split('\n').filter((line) => line !== '' && !/hostPath|host namespaces/.test(line));
    expect([code, warnings]).toEqual([0, []]);
  });

  test('no pod that asks for more', async () => {
    const [object] = synth(tempoApp({})).filter(({ kind }) => kind === 'StatefulSet');
    const loose = JSON.parse(JSON.stringify(object).replace('"runAsNonRoot":true', '"runAsNonRoot":false'));
    expect((await apply([loose], '--dry-run=server')).said).toMatch(/would violate PodSecurity "restricted/);
  });

  test('the distributed Tempo a second time without a change', async () => {
    const objects = synth(tempoApp(tempoCases().distributed ?? {}));
    const versions = async (): Promise<string> => {
      await apply(objects);
      const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
      return plane.kubectl.must(['get', '-f', '-', '-o', 'jsonpath={.items[*].metadata.resourceVersion}'], list);
    };
    const first = await versions();
    expect(first.split(' ')).toHaveLength(objects.length);
    expect(await versions()).toBe(first);
  });
});
