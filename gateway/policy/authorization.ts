import type { AuthorizationRule } from '../compile/rule-policy.ts';
import { evaluate, type Variables } from './evaluate.ts';

/**
 * Why a request is denied; undefined: it is allowed. Denied by any Deny that is true, any Require that is not, and where there are Allow
 * rules but none of them is true. A Deny that does not evaluate to a boolean denies, unlike in the compatible system.
 */
export const denialOf = (rules: readonly AuthorizationRule[], variables: Variables): string | undefined => {
  const result = ({ expression }: AuthorizationRule): unknown => expression && evaluate(expression, variables);
  const deny = rules.find((rule) => rule.action === 'Deny' && result(rule) !== false);
  if (deny !== undefined) return `a Deny rule of ${deny.policy}`;
  const require = rules.find((rule) => rule.action === 'Require' && result(rule) !== true);
  if (require !== undefined) return `a Require rule of ${require.policy}`;
  const allows = rules.filter(({ action }) => action === 'Allow');
  if (allows.length === 0 || allows.some((rule) => result(rule) === true)) return undefined;
  return `no Allow rule of ${[...new Set(allows.map(({ policy }) => policy))].join(', ')}`;
};
