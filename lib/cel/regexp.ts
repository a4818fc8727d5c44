import { CelEvaluationError } from './expression.ts';

/**
 * CEL's regular expressions are RE2's: no look-around, no backreferences, time linear in the input. V8 has a linear engine beside its
 * backtracking one; what it cannot run is rejected here, and RE2's spelling and meaning is translated to JavaScript's. Flag `i` folds ASCII.
 * See https://github.com/google/re2/wiki/Syntax and https://v8.dev/blog/non-backtracking-regexp.
 */

const MAX_PATTERN_LENGTH = 1024;
/** RE2's own bound on `{n,m}`. */
const MAX_REPETITION = 1000;
/** V8's linear engine copies up to this often by itself. */
const MAX_NATIVE_REPETITION = 16;
const MAX_EXPANDED_LENGTH = 65_536;
/** Patterns made at run time, kept compiled. */
const MAX_CACHED = 256;

/** Backtracks after which the linear engine takes over from the other, which is faster until then. */
const MAX_BACKTRACKS = 200;
/** Characters of a text on which that many backtracks are not worth trying. */
const MAX_BACKTRACKED_LENGTH = 256;

let linearEngine = false;

/**
 * Turns V8's linear regular-expression engine on for the process: it takes over when a match gets expensive, and every pattern is proved
 * to be fit for it. Without it (at synth) patterns are only checked by their text. Call once, before anything is compiled.
 *
 * @param setFlags `v8.setFlagsFromString`
 */
export const enableLinearRegExp = (setFlags: (flags: string) => void): void => {
  setFlags('--enable-experimental-regexp-engine');
  setFlags('--enable-experimental-regexp-engine-on-excessive-backtracks');
  setFlags(`--regexp-backtracks-before-fallback=${MAX_BACKTRACKS}`);
  linearEngine = true;
};

/** A pattern, compiled for both engines. */
export interface LinearPattern {
  /** Characters of what it became in JavaScript: a measure of its states. */
  readonly size: number;
  forText(text: string): RegExp;
}

/** Units of work (see the meter): what the linear engine takes, and before it the other until it gives up. */
export const matchCost = (text: string, { size }: LinearPattern): number => 4 + text.length + (text.length * size) / 8;

const COMPILE_COST = 200;

const cache = new Map<string, LinearPattern & { readonly regExp: RegExp }>();

/**
 * @param spend is told what compiling it costs, unless it is known
 * @throws {CelEvaluationError} when the pattern is none, or cannot be matched in linear time.
 */
export const linearPattern = (
  pattern: string,
  spend?: (units: number) => void,
): LinearPattern & { readonly regExp: RegExp } => {
  let compiled = cache.get(pattern);
  if (compiled === undefined) {
    spend?.(COMPILE_COST + Math.min(pattern.length, MAX_PATTERN_LENGTH));
    compiled = compilePattern(pattern);
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(pattern, compiled);
    spend?.(compiled.size);
  }
  return compiled;
};

/** The pattern alone. @throws as `linearPattern` does */
export const linearRegExp = (pattern: string): RegExp => linearPattern(pattern).regExp;

const compilePattern = (pattern: string): LinearPattern & { readonly regExp: RegExp } => {
  if (pattern.length > MAX_PATTERN_LENGTH) fail(`longer than ${MAX_PATTERN_LENGTH} characters`);
  const { source, flags } = translate(pattern);
  try {
    const regExp = new RegExp(source, flags);
    const linear = linearEngine ? new RegExp(source, `${flags}l`) : regExp;
    return {
      regExp,
      size: source.length,
      forText: (text) => (text.length > MAX_BACKTRACKED_LENGTH ? linear : regExp),
    };
  } catch (error) {
    const linear = error instanceof Error && error.message.includes('linear time');
    return fail(linear ? 'it cannot be matched in linear time' : 'it is not well-formed');
  }
};

const fail = (why: string): never => {
  throw new CelEvaluationError(`regular expression: ${why}`);
};

