/**
 * V8's linear-time engine repeats an atom by copying it, at most this often over all nested counts. It takes over from the backtracking one
 * when a match gets expensive, but only for patterns it can handle: nothing else is accepted.
 */
const MAX_REPETITION = 16;

/** What a regular expression uses that cannot be matched in linear time, or why it is none; undefined if it is safe. */
export const regexProblem = (source: string): string | undefined => {
  try {
    new RegExp(source);
  } catch {
    return 'not a regular expression';
  }
  /** Highest product of counts inside each open group. */
  const groups = [1];
  let atom = 1;
  for (let index = 0; index < source.length; ) {
    const rest = source.slice(index, index + 24);
    const found = unsupported(rest);
    if (found !== undefined) return found;
    let length = 1;
    const count = /^\{(\d+)(?:,(\d*))?\}/.exec(rest);
    if (count !== null) {
      length = count[0].length;
      atom *= Math.max(1, Number(count[1]), Number(count[2] ?? 0));
      if (atom > MAX_REPETITION) return `a repetition of more than ${MAX_REPETITION}`;
      groups[groups.length - 1] = Math.max(groups.at(-1) ?? 1, atom);
    } else if (rest[0] === '(') {
      groups.push(1);
    } else if (rest[0] === ')') {
      atom = groups.pop() ?? 1;
      groups[groups.length - 1] = Math.max(groups.at(-1) ?? 1, atom);
    } else if (!'*+?'.includes(rest[0] ?? '')) {
      atom = 1;
      length = rest[0] === '\\' ? 2 : rest[0] === '[' ? classLength(source, index) : 1;
    }
    index += length;
  }
  return undefined;
};

const unsupported = (rest: string): string | undefined => {
  if (/^\(\?<?[=!]/.test(rest)) return 'look-around';
  if (/^\\([1-9]|k)/.test(rest)) return 'a backreference';
  if (/^\(\?[ims-]/.test(rest)) return 'a modifier';
  if (/^\\[pP]/.test(rest)) return 'a Unicode property';
  return undefined;
};

const classLength = (source: string, start: number): number => {
  let index = start + 1;
  while (index < source.length && source[index] !== ']') index += source[index] === '\\' ? 2 : 1;
  return index + 1 - start;
};
