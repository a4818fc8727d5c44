import type { Condition } from '../../lib/api/conditions.ts';
import type { ObjectStatus } from '../resolve/status.ts';

/** Conditions that belong together, and what they are about: `Gateway a/b`, `Gateway a/b listener c`, `HTTPRoute a/r parent a/b`. */
export interface ConditionGroup {
  readonly subject: string;
  readonly conditions: readonly Condition[];
}

export const conditionGroups = (status: ObjectStatus): readonly ConditionGroup[] => {
  const object = `${status.kind} ${status.namespace}/${status.name}`;
  const { conditions, listeners = [], parents = [], ancestors = [] } = status;
  return [
    ...(conditions === undefined ? [] : [{ subject: object, conditions }]),
    ...listeners.map((listener) => ({
      subject: `${object} listener ${listener.name}`,
      conditions: listener.conditions,
    })),
    ...parents.map(({ parentRef, conditions: own }) => ({
      subject: `${object} parent ${parentRef.namespace ?? status.namespace}/${parentRef.name}`,
      conditions: own,
    })),
    ...ancestors.map(({ conditions: own }) => ({ subject: object, conditions: own })),
  ];
};

/** All conditions of an object, good and bad: a line for each group. */
export const renderStatus = (status: ObjectStatus): readonly string[] =>
  conditionGroups(status).map(({ subject, conditions }) =>
    oneLine(
      `${subject}: ${conditions.map(({ type, status: value, reason }) => `${type}=${value}/${reason}`).join(' ')}`,
    ),
  );

/** Longest line that is written. */
const MAX_LINE = 2000;

/** Control characters in names and messages must not reach a terminal or start a line of their own. */
export const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, ' ').slice(0, MAX_LINE);
