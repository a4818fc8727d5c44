import { SECRET_ENDS, SECRET_PARTS, SECRET_TEXTS } from '../../../lib/api/telemetry/secrets.ts';

/** What stands where a secret was. */
export const REDACTED = '[redacted]';

/** Containers in containers; what is deeper is left out. */
const MAX_DEPTH = 64;

/** Texts that are secrets wherever they stand. */
const TEXTS: readonly RegExp[] = SECRET_TEXTS.map(
  ({ pattern, after, ignoreCase }) =>
    new RegExp(after === undefined ? pattern : `(?<=${after})${pattern}`, ignoreCase === true ? 'gi' : 'g'),
);

/** 13 to 19 digits, in groups or not: a payment card if their checksum says so (ISO/IEC 7812-1). */
const DIGITS = /\b\d(?:[ -]?\d){12,18}\b/g;

/** What is left out besides. */
export interface RedactionRules {
  /** Names of members, without case, `-`, `_` and spaces. */
  readonly keys: ReadonlySet<string>;
}

/** What is written of a tool call besides its name, once a policy asks for it. */
export interface CapturePolicy {
  readonly arguments: boolean;
  readonly results: boolean;
  readonly rules: RedactionRules;
}

export const NO_RULES: RedactionRules = { keys: new Set() };

/** As names are compared. */
export const normaliseKey = (name: string): string => name.toLowerCase().replace(/[-_\s]/g, '');

/** The JSON value without secrets: values of members with such names, and texts that look like secrets. A copy. */
export const redact = (value: unknown, rules: RedactionRules = NO_RULES, depth = 0): unknown => {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return REDACTED;
  if (Array.isArray(value)) return value.map((item) => redact(item, rules, depth + 1));
  const copy: Record<string, unknown> = Object.create(null);
  for (const [name, member] of Object.entries(value)) {
    copy[redactText(name)] = isSecretKey(name, rules) ? REDACTED : redact(member, rules, depth + 1);
  }
  return copy;
};

export const redactText = (text: string): string => {
  let redacted = text;
  for (const pattern of TEXTS) redacted = redacted.replace(pattern, REDACTED);
  return redacted.replace(DIGITS, (digits) => (isCardNumber(digits) ? REDACTED : digits));
};

/** Path and query with the values of the query left out: they are a client's, and tokens are sent there. */
export const redactQuery = (target: string): string => {
  const at = target.indexOf('?');
  if (at < 0) return target;
  const parameters = target.slice(at + 1).split('&');
  return `${target.slice(0, at)}?${parameters
    .map((parameter) => {
      const equals = parameter.indexOf('=');
      return equals < 0 ? (parameter === '' ? '' : QUERY_REDACTED) : `${parameter.slice(0, equals)}=${QUERY_REDACTED}`;
    })
    .join('&')}`;
};

/** As OpenTelemetry's semantic conventions for URLs have it. */
const QUERY_REDACTED = 'REDACTED';

const isSecretKey = (name: string, { keys }: RedactionRules): boolean => {
  const key = normaliseKey(name);
  return (
    keys.has(key) || SECRET_PARTS.some((part) => key.includes(part)) || SECRET_ENDS.some((end) => key.endsWith(end))
  );
};

/** The Luhn checksum. */
const isCardNumber = (text: string): boolean => {
  const digits = text.replace(/[ -]/g, '');
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
};
