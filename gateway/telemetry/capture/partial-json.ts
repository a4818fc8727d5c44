/**
 * Reads as much of a JSON text as was kept of it: up to the last value that is whole. Nothing that was cut is guessed at, so that no half
 * of a secret passes for a harmless text.
 */
export const parsePartial = (text: string): unknown => {
  const cut = wholePart(text);
  if (cut === undefined) return undefined;
  try {
    return JSON.parse(cut);
  } catch {
    return undefined;
  }
};

/** What is whole, with the brackets closed that are open there. */
const wholePart = (text: string): string | undefined => {
  const open: string[] = [];
  let whole = 0;
  let closers = '';
  const keep = (end: number): void => {
    whole = end;
    closers = open.toReversed().join('');
  };
  let expectsKey = false;
  for (let at = 0; at < text.length; ) {
    const char = text[at] ?? '';
    if (char === '{' || char === '[') {
      open.push(char === '{' ? '}' : ']');
      expectsKey = char === '{';
      at += 1;
      keep(at);
    } else if (char === '}' || char === ']') {
      open.pop();
      expectsKey = false;
      at += 1;
      keep(at);
    } else if (char === '"') {
      const end = endOfString(text, at);
      if (end === undefined) break;
      at = end;
      // A name alone is no value.
      if (expectsKey) expectsKey = false;
      else keep(at);
    } else if (char === ',') {
      expectsKey = open.at(-1) === '}';
      at += 1;
    } else if (/[-\da-z]/i.test(char)) {
      const [literal = ''] = /^[-+.\da-z]+/i.exec(text.slice(at, at + MAX_LITERAL)) ?? [];
      at += literal.length;
      // A number goes on as long as nothing else follows.
      if (at < text.length) keep(at);
    } else {
      at += 1;
    }
  }
  return whole === 0 ? undefined : text.slice(0, whole) + closers;
};

/** Longest number. */
const MAX_LITERAL = 512;

const endOfString = (text: string, start: number): number | undefined => {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return undefined;
};
