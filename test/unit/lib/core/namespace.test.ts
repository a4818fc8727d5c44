import { describe, expect, test } from '@jest/globals';
import { Chart, Testing } from 'cdk8s';
import { Namespace } from '../../../../lib/core/namespace.ts';
import { problems, synth } from '../../../support/charts.ts';

describe('Namespace', () => {
  test('is named by its id, carries labels and belongs to no namespace', () => {
    const app = Testing.app();
    new Namespace(new Chart(app, 'namespaces'), 'telemetry', { labels: { team: 'agents' } });
    expect(synth(app)).toEqual([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'telemetry', labels: { team: 'agents' } } },
    ]);
  });

  test('a name that is no DNS label fails at synth', () => {
    const app = Testing.app();
    new Namespace(new Chart(app, 'namespaces'), 'x', { name: 'a.b' });
    expect(problems(app)).toEqual([expect.stringMatching(/^\[namespaces\/x\] metadata\.name: "a\.b" is no name: /)]);
  });
});
