import { createHash } from 'node:crypto';
import { CelEvaluationError } from './expression.ts';
import { encodeBase64, fromJson, toJson } from './json.ts';
import { linearRegExp } from './regexp.ts';

/** What `matches` is renamed to, since the engine's own cannot be replaced: it backtracks. */
export const MATCHES = 'matchesRe2';

const TIMESTAMP = 'google.protobuf.Timestamp';
const DURATION = 'google.protobuf.Duration';

/** Namespaces of the encoding functions: `base64.encode(x)`. */
export class Base64 {}
export class Sha256 {}
export class Url {}

export const NAMESPACES = [
  ['base64', Base64],
  ['sha256', Sha256],
  ['url', Url],
] as const;

const base64Decode = (text: string): Uint8Array => {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new CelEvaluationError('base64.decode: not base64');
  return new Uint8Array(Buffer.from(text, 'base64'));
};

const decodeUri = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new CelEvaluationError('url.decode: not percent-encoded UTF-8');
  }
};

const parseJson = (text: string): unknown => {
  try {
    return fromJson(JSON.parse(text));
  } catch (error) {
    throw new CelEvaluationError(error instanceof RangeError ? `json: ${error.message}` : 'json: not JSON');
  }
};

const utf8 = new TextDecoder();

const charAt = (text: string, index: bigint): string => {
  if (index < 0n || index > BigInt(text.length)) throw new CelEvaluationError('charAt: index out of range');
  return text.charAt(Number(index));
};

const replace = (text: string, search: string, replacement: string, limit: bigint): string => {
  if (limit < 0n) return text.replaceAll(search, () => replacement);
  const parts = text.split(search);
  const count = Math.min(Number(limit), parts.length - 1);
  return (
    parts.slice(0, count + 1).join(replacement) +
    parts
      .slice(count + 1)
      .map((part) => search + part)
      .join('')
  );
};

/** The first match only; `$1`, `${name}` and `$$` in the replacement. */
const regexReplace = (text: string, pattern: string, replacement: string): string =>
  text.replace(linearRegExp(pattern), (...match: unknown[]) => {
    const groups = match.at(-1);
    const named = typeof groups === 'object' && groups !== null ? (groups as Record<string, string | undefined>) : {};
    return replacement.replace(/\$(?:(\$)|(\w+)|\{(\w+)\})/g, (_, dollar, plain, braced) => {
      if (dollar !== undefined) return '$';
      const name: string = plain ?? braced;
      const value = /^\d+$/.test(name) ? match[Number(name)] : Object.hasOwn(named, name) ? named[name] : undefined;
      return typeof value === 'string' ? value : '';
    });
  });

/**
 * The functions that the engine lacks, by signature; a signature belongs to one entry. Arguments come typed as it says: int as bigint,
 * double as number, bytes as Uint8Array. A failure is a CelEvaluationError.
 */
// biome-ignore lint/suspicious/noExplicitAny: each handler's arguments are typed by its signature, which the engine enforces.
export const FUNCTIONS: readonly (readonly [signature: string, handler: (...args: any[]) => unknown])[] = [
  ['json(string): dyn', parseJson],
  ['json(bytes): dyn', (bytes: Uint8Array) => parseJson(utf8.decode(bytes))],
  ['toJson(dyn): string', (value: unknown) => toJson(value)],
  ['to_json(dyn): string', (value: unknown) => toJson(value)],
  ['random(): double', () => Math.random()],
  ['uuid(): string', () => crypto.randomUUID()],
  [
    'fail(string): dyn',
    (message: string) => {
      throw new CelEvaluationError(message);
    },
  ],

  [`string.${MATCHES}(string): bool`, (text: string, pattern: string) => linearRegExp(pattern).test(text)],
  ['string.regexReplace(string, string): string', regexReplace],
  ['string.charAt(int): string', charAt],
  ['string.replace(string, string): string', (text, search, by) => replace(text, search, by, -1n)],
  ['string.replace(string, string, int): string', replace],
  [
    'string.stripPrefix(string): string',
    (text: string, prefix: string) => (text.startsWith(prefix) ? text.slice(prefix.length) : text),
  ],
  [
    'string.stripSuffix(string): string',
    (text: string, suffix: string) => (text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text),
  ],

  [`string(${TIMESTAMP}): string`, (time: Date) => time.toISOString().replace(/\.?0*Z$/, 'Z')],
  [`int(${TIMESTAMP}): int`, (time: Date) => BigInt(Math.floor(time.getTime() / 1000))],
  [`string(${DURATION}): string`, (duration: object) => String(duration)],

  ['Base64.encode(string): string', (_, text: string) => Buffer.from(text).toString('base64')],
  ['Base64.encode(bytes): string', (_, bytes: Uint8Array) => encodeBase64(bytes)],
  ['Base64.decode(string): bytes', (_, text: string) => base64Decode(text)],
  ['base64Encode(string): string', (text: string) => Buffer.from(text).toString('base64')],
  ['base64Encode(bytes): string', encodeBase64],
  ['base64Decode(string): bytes', base64Decode],
  ['Url.encode(string): string', (_, text: string) => encodeURIComponent(text)],
  ['Url.decode(string): string', (_, text: string) => decodeUri(text)],
  ['Sha256.encode(string): string', (_, text: string) => createHash('sha256').update(text).digest('hex')],
  ['Sha256.encode(bytes): string', (_, bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')],
];
