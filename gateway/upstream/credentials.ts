import type { Credential, UpstreamTarget } from './target.ts';

/** Where a request goes, and its header fields: name, value, name, value … */
export interface AddressedRequest {
  /** Path and query. */
  readonly path: string;
  readonly headers: string[];
}

/** Sets the target's credentials; what the client sent in their place does not go on. */
export const withCredentials = ({ credentials }: UpstreamTarget, request: AddressedRequest): AddressedRequest =>
  credentials.reduce((changed, credential) => SET[credential.in](changed, credential), request);

type Set = (request: AddressedRequest, credential: Credential) => AddressedRequest;

const SET: Readonly<Record<Credential['in'], Set>> = {
  header: ({ path, headers }, { name, value }) => ({ path, headers: [...without(headers, name), name, value] }),
  query: ({ path, headers }, { name, value }) => {
    const [, bare = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(path) ?? [];
    const kept = query.split('&').filter((pair) => pair !== '' && parameterName(pair) !== name);
    return { path: `${bare}?${[...kept, `${encode(name)}=${encode(value)}`].join('&')}`, headers };
  },
  cookie: ({ path, headers }, { name, value }) => {
    const kept = valuesOf(headers, 'cookie')
      .flatMap((cookies) => cookies.split(';'))
      .map((cookie) => cookie.trim())
      .filter((cookie) => cookie !== '' && cookie.split('=', 1)[0]?.trim() !== name);
    return { path, headers: [...without(headers, 'cookie'), 'cookie', [...kept, `${name}=${value}`].join('; ')] };
  },
};

const without = (headers: readonly string[], name: string): string[] =>
  headers.filter((_, at) => headers[at - (at % 2)]?.toLowerCase() !== name);

const valuesOf = (headers: readonly string[], name: string): string[] =>
  headers.filter((_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === name);

/** As most servers read it: a plus is a space, and a broken escape stays as it is. */
const parameterName = (pair: string): string => {
  const name = (pair.split('=', 1)[0] ?? '').replaceAll('+', ' ');
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
};

const encode = (text: string): string => encodeURIComponent(text);
