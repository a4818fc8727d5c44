import { namespacedName } from '../../api/kinds.ts';
import type { SecretKey } from '../../core/secret.ts';

/** A Secret key and the environment variable that brings its value into the gateway's pod. */
export interface SecretVariable {
  readonly secretKey: SecretKey;
  readonly variable: string;
}

/**
 * One variable for each distinct key, in order of first use. The prefix keeps a Secret's name from becoming a variable that the process
 * itself obeys (`NODE_OPTIONS`).
 */
export const secretVariables = (keys: readonly SecretKey[]): readonly SecretVariable[] => {
  const variables = new Map<string, SecretVariable>();
  const taken = new Set<string>();
  for (const secretKey of keys) {
    const id = `${namespacedName(secretKey.secret)}/${secretKey.key}`;
    if (variables.has(id)) continue;
    const base = `SECRET_${secretKey.secret.name}_${secretKey.key}`.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
    let variable = base;
    for (let count = 2; taken.has(variable); count++) variable = `${base}_${count}`;
    taken.add(variable);
    variables.set(id, { secretKey, variable });
  }
  return [...variables.values()];
};
