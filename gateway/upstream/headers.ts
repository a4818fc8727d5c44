import type { IncomingHttpHeaders } from 'node:http';

/** RFC 9110 §7.6.1 and its forerunners: fields that end at this hop. `expect` is answered by the gateway's own server. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
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

/**
 * A client's fields as they go on: name, value, name, value … in their order and spelling, without those that end at this hop, those that
 * `Connection` names, and `without` (lower case).
 */
export const forwardedHeaders = (rawHeaders: readonly string[], without: ReadonlySet<string>): string[] => {
  const fields = pairs(rawHeaders);
  const named = connectionOptions(fields.filter(([name]) => name === 'connection').map(([, , value]) => value));
  return fields.flatMap(([name, spelling, value]) =>
    HOP_BY_HOP.has(name) || named.has(name) || without.has(name) ? [] : [spelling, value],
  );
};

/** An upstream's fields as they go back to the client, by the same rules. */
export const returnedHeaders = (
  headers: IncomingHttpHeaders,
  without: ReadonlySet<string>,
): Record<string, string | string[]> => {
  const named = connectionOptions([headers.connection ?? ''].flat());
  const returned: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !HOP_BY_HOP.has(name) && !named.has(name) && !without.has(name)) {
      returned[name] = value;
    }
  }
  return returned;
};

const pairs = (raw: readonly string[]): [name: string, spelling: string, value: string][] => {
  const fields: [string, string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const spelling = raw[at] as string;
    fields.push([spelling.toLowerCase(), spelling, raw[at + 1] as string]);
  }
  return fields;
};

const connectionOptions = (values: readonly string[]): ReadonlySet<string> =>
  new Set(values.flatMap((value) => value.toLowerCase().split(',')).map((option) => option.trim()));
