import { spend } from '../engine/meter.ts';
import { CelEvaluationError } from '../expression.ts';
import { linearPattern, matchCost } from '../regexp.ts';
import type { CelFunction } from './signature.ts';

/** Characters of a text that a function makes. */
const MAX_TEXT = 1_048_576;
/** Comparisons of one character that one unit is worth. */
const COMPARISONS_PER_UNIT = 512;
/** One text of a list. */
const PART_PER_UNIT = 4;

/** Looking for one text in another may compare each character with each. */
const spendOnSearch = (text: string, search: string): void =>
  spend((text.length * Math.max(1, search.length)) / COMPARISONS_PER_UNIT);

const bounded = (length: number): void => {
  if (length > MAX_TEXT) throw new CelEvaluationError(`a text longer than ${MAX_TEXT} characters`);
  spend(length / COMPARISONS_PER_UNIT);
};

const SURROGATE = /[\ud800-\udfff]/;

/** CEL counts code points. */
const codePoints = (text: string): readonly string[] => {
  spend(text.length / PART_PER_UNIT);
  return Array.from(text);
};

const lengthOf = (text: string): number => (SURROGATE.test(text) ? codePoints(text).length : text.length);

const within = (index: bigint, most: number, name: string): number => {
  if (index < 0n || index > BigInt(most)) throw new CelEvaluationError(`${name}: index out of range`);
  return Number(index);
};

const slice = (text: string, from: bigint, to: bigint | undefined, name: string): string => {
  const points = SURROGATE.test(text) ? codePoints(text) : undefined;
  const length = points?.length ?? text.length;
  const start = within(from, length, name);
  const end = to === undefined ? length : within(to, length, name);
  if (end < start) throw new CelEvaluationError(`${name}: index out of range`);
  return points === undefined ? text.slice(start, end) : points.slice(start, end).join('');
};

const charAt = (text: string, index: bigint): string =>
  index === BigInt(lengthOf(text)) ? '' : slice(text, index, index + 1n, 'charAt');

/** In code points, of an index in UTF-16. */
const position = (text: string, index: number): bigint =>
  BigInt(index <= 0 || !SURROGATE.test(text) ? index : lengthOf(text.slice(0, index)));

/** In UTF-16, of an index in code points. */
const offset = (text: string, index: number): number =>
  SURROGATE.test(text) ? codePoints(text).slice(0, index).join('').length : index;

const indexOf = (text: string, search: string, from = 0n): bigint => {
  const start = offset(text, within(from, lengthOf(text), 'indexOf'));
  spendOnSearch(text, search);
  return position(text, text.indexOf(search, start));
};

const lastIndexOf = (text: string, search: string, from?: bigint): bigint => {
  const start = from === undefined ? text.length : offset(text, within(from, lengthOf(text), 'lastIndexOf'));
  spendOnSearch(text, search);
  return position(text, text.lastIndexOf(search, start));
};

const split = (text: string, separator: string, limit = -1n): readonly string[] => {
  if (limit === 0n) return [];
  spendOnSearch(text, separator);
  const parts = separator === '' ? codePoints(text) : text.split(separator);
  spend(parts.length / PART_PER_UNIT);
  if (limit < 0n || BigInt(parts.length) <= limit) return parts;
  const whole = Number(limit) - 1;
  return [...parts.slice(0, whole), parts.slice(whole).join(separator)];
};

const join = (parts: readonly unknown[], separator = ''): string => {
  let length = 0;
  for (const part of parts) {
    if (typeof part !== 'string') throw new CelEvaluationError('join: the list holds something else than strings');
    length += part.length + separator.length;
  }
  bounded(length);
  return parts.join(separator);
};

const replace = (text: string, search: string, replacement: string, limit = -1n): string => {
  if (limit === 0n) return text;
  if (search !== '') {
    const parts = split(text, search, limit < 0n ? limit : limit + 1n);
    bounded(text.length + (parts.length - 1) * replacement.length);
    return parts.join(replacement);
  }
  // An empty text is found before each character and at the end.
  const points = codePoints(text);
  const count = limit < 0n || limit > BigInt(points.length) ? points.length + 1 : Number(limit);
  bounded(text.length + count * replacement.length);
  const spaced = points.map((char, index) => (index < count ? replacement + char : char)).join('');
  return count > points.length ? spaced + replacement : spaced;
};

const matches = (text: string, pattern: string): boolean => {
  const compiled = linearPattern(pattern, spend);
  spend(matchCost(text, compiled));
  return compiled.forText(text).test(text);
};

/** The first match only; `$1`, `${name}` and `$$` in the replacement. */
const regexReplace = (text: string, pattern: string, replacement: string): string => {
  const compiled = linearPattern(pattern, spend);
  spend(matchCost(text, compiled));
  const match = compiled.forText(text).exec(text);
  if (match === null) return text;
  let length = text.length + replacement.length;
  const written = replacement.replace(/\$(?:(\$)|(\w+)|\{(\w+)\})/g, (_, dollar, plain, braced) => {
    if (dollar !== undefined) return '$';
    const name: string = plain ?? braced;
    const groups = match.groups ?? {};
    const value = /^\d+$/.test(name) ? match[Number(name)] : Object.hasOwn(groups, name) ? groups[name] : undefined;
    length += value?.length ?? 0;
    bounded(length);
    return value ?? '';
  });
  return text.slice(0, match.index) + written + text.slice(match.index + match[0].length);
};

const ascii =
  (letters: RegExp, change: (char: string) => string) =>
  (text: string): string =>
    text.replace(letters, change);

export const STRINGS: readonly CelFunction[] = [
  [
    'string.contains(string): bool',
    (text: string, search: string) => {
      spendOnSearch(text, search);
      return text.includes(search);
    },
  ],
  ['string.matches(string): bool', matches],
  ['string.regexReplace(string, string): string', regexReplace],
  ['string.charAt(int): string', charAt],
  ['string.indexOf(string): int', (text, search) => indexOf(text, search)],
  ['string.indexOf(string, int): int', indexOf],
  ['string.lastIndexOf(string): int', (text, search) => lastIndexOf(text, search)],
  ['string.lastIndexOf(string, int): int', lastIndexOf],
  ['string.substring(int): string', (text, start) => slice(text, start, undefined, 'substring')],
  ['string.substring(int, int): string', (text, start, end) => slice(text, start, end, 'substring')],
  ['string.split(string): list<string>', (text, separator) => split(text, separator)],
  ['string.split(string, int): list<string>', split],
  ['list<string>.join(): string', (parts) => join(parts)],
  ['list<string>.join(string): string', join],
  ['string.replace(string, string): string', (text, search, by) => replace(text, search, by)],
  ['string.replace(string, string, int): string', replace],
  ['string.lowerAscii(): string', ascii(/[A-Z]+/g, (letters) => letters.toLowerCase())],
  ['string.upperAscii(): string', ascii(/[a-z]+/g, (letters) => letters.toUpperCase())],
  [
    'string.stripPrefix(string): string',
    (text: string, prefix: string) => (text.startsWith(prefix) ? text.slice(prefix.length) : text),
  ],
  [
    'string.stripSuffix(string): string',
    (text: string, suffix: string) => (text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text),
  ],
];
