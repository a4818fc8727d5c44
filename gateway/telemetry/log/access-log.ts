import { STANDARD_ATTRIBUTES as NAME } from '../../../lib/api/telemetry/attributes.ts';
import type { CelContext } from '../../../lib/cel/expression.ts';
import { type Attributes, applyRules, evaluate, requestAttributes } from '../attributes.ts';
import { capturedArguments, capturedResult } from '../capture/captured.ts';
import type { CapturePolicy } from '../capture/redact.ts';
import type { AccessLogPolicy, AttributeRules, AttributeValue } from '../policy.ts';
import type { RequestRecord } from '../record.ts';

export type LogFormat = 'text' | 'json';

const LEVEL = 'info';
const SCOPE = 'request';

/** Text that needs no quotes: visible ASCII but quotes and backslashes. A space or a line break could start another field or line. */
const BARE = /^[!#-[\]-~]+$/;
/** Beyond JSON's escapes: what a terminal or viewer may take for a command, a line break or a change of direction. */
const INVISIBLE = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** The line of a finished request, without line break; undefined when the policy's filter is not true. */
export const accessLogLine = (
  record: RequestRecord,
  policy: AccessLogPolicy | undefined,
  context: CelContext,
  format: LogFormat,
): string | undefined => {
  if (policy?.filter !== undefined && evaluate(policy.filter, context) !== true) return undefined;
  const fields = accessLogFields(record, policy?.attributes, policy?.capture, context);
  const time = timestamp(record.endTime);
  if (format === 'json') return jsonLine(time, fields);
  const added = new Set(policy?.attributes.add.map(({ name }) => name));
  let line = `${time}\t${LEVEL}\t${SCOPE}`;
  for (const [name, value] of fields) {
    // As in the compatible system, the error and what a policy added is quoted.
    line += ` ${bare(name)}=${typeof value !== 'string' ? value : name === 'error' || added.has(name) ? quoted(value) : bare(value)}`;
  }
  return line;
};

/** What the access log says of a request, wherever it is written. */
export const accessLogFields = (
  record: RequestRecord,
  rules: AttributeRules | undefined,
  capture: CapturePolicy | undefined,
  context: CelContext,
): Attributes => {
  const fields = requestAttributes(record, 'log');
  const captured = [
    [NAME.callArguments, capturedArguments(record.mcp, capture)],
    [NAME.callResult, capturedResult(record.mcp, capture)],
  ] as const;
  for (const [name, value] of captured) if (value !== undefined) fields.set(name, value);
  if (rules !== undefined) applyRules(fields, rules, context);
  return fields;
};

/** The last second that was written, and its text: most lines share it with the one before. */
let lastSecond = Number.NaN;
let lastText = '';

/** RFC 3339, UTC, microseconds: lines sort by time. */
export const timestamp = (milliseconds: number): string => {
  const micros = Math.round(milliseconds * 1000);
  const second = Math.floor(micros / 1_000_000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastText = new Date(second * 1000).toISOString().slice(0, -4);
  }
  return `${lastText}${String(micros - second * 1_000_000).padStart(6, '0')}Z`;
};

const jsonLine = (time: string, fields: Iterable<readonly [string, AttributeValue]>): string => {
  const members = new Map<string, AttributeValue>([
    ['level', LEVEL],
    ['time', time],
    ['scope', SCOPE],
  ]);
  for (const [name, value] of fields) members.set(name, value);
  return `{${[...members].map(([name, value]) => `${quoted(name)}:${jsonValue(value)}`).join(',')}}`;
};

const jsonValue = (value: AttributeValue): string => {
  if (typeof value === 'string') return quoted(value);
  // JSON has neither NaN nor infinities.
  return typeof value === 'number' && !Number.isFinite(value) ? quoted(String(value)) : String(value);
};

const bare = (text: string): string => (BARE.test(text) ? text : quoted(text));

const quoted = (text: string): string =>
  JSON.stringify(text).replace(INVISIBLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
