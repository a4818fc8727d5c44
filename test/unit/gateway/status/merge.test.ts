import { describe, expect, test } from '@jest/globals';
import { mergeConditions, type StoredCondition } from '../../../../gateway/status/merge.ts';
import { condition } from '../../../../lib/api/conditions.ts';

const BEFORE = '2026-01-01T00:00:00Z';
const NOW = '2026-01-02T00:00:00Z';
const stored = (...args: Parameters<typeof condition>): StoredCondition => ({
  ...condition(...args),
  lastTransitionTime: BEFORE,
});
const foreign: StoredCondition = { ...stored('GatewayAccepted', 1), type: 'example.com/Foreign' };

describe('mergeConditions', () => {
  test('adds what is new behind what is there', () => {
    const merged = mergeConditions([foreign], [condition('GatewayAccepted', 1)], NOW);
    expect(merged).toEqual([foreign, { ...condition('GatewayAccepted', 1), lastTransitionTime: NOW }]);
  });

  test('moves the time only when the status flips', () => {
    const merged = mergeConditions(
      [stored('GatewayAccepted', 1), foreign, stored('GatewayProgrammed', 1)],
      [condition('GatewaySomeListenersNotValid', 2), condition('GatewayNotProgrammed', 2)],
      NOW,
    );
    expect(merged?.map(({ reason, lastTransitionTime }) => [reason, lastTransitionTime])).toEqual([
      ['ListenersNotValid', BEFORE],
      ['Accepted', BEFORE],
      ['Invalid', NOW],
    ]);
  });

  test('writes nothing when nothing changed', () => {
    expect(
      mergeConditions([stored('GatewayAccepted', 1), foreign], [condition('GatewayAccepted', 1)], NOW),
    ).toBeUndefined();
  });

  test('writes nothing when what is stored is about a newer generation', () => {
    expect(
      mergeConditions([stored('GatewayAccepted', 3)], [condition('GatewayListenersNotValid', 2)], NOW),
    ).toBeUndefined();
  });
});
