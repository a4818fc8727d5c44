import { isHappy } from '../../lib/api/conditions.ts';
import { GATEWAY_CLASS, type KindName } from '../../lib/api/kinds.ts';
import type { ObjectStatus } from '../resolve/status.ts';
import type { Location, Problem } from '../source/problem.ts';
import { conditionGroups, oneLine } from './conditions.ts';

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
      ...(file === undefined || line === undefined || column === undefined ? {} : { location: { file, line, column } }),
      ...(object === undefined ? {} : { object }),
      rule,
      message,
    }),
  ),
  ...statuses.flatMap((status) => conditionFindings(status, locate(status.kind, status.namespace, status.name))),
];

const conditionFindings = (status: ObjectStatus, location: Location | undefined): readonly Finding[] => {
  const found = new Map<string, Finding>();
  if ((status.parents ?? status.ancestors)?.length === 0) {
    const finding: Finding = {
      severity: 'note',
      object: `${status.kind} ${status.namespace}/${status.name}`,
      rule: 'not-attached',
      message: `refers to no Gateway of class ${GATEWAY_CLASS}: it has no effect`,
    };
    found.set('', location === undefined ? finding : { ...finding, location });
  }
  for (const { subject, conditions } of conditionGroups(status)) {
    for (const condition of conditions) {
      if (isHappy(condition)) continue;
      const { type, status: value, reason, message } = condition;
      const rule = `${type}=${value}/${reason}`;
      const finding: Finding = { severity: 'error', object: subject, rule, message };
      found.set(`${subject} ${rule} ${message}`, location === undefined ? finding : { ...finding, location });
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
