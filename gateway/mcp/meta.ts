import { TRACE_FIELDS } from '../telemetry/trace/trace-context.ts';

/** Bytes of one member of an object, and of its value. */
interface Member {
  readonly start: number;
  readonly value: number;
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * The message with this trace context in `params._meta` (MCP, SEP-414), in place of the one there. Everything else keeps its bytes.
 *
 * @param body a JSON-RPC request or notification: a JSON object
 */
export const injectMeta = (body: Buffer, fields: ReadonlyMap<string, string>): Buffer => {
  const root = body.indexOf(OPEN_OBJECT);
  const members = [...fields].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join();
  const params = last(body, root, 'params');
  if (params === undefined) return splice(body, root + 1, root + 1, `"params":{"_meta":{${members}}},`);
  // Parameters by position have no place for it.
  if (body[params.value] !== OPEN_OBJECT) return body;
  const meta = last(body, params.value, '_meta');
  if (meta === undefined) {
    const empty = body[skipSpace(body, params.value + 1)] === CLOSE_OBJECT;
    return splice(body, params.value + 1, params.value + 1, `"_meta":{${members}}${empty ? '' : ','}`);
  }
  if (body[meta.value] !== OPEN_OBJECT) return body;
  const kept: string[] = [];
  forEachMember(body, meta.value, (start, key, _, end) => {
    if (!TRACE_FIELDS.some((name) => isNamed(body, start, key, name))) kept.push(body.toString('utf8', start, end));
  });
  return splice(body, meta.value, meta.end, `{${[members, ...kept].join()}}`);
};

const splice = (body: Buffer, start: number, end: number, text: string): Buffer =>
  Buffer.concat([body.subarray(0, start), Buffer.from(text), body.subarray(end)]);

/** As JSON.parse does, the last of several is taken. */
const last = (json: Buffer, object: number, name: string): Member | undefined => {
  let found: Member | undefined;
  forEachMember(json, object, (start, key, value, end) => {
    if (isNamed(json, start, key, name)) found = { start, value, end };
  });
  return found;
};

/** @param object where its brace is */
const forEachMember = (
  json: Buffer,
  object: number,
  visit: (start: number, key: number, value: number, end: number) => void,
): void => {
  let at = skipSpace(json, object + 1);
  while (json[at] === QUOTE) {
    const start = at;
    const key = endOfString(json, start);
    const value = skipSpace(json, afterColon(json, key));
    const end = endOfValue(json, value);
    visit(start, key, value, end);
    at = skipSpace(json, end);
    if (json[at] !== COMMA) return;
    at = skipSpace(json, at + 1);
  }
};

/** @param end behind the closing quote */
const isNamed = (json: Buffer, start: number, end: number, name: string): boolean => {
  const escaped = json.indexOf(BACKSLASH, start);
  if (escaped >= 0 && escaped < end) return JSON.parse(json.toString('utf8', start, end)) === name;
  if (end - start - 2 !== name.length) return false;
  for (let index = 0; index < name.length; index += 1) {
    if (json[start + 1 + index] !== name.charCodeAt(index)) return false;
  }
  return true;
};

const afterColon = (json: Buffer, at: number): number => {
  const colon = skipSpace(json, at);
  return json[colon] === COLON ? colon + 1 : colon;
};

const skipSpace = (json: Buffer, start: number): number => {
  let at = start;
  while (json[at] === 0x20 || json[at] === 0x0a || json[at] === 0x0d || json[at] === 0x09) at += 1;
  return at;
};

/** Behind the closing quote of the string that begins at `start`. */
const endOfString = (json: Buffer, start: number): number => {
  let at = start + 1;
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at + 1;
};

const endOfValue = (json: Buffer, start: number): number => {
  let depth = 0;
  let at = start;
  while (at < json.length) {
    const byte = json[at];
    if (byte === QUOTE) {
      at = endOfString(json, at);
      if (depth === 0) return at;
      continue;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      // The brace of the object around ends a number or a word.
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && byte === COMMA) return at;
    at += 1;
  }
  return at;
};
