export const JSON_TYPE = 'application/json';
export const SSE_TYPE = 'text/event-stream';

/** `application/json` of `Application/JSON; charset=utf-8`; empty when there is none, or more than one (RFC 9110 §8.3.1). */
export const mediaType = (contentType: string | readonly string[] | undefined): string => {
  const [only = '', ...more] = [contentType ?? []].flat();
  return more.length > 0 ? '' : (only.split(';', 1)[0] ?? '').trim().toLowerCase();
};

/**
 * Whether `Accept` lists this very type with a weight above zero (RFC 9110 §12.5.1). Ranges with a wildcard do not count: MCP has the
 * client list each type, so that a server may rely on both.
 */
export const lists = (accept: string | undefined, type: string): boolean =>
  splitList(accept ?? '', ',').some((range) => {
    const [name, ...parameters] = splitList(range, ';');
    return name?.toLowerCase() === type && !parameters.some((parameter) => /^q\s*=\s*0(?:\.0{0,3})?$/i.test(parameter));
  });

/** Splits outside quoted strings, trims, drops empty elements (RFC 9110 §5.6.1). */
const splitList = (text: string, separator: ',' | ';'): string[] => {
  const elements: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at <= text.length; at += 1) {
    const character = text[at];
    if (quoted && character === '\\') {
      at += 1;
    } else if (character === '"') {
      quoted = !quoted;
    } else if (character === undefined || (character === separator && !quoted)) {
      elements.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return elements.filter((element) => element !== '');
};
