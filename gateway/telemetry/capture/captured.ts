import type { CapturedText, McpFacts } from '../record.ts';
import { parsePartial } from './partial-json.ts';
import { type CapturePolicy, NO_RULES, type RedactionRules, redact } from './redact.ts';

/** Characters of what is written of arguments or a result. */
export const MAX_CAPTURED_LENGTH = 4_096;

/** The arguments without secrets, as JSON text; undefined if there are none, or nobody asked. */
export const capturedArguments = (mcp: McpFacts | undefined, capture: CapturePolicy | undefined): string | undefined =>
  capture?.arguments !== true || mcp?.arguments === undefined
    ? undefined
    : written(redact(mcp.arguments, capture.rules));

export const capturedResult = (mcp: McpFacts | undefined, capture: CapturePolicy | undefined): string | undefined => {
  if (capture?.results !== true || mcp?.result === undefined) return undefined;
  const value = resultValue(mcp.result, capture.rules);
  return value === undefined ? undefined : written(value);
};

/** For expressions. */
export const argumentsValue = ({ arguments: value }: McpFacts): unknown => plain(redact(value));

export const resultValue = ({ text }: CapturedText, rules: RedactionRules = NO_RULES): unknown => {
  const value = parsePartial(text);
  return value === undefined ? undefined : plain(redact(value, rules));
};

/** Of what is longer, the beginning: it has no secrets any more. */
const written = (value: unknown): string => JSON.stringify(value).slice(0, MAX_CAPTURED_LENGTH);

/** Objects that every engine takes for such. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value) ?? 'null');
