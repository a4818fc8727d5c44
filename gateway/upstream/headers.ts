import type { IncomingHttpHeaders } from 'node:http';

/** RFC 9110 §7.6.1 and its forerunners: fields that end at this hop. `expect` is answered by the gateway's own server. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const NONE: ReadonlySet<string> = new Set();

/**
 * A client's fields as they go on: name, value, name, value … in their order and spelling, without those that end at this hop, those that
 * `Connection` names, and those in `without` (lower case).
 */
export const forwardedHeaders = (rawHeaders: readonly string[], without: ReadonlySet<string>): string[] => {
  const forwarded: string[] = [];
  let nominated = NONE;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const lower = name.toLowerCase();
    if (lower === 'connection') {
      nominated = new Set([...nominated, ...connectionOptions(rawHeaders[at + 1] as string)]);
    } else if (!HOP_BY_HOP.has(lower) && !without.has(lower)) {
      forwarded.push(name, rawHeaders[at + 1] as string);
    }
  }
  return nominated === NONE ? forwarded : withoutNominated(forwarded, nominated);
};

/** An upstream's fields as they go back to the client, by the same rules. */
export const returnedHeaders = (
  headers: IncomingHttpHeaders,
  without: ReadonlySet<string>,
): Record<string, string | string[]> => {
  const nominated = headers.connection === undefined ? NONE : new Set(connectionOptions(String(headers.connection)));
  const returned: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !HOP_BY_HOP.has(name) && !nominated.has(name) && !without.has(name)) {
      returned[name] = value;
    }
  }
  return returned;
};

/** RFC 9110 §7.6.1: what `Connection` names goes no further. */
const withoutNominated = (headers: readonly string[], nominated: ReadonlySet<string>): string[] =>
  headers.filter((_, at) => !nominated.has((headers[at - (at % 2)] as string).toLowerCase()));

const connectionOptions = (value: string): string[] =>
  value
    .toLowerCase()
    .split(',')
    .map((option) => option.trim());
