import { describe, expect, test } from '@jest/globals';
import { SecretReference } from '../../../../lib/core/secret.ts';
import { charts, problems, synth } from '../../../support/charts.ts';

describe('SecretReference', () => {
  test('writes the object without any data', () => {
    const { app, in: chart } = charts('apps');
    new SecretReference(chart.apps, 'github-pat', { keys: ['Authorization'], labels: { team: 'agents' } });
    expect(synth(app)).toEqual([
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'github-pat', namespace: 'apps', labels: { team: 'agents' } },
        type: 'Opaque',
      },
    ]);
  });

  test('writes nothing when something else owns the Secret', () => {
    const { app, in: chart } = charts('apps');
    const secret = new SecretReference(chart.apps, 'x', { name: 'owned', keys: ['token'], create: false });
    expect(app.synthYaml()).toBe('');
    expect(secret.key('token')).toEqual({ secret, key: 'token' });
    expect(secret.name).toBe('owned');
  });

  test('a key that is not declared is refused where it is asked for, with the path and the keys there are', () => {
    const { in: chart } = charts('apps');
    const secret = new SecretReference(chart.apps, 'github-pat', { keys: ['Authorization', 'other'] });
    expect(() => secret.key('authorization')).toThrow(
      '[apps/github-pat] Secret apps/github-pat does not declare the key "authorization": add it to keys, or use one of Authorization, other',
    );
  });

  test('bad names and keys fail at synth', () => {
    const { app, in: chart } = charts('apps');
    new SecretReference(chart.apps, 'Upper', { keys: ['a/b'] });
    new SecretReference(chart.apps, 'empty', { keys: [] });
    expect(problems(app)).toEqual([
      expect.stringMatching(/^\[apps\/Upper\] metadata\.name: "Upper" is no name: /),
      '[apps/Upper] "a/b" is no Secret key: use letters, digits, "-", "_" and "."',
      '[apps/empty] keys is empty: declare the keys that the Secret has',
    ]);
  });
});
