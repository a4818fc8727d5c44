import { type Condition, isHappy } from '../../lib/api/conditions.ts';
import type { KindName } from '../../lib/api/kinds.ts';
import type { ObjectStatus } from '../resolve/status.ts';
import type { Location, Problem } from '../source/problem.ts';

/** One thing that somebody should look at: a problem of the input, or a condition that is not as it should be. */
export interface Finding {
  readonly severity: 'error' | 'note';
  /** Where the object stands, if it is from a file. */
  readonly location?: Location;
  /** `Kind namespace/name`, with the part of it: `Gateway a/b listener c`. */
  readonly object?: string;
  /** Rule of a problem, or `Type=Status/Reason` of a condition. */
  readonly rule: string;
  readonly message: string;
}

export type Locate = (kind: KindName, namespace: string, name: string) => Location | undefined;

/** Problems in the order of the files, then conditions in the order of the statuses, each text of an object once. */
export const findings = (
  problems: readonly Problem[],
  statuses: readonly ObjectStatus[],
  locate: Locate,
): readonly Finding[] => [
  ...problems.map(
    ({ severity, file, line, column, object, rule, message }): Finding => ({
      severity,
      location: { file, line, column },
      ...(object === undefined ? {} : { object }),
      rule,
      message,
    }),
  ),
  ...statuses.flatMap((status) => conditionFindings(status, locate(status.kind, status.namespace, status.name))),
];

const conditionFindings = (status: ObjectStatus, location: Location | undefined): readonly Finding[] => {
  const object = `${status.kind} ${status.namespace}/${status.name}`;
  const groups: readonly (readonly [string, readonly Condition[]])[] = [
    [object, status.conditions ?? []],
    ...(status.listeners ?? []).map(({ name, conditions }) => [`${object} listener ${name}`, conditions] as const),
    ...(status.parents ?? []).map(
      ({ parentRef, conditions }) =>
        [`${object} parent ${parentRef.namespace ?? status.namespace}/${parentRef.name}`, conditions] as const,
    ),
    ...(status.ancestors ?? []).map(({ conditions }) => [object, conditions] as const),
  ];
  const found = new Map<string, Finding>();
  for (const [name, conditions] of groups) {
    for (const condition of conditions) {
      if (isHappy(condition)) continue;
      const { type, status: value, reason, message } = condition;
      const rule = `${type}=${value}/${reason}`;
      const finding: Finding = { severity: 'error', object: name, rule, message };
      found.set(`${name} ${rule} ${message}`, location === undefined ? finding : { ...finding, location });
    }
  }
  return [...found.values()];
};

/** `file:line:column: error: Kind namespace/name: message (rule)`, on one line whatever the input holds. */
export const renderFinding = ({ severity, location, object, rule, message }: Finding): string => {
  const place = location === undefined ? '' : `${location.file}:${location.line}:${location.column}: `;
  const subject = object === undefined ? '' : `${object}: `;
  return oneLine(`${place}${severity}: ${subject}${message} (${rule})`);
};

/** What `tooltrail check` exits with: 1 if anything is wrong. Notes are not. */
export const exitCode = (found: readonly Finding[]): 0 | 1 =>
  found.some(({ severity }) => severity === 'error') ? 1 : 0;

/** Longest line that is written. */
const MAX_LINE = 2000;

/** Control characters in names and messages must not reach a terminal or start a line of their own. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, ' ').slice(0, MAX_LINE);
