import type { OutgoingHttpHeaders } from 'node:http';
import type { Forward } from '../exchange.ts';
import { hostOf } from '../route/host.ts';
import { forwardedHeaders, HOP_BY_HOP } from '../upstream/headers.ts';
import type { Fields } from './header-modifier.ts';

/** RFC 9110 §5.1 and §5.5: what a field can be named, and hold. */
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const NONE: ReadonlySet<string> = new Set();

/** Not those of the hop, nor what frames the body. */
const isChangeable = (name: string): boolean =>
  FIELD_NAME.test(name) && !HOP_BY_HOP.has(name) && name !== 'content-length';

const isSettable = (name: string, value: string): boolean => isChangeable(name) && FIELD_VALUE.test(value);

/** Names another host to the backend; one that is malformed changes nothing. */
export const setHost = (forward: Forward, name: string): void => {
  if (hostOf(name)) forward.host = { name };
};

/** Fields of the request as it goes on. `Host` is changed by `set` alone, and in `forward.host`. */
export class RequestFields implements Fields {
  readonly #forward: Forward;
  #own: string[] | undefined;

  constructor(forward: Forward) {
    this.#forward = forward;
  }

  set(name: string, value: string): void {
    if (name === 'host') setHost(this.#forward, value);
    else if (isSettable(name, value)) this.#without(name).push(name, value);
  }

  add(name: string, value: string): void {
    if (name !== 'host' && isSettable(name, value)) this.#copy().push(name, value);
  }

  remove(name: string): void {
    if (name !== 'host' && isChangeable(name)) this.#without(name);
  }

  #without(name: string): string[] {
    const rest: string[] = [];
    const fields = this.#copy();
    for (let at = 0; at + 1 < fields.length; at += 2) {
      if (fields[at]?.toLowerCase() !== name) rest.push(fields[at] as string, fields[at + 1] as string);
    }
    this.#own = rest;
    this.#forward.headers = rest;
    return rest;
  }

  /** What ends at this hop is taken out first: otherwise a client could name in `Connection` what a policy adds, and so undo it. */
  #copy(): string[] {
    if (this.#own === undefined) {
      this.#own = forwardedHeaders(this.#forward.headers, NONE);
      this.#forward.headers = this.#own;
    }
    return this.#own;
  }
}

/** Fields of an answer before it is sent; names in lower case. */
export class ResponseFields implements Fields {
  readonly #headers: OutgoingHttpHeaders;

  constructor(headers: OutgoingHttpHeaders) {
    this.#headers = headers;
  }

  set(name: string, value: string): void {
    if (isSettable(name, value)) this.#headers[name] = value;
  }

  add(name: string, value: string): void {
    if (!isSettable(name, value)) return;
    const present = this.#headers[name];
    this.#headers[name] = present === undefined ? value : [...[present].flat().map(String), value];
  }

  remove(name: string): void {
    if (isChangeable(name)) delete this.#headers[name];
  }
}
