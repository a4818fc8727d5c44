import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { App } from 'cdk8s';
import { synth } from '../../support/charts.ts';
import { type ControlPlane, startControlPlane } from '../../support/control-plane/control-plane.ts';
import { applyDefinitions } from '../../support/control-plane/definitions.ts';
import { collectorCases, tempoCases } from '../../support/stack/cases.ts';
import { collectorApp, NAMESPACE, tempoApp } from '../../support/stack/configs.ts';

/** A real API server takes every object of every option set, in a namespace that asks for the restricted Pod Security standard. */
const START_TIMEOUT = 180_000;
let plane: ControlPlane;

beforeAll(async () => {
  plane = await startControlPlane();
  await applyDefinitions(plane.kubectl);
  const labels = Object.fromEntries(
    ['enforce', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']),
  );
  await apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels } }]);
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
