import { KINDS, type KindName } from '../../../lib/api/kinds.ts';
import type { ReflectorState } from '../../kubernetes/reflector.ts';
import type { Problem } from '../problem.ts';

export interface ScopeState {
  /** `Kind`, or `Kind/namespace/name`. */
  readonly key: string;
  readonly state: ReflectorState;
}

/** What cannot be read, and why: in words that stay the same while it lasts. */
export const stateProblems = (
  states: readonly ScopeState[],
  outage: string | undefined,
  surplus: readonly KindName[],
): Problem[] => {
  const problems: Problem[] = [];
  const add = (rule: Problem['rule'], message: string): void => {
    problems.push({ severity: 'error', rule, message });
  };
  if (outage !== undefined) {
    add('unreachable', `the Kubernetes API cannot be read (${outage}): what was read before stays in force`);
  }
  for (const { key, state } of states) {
    if (state.type !== 'unserved') continue;
    const [kind = '', ...name] = key.split('/');
    const { group, plural } = KINDS[kind as KindName];
    const resource = `${plural}${group === '' ? '' : `.${group}`}`;
    const subject = name.length === 0 ? resource : `${kind} ${name.join('/')}`;
    if (state.failure.status === 403) add('forbidden', `the Kubernetes API forbids to read ${subject}`);
    else add('not-served', `the Kubernetes API has no ${subject}: is its CustomResourceDefinition installed?`);
  }
  for (const kind of surplus) add('too-large', `too many objects of kind ${kind} are referred to: some are not read`);
  return problems;
};
