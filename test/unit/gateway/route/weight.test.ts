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

/** From 0 up to, not including, 1: the same for the same seed (mulberry32). */
const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
};

describe('chooseBackend', () => {
  test('each as often as its weight says', () => {
    const rule = weighted(1, 0, 3);
    const picks = [0, 0.24, 0.25, 0.5, 0.999].map((random) => chosen(rule, random));
    expect(picks).toEqual(['0', '0', '2', '2', '2']);
  });

  test.each([[[]], [[0]], [[0, 0]]])('weights %j: none', (weights) => {
    expect(chosen(weighted(...weights), 0)).toBeUndefined();
  });

  test('shares come as close as chance allows', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 6 });
    const draws = 2_000;
    fc.assert(
      fc.property(weights, fc.integer(), (list, seed) => {
        const rule = weighted(...list);
        fc.pre(rule.totalWeight > 0);
        const random = randomFrom(seed);
        const counts = list.map(() => 0);
        for (let draw = 0; draw < draws; draw++) {
          const index = Number(chooseBackend(rule, random)?.backend.name);
          counts[index] = (counts[index] ?? 0) + 1;
        }
        for (const [index, weight] of list.entries()) {
          const share = weight / rule.totalWeight;
          // Five standard deviations of a binomial distribution, and some more where it is skewed: small shares.
          const tolerance = 5 * Math.sqrt(draws * share * (1 - share)) + 5;
          expect(Math.abs((counts[index] ?? 0) - draws * share)).toBeLessThanOrEqual(tolerance);
        }
      }),
    );
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
