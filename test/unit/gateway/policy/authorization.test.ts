import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AuthorizationRule } from '../../../../gateway/compile/rule-policy.ts';
import { denialOf } from '../../../../gateway/policy/authorization.ts';
import { compileCel } from '../../../../lib/cel/compile.ts';
import { FAILING } from '../../../support/policy.ts';

type Result = 'true' | 'false' | 'fails' | 'is no boolean' | 'does not compile';

const EXPRESSIONS = {
  true: compileCel('true'),
  false: compileCel('false'),
  fails: FAILING,
  'is no boolean': compileCel('"true"'),
  'does not compile': undefined,
} as const;

const rule = (action: AuthorizationRule['action'], result: Result): AuthorizationRule => ({
  action,
  expression: EXPRESSIONS[result],
  policy: `default/${action.toLowerCase()}`,
});

const denied = (rules: readonly AuthorizationRule[]) => denialOf(rules, () => ({})) !== undefined;

test('no rules: allowed', () => {
  expect(denied([])).toBe(false);
});

describe('one rule decides', () => {
  test.each<[AuthorizationRule['action'], Result, boolean]>([
    ['Deny', 'true', true],
    ['Deny', 'false', false],
    ['Deny', 'fails', true],
    ['Deny', 'is no boolean', true],
    ['Deny', 'does not compile', true],
    ['Require', 'true', false],
    ['Require', 'false', true],
    ['Require', 'fails', true],
    ['Require', 'is no boolean', true],
    ['Require', 'does not compile', true],
    ['Allow', 'true', false],
    ['Allow', 'false', true],
    ['Allow', 'fails', true],
    ['Allow', 'is no boolean', true],
    ['Allow', 'does not compile', true],
  ])('%s that %s: denied is %s', (action, result, expected) => {
    expect(denied([rule(action, result)])).toBe(expected);
  });
});

describe('several rules', () => {
  test('any Allow is enough', () => {
    expect(denied([rule('Allow', 'false'), rule('Allow', 'fails'), rule('Allow', 'true')])).toBe(false);
  });

  test('each Require is needed, and Allow does not replace it', () => {
    expect(denied([rule('Require', 'true'), rule('Require', 'false'), rule('Allow', 'true')])).toBe(true);
  });

  test('Deny beats all', () => {
    expect(denied([rule('Allow', 'true'), rule('Require', 'true'), rule('Deny', 'true')])).toBe(true);
  });

  test('the reason names the policies', () => {
    const reasons = [
      [rule('Allow', 'false'), rule('Deny', 'true')],
      [rule('Require', 'fails')],
      [rule('Allow', 'false'), rule('Allow', 'fails')],
    ].map((rules) => denialOf(rules, () => ({})));
    expect(reasons).toEqual([
      'a Deny rule of default/deny',
      'a Require rule of default/require',
      'no Allow rule of default/allow',
    ]);
  });

  test('their order does not matter, and one more Deny or Require never allows more', () => {
    const anyRule = fc
      .tuple(
        fc.constantFrom<AuthorizationRule['action']>('Allow', 'Deny', 'Require'),
        fc.constantFrom<Result>('true', 'false', 'fails', 'is no boolean', 'does not compile'),
      )
      .map(([action, result]) => rule(action, result));
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 5 }), anyRule, (rules, more) => {
        expect(denied(rules.toReversed())).toBe(denied(rules));
        if (more.action !== 'Allow' && denied(rules)) expect(denied([...rules, more])).toBe(true);
      }),
    );
  });
});
