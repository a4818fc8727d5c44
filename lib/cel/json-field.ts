/**
 * The text of one member of a JSON object, without parsing the others: undefined if the text is no object or has no such member. The last
 * of that name counts, as in JSON.parse. Whether what is passed over is well-formed is not looked at.
 */
export const findField = (text: string, name: string): string | undefined => {
  let at = skipSpace(text, 0);
  if (text[at] !== '{') return undefined;
  at = skipSpace(text, at + 1);
  let found: string | undefined;
  while (text[at] === '"') {
    const key = skipString(text, at);
    const colon = skipSpace(text, key);
    if (text[colon] !== ':') return undefined;
    const start = skipSpace(text, colon + 1);
    const end = skipValue(text, start);
    if (end === start) return undefined;
    if (isNamed(text.slice(at, key), name)) found = text.slice(start, end);
    at = skipSpace(text, end);
    if (text[at] === '}') return found;
    if (text[at] !== ',') return undefined;
    at = skipSpace(text, at + 1);
  }
  return undefined;
};

const isNamed = (key: string, name: string): boolean => {
  if (!key.includes('\\')) return key.length === name.length + 2 && key.slice(1, -1) === name;
  try {
    return JSON.parse(key) === name;
  } catch {
    return false;
  }
};

const SPACE = /[\t\n\r ]*/y;
const SCALAR = /[-+.\w]+/y;
const UNTIL_BRACKET = /[^"[\]{}]*/y;

const skip = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
};

const skipSpace = (text: string, at: number): number => skip(SPACE, text, at);

const QUOTE = 34;
const BACKSLASH = 92;

const skipString = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at += 1;
  }
  return start;
};

const skipValue = (text: string, start: number): number => {
  if (text[start] === '"') return skipString(text, start);
  if (text[start] !== '{' && text[start] !== '[') return skip(SCALAR, text, start);
  let depth = 0;
  for (let at = start; at < text.length; at = skip(UNTIL_BRACKET, text, at)) {
    const char = text[at];
    if (char === '"') {
      const end = skipString(text, at);
      if (end === at) return start;
      at = end;
      continue;
    }
    depth += char === '{' || char === '[' ? 1 : -1;
    at += 1;
    if (depth === 0) return at;
  }
  return start;
};
