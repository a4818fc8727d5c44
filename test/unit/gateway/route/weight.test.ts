import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Rule } from '../../../../gateway/compile/snapshot.ts';
import { chooseBackend } from '../../../../gateway/route/weight.ts';
import { aBackend, aRule } from '../../../support/http/snapshot.ts';

const weighted = (...weights: readonly number[]): Rule => ({
  ...aRule(),
  backends: weights.map((weight, index) => ({ weight, backend: aBackend(String(index)) })),
  totalWeight: weights.reduce((sum, weight) => sum + weight, 0),
});

const chosen = (rule: Rule, random: number): string | undefined => chooseBackend(rule, () => random)?.backend.name;

describe('chooseBackend', () => {
  test('each as often as its weight says', () => {
    const rule = weighted(1, 0, 3);
    const picks = [0, 0.24, 0.25, 0.5, 0.999].map((random) => chosen(rule, random));
    expect(picks).toEqual(['0', '0', '2', '2', '2']);
  });

  test.each([[[]], [[0]], [[0, 0]]])('weights %j: none', (weights) => {
    expect(chosen(weighted(...weights), 0)).toBeUndefined();
  });

  test('never one without weight, always one if there is any', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 16 });
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(weights, random, (list, value) => {
        const name = chosen(weighted(...list), value);
        if (list.every((weight) => weight === 0)) expect(name).toBeUndefined();
        else expect(list[Number(name)]).toBeGreaterThan(0);
      }),
    );
  });
});
