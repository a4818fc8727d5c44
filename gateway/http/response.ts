import { type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { KeptBytes } from '../telemetry/kept.ts';

/** Names and values; or one list of both. */
type Fields = OutgoingHttpHeaders | OutgoingHttpHeader[];

/** A response that knows what it has said: Node forgets fields that are given to `writeHead`, and counts no bytes. */
export class GatewayResponse extends ServerResponse {
  /** Bytes of the body that were accepted for sending; framing is not counted. */
  bodyBytes = 0;
  /** Takes up the body, if it is to be kept. */
  kept: KeptBytes | undefined;
  /** Header fields as they were written, once they were. */
  sentHeaders: OutgoingHttpHeaders = {};
  /** Asked when the header is written: whether the connection ends with this response. */
  endsConnection: () => boolean = () => false;
  /** Asked when the header is written: changes the fields (names in lower case), and returns the status. */
  rewriteHead: ((status: number, headers: OutgoingHttpHeaders) => number) | undefined;

  override writeHead(status: number, statusMessage?: string, headers?: Fields): this;
  override writeHead(status: number, headers?: Fields): this;
  override writeHead(status: number, ...rest: readonly (string | Fields | undefined)[]): this {
    const fields = rest.find((item) => typeof item === 'object');
    this.sentHeaders = merged(this.getHeaders(), fields);
    if (this.endsConnection()) this.shouldKeepAlive = false;
    return this.rewriteHead === undefined
      ? super.writeHead(status, ...(rest as [Fields?]))
      : super.writeHead(this.#rewrite(status, this.rewriteHead));
  }

  /** Fields that `writeHead` was given are set like the others: only those can be taken out again. */
  #rewrite(status: number, rewriteHead: (status: number, headers: OutgoingHttpHeaders) => number): number {
    const headers = this.sentHeaders;
    const rewritten = rewriteHead(status, headers);
    for (const name of this.getHeaderNames()) if (headers[name] === undefined) this.removeHeader(name);
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) this.setHeader(name, value);
    return rewritten;
  }

  override write(chunk: unknown, ...rest: unknown[]): boolean {
    this.#count(chunk);
    return super.write(chunk, ...(rest as []));
  }

  override end(...args: unknown[]): this {
    this.#count(args[0]);
    return super.end(...(args as []));
  }

  #count(chunk: unknown): void {
    // RFC 9110 §9.3.2: what is written in answer to HEAD is not sent.
    if (this.req.method === 'HEAD') return;
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return;
    this.bodyBytes += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
    this.kept?.push(chunk);
  }
}

/** All fields by their names in lower case; of those in a list, one name may have several. */
const merged = (present: OutgoingHttpHeaders, fields: Fields | undefined): OutgoingHttpHeaders => {
  const headers: OutgoingHttpHeaders = Object.assign(Object.create(null), present);
  if (!Array.isArray(fields)) {
    for (const [name, value] of Object.entries(fields ?? {})) headers[name.toLowerCase()] = value;
    return headers;
  }
  const given = new Set<string>();
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = String(fields[at]).toLowerCase();
    const value = fields[at + 1] as OutgoingHttpHeader;
    const before = given.has(name) ? headers[name] : undefined;
    headers[name] = before === undefined ? value : [before, value].flat().map(String);
    given.add(name);
  }
  return headers;
};
