/**
 * What a secret looks like, once: the gateway leaves it out of what it writes, and the Collector masks it in what others send. Patterns mean
 * the same in JavaScript and in RE2.
 */

/**
 * Names of values that are never written, whatever they hold. Without case, `-`, `_` and spaces, they contain one of these …
 */
export const SECRET_PARTS = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'apikey',
  'authorization',
  'credential',
  'privatekey',
  'cookie',
] as const;
/** … or end with one of these. */
export const SECRET_ENDS = [
  'token',
  'pwd',
  'pin',
  'cvv',
  'cvc',
  'ssn',
  'cardnumber',
  'accountnumber',
  'iban',
  'signature',
] as const;

/** A text that is a secret wherever it stands. */
export interface SecretText {
  readonly pattern: string;
  /** What stands before it, and stays. */
  readonly after?: string;
  readonly ignoreCase?: true;
}

/** Each is linear, or bounded in what it looks at. */
export const SECRET_TEXTS: readonly SecretText[] = [
  // Private keys in PEM (RFC 7468).
  { pattern: '-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,32}PRIVATE KEY-----)?' },
  // JSON Web Tokens (RFC 7519).
  { pattern: '\\beyJ[\\w-]{8,}\\.[\\w-]+(?:\\.[\\w-]*)?' },
  // Credentials of HTTP (RFC 9110 §11.4) and of URLs (RFC 3986 §3.2.1).
  { pattern: '\\b(?:bearer|basic|token)\\s+[\\w.~+/=-]{8,}', ignoreCase: true },
  { after: '://', pattern: '[^\\s/@]{1,256}@' },
  // Tokens that say what they are: GitHub, GitLab, Slack, OpenAI and Anthropic, Stripe, Google, AWS, npm.
  { pattern: '\\b(?:gh[a-z]_|github_pat_|glpat-|xox[a-z]-|sk-|[rs]k_(?:live|test)_|AIza|ya29\\.|npm_)[\\w.-]{16,}' },
  { pattern: '\\b(?:AKIA|ASIA)[A-Z0-9]{16}\\b' },
  // E-mail addresses.
  { pattern: '[\\w.%+-]{1,64}@[a-z\\d-]{1,63}(?:\\.[a-z\\d-]{1,63}){1,8}', ignoreCase: true },
];
