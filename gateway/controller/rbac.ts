import { GROUPS, KINDS } from '../../lib/api/kinds.ts';
import { type PolicyRule, READ } from '../../lib/workload/rbac.ts';
import type { References } from '../resolve/references.ts';

/** By namespace: what the proxies of one Gateway may read by name. */
export const namedRules = ({ secrets, configMaps }: References): ReadonlyMap<string, readonly PolicyRule[]> => {
  const rules = new Map<string, PolicyRule[]>();
  for (const [kind, names] of [
    ['Secret', secrets],
    ['ConfigMap', configMaps],
  ] as const) {
    for (const [namespace, own] of Map.groupBy(names, (name) => name.slice(0, name.indexOf('/')))) {
      const known = rules.get(namespace) ?? [];
      known.push({
        apiGroups: [GROUPS.core],
        resources: [KINDS[kind].plural],
        resourceNames: own.map((name) => name.slice(namespace.length + 1)).sort(),
        verbs: READ,
      });
      rules.set(namespace, known);
    }
  }
  return rules;
};