const LOOK_AROUND = /^\(\?<?[=!]/;
const FLAGS = /^\(\?([ims]+)\)/;
const COUNT = /^\{(\d+)(?:(,)(\d*))?\}/;
/** Escapes that mean the same in both, or stand for themselves. */
const KNOWN_ESCAPE = /^\\(?:[dDwWsSbBnrtfv]|x[0-9A-Fa-f]{2}|[^A-Za-z0-9])/;

const translate = (pattern: string): { readonly source: string; readonly flags: string } => {
  const leading = FLAGS.exec(pattern);
  const flags = leading?.[1] ?? '';
  const fold = flags.includes('i');
  const multiline = flags.includes('m');
  let source = '';
  /** Start of the last atom in `source`, if it may be repeated by copying. */
  let atom: number | undefined;
  for (let index = leading?.[0].length ?? 0; index < pattern.length; ) {
    const rest = pattern.slice(index);
    const char = rest[0] as string;
    const count = COUNT.exec(rest);
    if (count !== null) {
      source = repeat(source, atom, count);
      index += count[0].length;
    } else if (char === '(') {
      if (LOOK_AROUND.test(rest)) fail('look-around is not part of RE2');
      const open = /^\((?:\?(?:P?<(\w+)>|:))?/.exec(rest);
      const group = open?.[0] ?? '(';
      if (group === '(' && rest[1] === '?') fail('flags are possible at its start only');
      source += group.replace('?P<', '?<');
      index += group.length;
      atom = undefined;
    } else if (char === '[') {
      const [text, length] = characterClass(rest, fold);
      atom = source.length;
      source += text;
      index += length;
    } else {
      // JavaScript's dot and \s know more line breaks and spaces than RE2's.
      const text =
        char === '\\' ? outsideClass(rest, multiline) : char === '.' && !flags.includes('s') ? '[^\\n]' : char;
      atom = /[)*+?|^$]/.test(char) ? undefined : source.length;
      source += fold && /^[A-Za-z]$/.test(text) ? `[${text.toLowerCase()}${text.toUpperCase()}]` : text;
      index += char === '\\' ? escapeLength(rest) : 1;
    }
    if (source.length > MAX_EXPANDED_LENGTH) fail('its repetitions are too large');
  }
  return { source, flags: flags.replace(/i/g, '').replace(/(.)(?=.*\1)/g, '') };
};

/** `{n,m}` on one character or class, written out where V8's linear engine would not do so itself. */
const repeat = (source: string, atom: number | undefined, [text, low, comma, high]: RegExpExecArray): string => {
  const least = Number(low);
  const most = comma === undefined ? least : high ? Number(high) : Number.POSITIVE_INFINITY;
  if (least > MAX_REPETITION || (Number.isFinite(most) && most > MAX_REPETITION) || most < least)
    fail(`a repetition is not within 0 and ${MAX_REPETITION}`);
  const largest = Number.isFinite(most) ? most : least;
  if (atom === undefined || largest <= MAX_NATIVE_REPETITION) return source + text;
  const unit = source.slice(atom);
  const tail = Number.isFinite(most) ? '(?:'.concat(unit).repeat(most - least) + ')?'.repeat(most - least) : `${unit}*`;
  return source.slice(0, atom) + unit.repeat(least) + tail;
};

const escapeLength = (rest: string): number => {
  if (rest.startsWith('\\x{')) return rest.indexOf('}') + 1;
  return rest[1] === 'x' ? 4 : 2;
};

const SPACES = '\\t\\n\\f\\r ';

const outsideClass = (rest: string, multiline: boolean): string =>
  /^\\[sS]/.test(rest) ? `[${rest[1] === 'S' ? '^' : ''}${SPACES}]` : translateEscape(rest, multiline);

const translateEscape = (rest: string, multiline: boolean): string => {
  const anchor = rest[1] === 'A' ? '^' : rest[1] === 'z' ? '$' : undefined;
  if (anchor !== undefined) return multiline ? fail('\\A and \\z cannot be used with flag m') : anchor;
  if (/^\\[1-9k]/.test(rest)) fail('backreferences are not part of RE2');
  if (rest.startsWith('\\a')) return '\\x07';
  const code = /^\\x\{([0-9A-Fa-f]{1,4})\}/.exec(rest)?.[1];
  if (code !== undefined) return `\\u${code.padStart(4, '0')}`;
  const known = KNOWN_ESCAPE.exec(rest);
  return known === null ? fail(`${rest.slice(0, 2)} is not supported`) : known[0];
};

const characterClass = (rest: string, fold: boolean): readonly [text: string, length: number] => {
  let index = rest[1] === '^' ? 2 : 1;
  let text = rest.slice(0, index);
  for (let first = true; index < rest.length; first = false) {
    const char = rest[index] as string;
    if (char === ']' && !first) return [`${text}]`, index + 1];
    if (rest.startsWith('[:', index)) fail('POSIX classes are not supported: write [a-z] for [[:lower:]]');
    const range = fold ? /^([a-z])-([a-z])|^([A-Z])-([A-Z])/.exec(rest.slice(index, index + 3)) : null;
    const escaped = rest.startsWith('\\s', index) ? SPACES : undefined;
    const unit =
      escaped ?? range?.[0] ?? (char === '\\' ? translateEscape(rest.slice(index), true) : char === ']' ? '\\]' : char);
    text += unit;
    if (fold && (range !== null || /^[A-Za-z]$/.test(unit))) text += swapCase(unit);
    index += range !== null ? 3 : char === '\\' ? escapeLength(rest.slice(index)) : 1;
  }
  return fail('a character class is not closed');
};

const swapCase = (text: string): string => (text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase());
