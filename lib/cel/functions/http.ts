import { spend, textCost } from '../engine/meter.ts';
import { CelEvaluationError, CelMissingError } from '../expression.ts';
import { type HeaderValue, headerMap } from '../headers.ts';
import { formDecode, formEncode } from './encoding.ts';
import type { CelFunction } from './signature.ts';

type Headers = ReadonlyMap<string, HeaderValue> | Readonly<Record<string, HeaderValue>>;

const entriesOf = (headers: Headers): readonly (readonly [string, HeaderValue])[] =>
  headers instanceof Map ? [...headers] : Object.entries(headers);

const eachValue = (headers: Headers, change: (values: readonly string[], name: string) => HeaderValue): unknown => {
  const changed = entriesOf(headers).map(([name, value]) => {
    const values = Array.isArray(value) ? value : [value];
    for (const text of values) {
      if (typeof text !== 'string') throw new CelEvaluationError('not a map of header fields');
      spend(1 + textCost(text.length));
    }
    return [name, change(values as readonly string[], name)] as const;
  });
  return headerMap(changed);
};

/** What an expression's author did not mean to write down, by the name of the field. */
const SECRET = /authorization|cookie|token|secret|password|credential|api-?key|session-id|signature|jwt|assertion/i;
const REDACTED = '<redacted>';

const one = (values: readonly string[]): HeaderValue => (values.length === 1 ? (values[0] as string) : [...values]);

/** RFC 6265 §5.4: the first of that name. */
const cookie = (headers: Headers, name: string): string => {
  for (const [field, value] of entriesOf(headers)) {
    if (field.toLowerCase() !== 'cookie') continue;
    for (const line of Array.isArray(value) ? value : [value]) {
      for (const pair of String(line).split(';')) {
        const at = pair.indexOf('=');
        if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
      }
    }
  }
  throw new CelMissingError(`No such key: ${name.slice(0, 64)}`);
};

interface Query {
  readonly before: string;
  readonly parameters: readonly string[];
  readonly after: string;
}

const queryOf = (uri: string): Query => {
  const [, before = '', query, after = ''] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(uri) ?? [];
  spend(textCost(uri.length) * 4);
  return { before, parameters: query ? query.split('&') : [], after };
};

const nameOf = (parameter: string): string => {
  const name = parameter.split('=', 1)[0] ?? '';
  try {
    return formDecode(name);
  } catch {
    return name;
  }
};

const query = (uri: string, name: string): readonly string[] => {
  const values = queryOf(uri)
    .parameters.filter((parameter) => nameOf(parameter) === name)
    .map((parameter) => formDecode(parameter.includes('=') ? parameter.slice(parameter.indexOf('=') + 1) : ''));
  if (values.length === 0) throw new CelMissingError(`No such key: ${name.slice(0, 64)}`);
  return values;
};

const withQuery = ({ before, after }: Query, parameters: readonly string[]): string =>
  `${before}?${parameters.join('&')}${after}`;

const addQuery = (uri: string, name: string, value: string): string => {
  const parts = queryOf(uri);
  return withQuery(parts, [...parts.parameters, `${formEncode(name)}=${formEncode(value)}`]);
};

const setQuery = (uri: string, name: string, value: string): string => {
  const parts = queryOf(uri);
  const others = parts.parameters.filter((parameter) => nameOf(parameter) !== name);
  return withQuery(parts, [...others, `${formEncode(name)}=${formEncode(value)}`]);
};

/** Of header fields, and of URIs and their path and query. */
export const HTTP: readonly CelFunction[] = [
  [
    'map.redacted(): map',
    (headers: Headers) =>
      eachValue(headers, (values, name) => one(SECRET.test(name) ? values.map(() => REDACTED) : values)),
  ],
  ['map.join(): map', (headers: Headers) => eachValue(headers, (values) => values.join(','))],
  ['map.raw(): map', (headers: Headers) => eachValue(headers, (values) => [...values])],
  [
    'map.split(): map',
    (headers: Headers) =>
      eachValue(headers, (values) => {
        const parts = values.flatMap((value) => value.split(',')).map((part) => part.trim());
        spend(parts.length);
        return parts;
      }),
  ],
  ['map.cookie(string): string', cookie],
  ['string.query(string): list<string>', query],
  ['string.addQuery(string, string): string', addQuery],
  ['string.setQuery(string, string): string', setQuery],
];
