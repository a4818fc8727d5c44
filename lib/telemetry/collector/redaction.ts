import { SECRET_ENDS, SECRET_PARTS, SECRET_TEXTS, type SecretText } from '../../api/telemetry/secrets.ts';
import { literal } from './expansion.ts';

/**
 * What the Collector masks besides what looks like a secret to the gateway. Attributes of resources, scopes, spans, events and log records are
 * looked at, and bodies of log records; names of spans are not.
 */
export interface RedactionProps {
  /**
   * Attributes whose values are masked as a whole: regular expressions (RE2) for their names.
   *
   * @default - none
   */
  readonly keys?: readonly string[];
  /**
   * Regular expressions (RE2) for what is masked inside of values.
   *
   * @default - none
   */
  readonly values?: readonly string[];
  /**
   * Whether texts and names that look like secrets are masked: those that the gateway itself leaves out of what it captures, and payment
   * cards.
   *
   * @default true
   */
  readonly secrets?: boolean;
}

/** Payment cards by the first digits of their issuers (ISO/IEC 7812-1): a regular expression cannot check the last one. */
const CARD = '\\b(?:3[47]|4\\d|5[1-5]|2[2-7]|6[045])\\d{2}(?:[ -]?\\d){9,15}\\b';
/** Left out when names are compared. */
const SEPARATORS = '[-_\\s]*';
/** Longest text between the quotes of a member's name. */
const MAX_NAME = 64;

/** The configuration of the processor. Source: OpenTelemetry Collector, redaction processor. */
export const redactionProcessor = ({ keys = [], values = [], secrets = true }: RedactionProps) => ({
  allow_all_keys: true,
  blocked_key_patterns: [...(secrets ? secretKeys() : []), ...keys].map(literal),
  blocked_values: [...(secrets ? secretValues() : []), ...values].map(literal),
  summary: 'silent',
});

const spelled = (names: readonly string[]): string => names.map((name) => [...name].join(SEPARATORS)).join('|');

const secretKeys = (): readonly string[] => [`(?i)(?:${spelled(SECRET_PARTS)})`, `(?i)(?:${spelled(SECRET_ENDS)})$`];

const secretValues = (): readonly string[] => [
  ...SECRET_TEXTS.map(expressionOf),
  CARD,
  // Members of JSON texts, such as the arguments of a call.
  `(?i)"[^"]{0,${MAX_NAME}}(?:${spelled(SECRET_PARTS)})[^"]{0,${MAX_NAME}}"\\s*:\\s*"(?:[^"\\\\]|\\\\.)*"`,
  `(?i)"[^"]{0,${MAX_NAME}}(?:${spelled(SECRET_ENDS)})"\\s*:\\s*"(?:[^"\\\\]|\\\\.)*"`,
];

const expressionOf = ({ pattern, after = '', ignoreCase }: SecretText): string =>
  `${ignoreCase === true ? '(?i)' : ''}${after}${pattern}`;

/** What RE2 does not have. Source: RE2, syntax. */
const NOT_RE2 = /\(\?(?:[=!]|<[=!])|\\[1-9]|\\k</;

export const redactionProblems = ({ keys = [], values = [] }: RedactionProps): readonly string[] =>
  Object.entries({ keys, values }).flatMap(([list, expressions]) =>
    expressions.flatMap((expression) => {
      const problem = expressionProblem(expression);
      return problem === undefined ? [] : [`redaction.${list}: ${JSON.stringify(expression)} ${problem}`];
    }),
  );

const expressionProblem = (expression: string): string | undefined => {
  if (expression === '') return 'would match everything: leave it out';
  if (NOT_RE2.test(expression)) return 'looks around or back, which RE2 does not: write it without';
  try {
    // Flags at the beginning are RE2's own.
    new RegExp(expression.replace(/^\(\?[imsU]+\)/, ''));
    return undefined;
  } catch (error) {
    return `is no regular expression: ${(error as Error).message}`;
  }
};
