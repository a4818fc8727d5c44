import { createHash } from 'node:crypto';
import { CelEvaluationError } from '../expression.ts';
import { encodeBase64 } from '../json.ts';
import type { CelFunction } from './signature.ts';

/** Namespaces: `base64.encode(x)`. */
export class Base64 {}
export class Url {}
export class Form {}
export class Sha1 {}
export class Sha256 {}
export class Md5 {}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @throws {CelEvaluationError} when the bytes are no UTF-8 */
export const textOf = (bytes: Uint8Array): string => {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new CelEvaluationError('the bytes are not UTF-8');
  }
};

/** Padding may be left out. */
const fromBase64 = (text: string): Uint8Array => {
  const whole = text.endsWith('=') ? text.length % 4 === 0 : text.length % 4 !== 1;
  if (!whole || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new CelEvaluationError('base64.decode: not base64');
  return new Uint8Array(Buffer.from(text, 'base64'));
};

const toBase64 = (text: string): string => Buffer.from(text).toString('base64');

const percentEncode = (text: string): string => {
  // Half of a surrogate pair has no UTF-8.
  if (!text.isWellFormed()) throw new CelEvaluationError('the text is not Unicode');
  return encodeURIComponent(text);
};

const percentDecode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new CelEvaluationError('not percent-encoded UTF-8');
  }
};

/** The rules of `application/x-www-form-urlencoded` (WHATWG URL §5), for one name or value. */
export const formEncode = (text: string): string =>
  percentEncode(text)
    .replace(/%20/g, '+')
    .replace(/[!'()~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

export const formDecode = (text: string): string => percentDecode(text.replaceAll('+', ' '));

const hash =
  (algorithm: 'sha1' | 'sha256' | 'md5') =>
  (_: unknown, data: string | Uint8Array): string =>
    createHash(algorithm).update(data).digest('hex');

export const ENCODING: readonly CelFunction[] = [
  ['Base64.encode(string): string', (_, text) => toBase64(text)],
  ['Base64.encode(bytes): string', (_, bytes) => encodeBase64(bytes)],
  ['Base64.decode(string): bytes', (_, text) => fromBase64(text)],
  // As they were called before.
  ['base64Encode(string): string', toBase64],
  ['base64Encode(bytes): string', encodeBase64],
  ['base64Decode(string): bytes', fromBase64],
  ['string.base64Encode(): string', toBase64],
  ['bytes.base64Encode(): string', encodeBase64],
  ['string.base64Decode(): bytes', fromBase64],
  ['Url.encode(string): string', (_, text) => percentEncode(text)],
  ['Url.decode(string): string', (_, text) => percentDecode(text)],
  ['Form.encode(string): string', (_, text) => formEncode(text)],
  ['Form.decode(string): string', (_, text) => formDecode(text)],
  ...(['Sha1', 'Sha256', 'Md5'] as const).flatMap((name): CelFunction[] => {
    const digest = hash(name.toLowerCase() as 'sha1' | 'sha256' | 'md5');
    return [
      [`${name}.encode(string): string`, digest],
      [`${name}.encode(bytes): string`, digest],
    ];
  }),
];

export const BYTES_OPERATORS: readonly CelFunction[] = [
  ['bytes < bytes: bool', (a, b) => Buffer.compare(a, b) < 0],
  ['bytes <= bytes: bool', (a, b) => Buffer.compare(a, b) <= 0],
  ['bytes > bytes: bool', (a, b) => Buffer.compare(a, b) > 0],
  ['bytes >= bytes: bool', (a, b) => Buffer.compare(a, b) >= 0],
];
