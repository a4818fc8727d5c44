import { type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Names and values; or one list of both. */
type Fields = OutgoingHttpHeaders | OutgoingHttpHeader[];

/** A response that knows what it has said: Node forgets fields that are given to `writeHead`, and counts no bytes. */
export class GatewayResponse extends ServerResponse {
  /** Bytes of the body that were accepted for sending; framing is not counted. */
  bodyBytes = 0;
  /** Header fields as they were written, once they were. */
  sentHeaders: OutgoingHttpHeaders = {};
  /** Asked when the header is written: whether the connection ends with this response. */
  endsConnection: () => boolean = () => false;

  override writeHead(status: number, statusMessage?: string, headers?: Fields): this;
  override writeHead(status: number, headers?: Fields): this;
  override writeHead(status: number, ...rest: readonly (string | Fields | undefined)[]): this {
    const fields = rest.find((item) => typeof item === 'object');
    this.sentHeaders = { ...this.getHeaders(), ...(Array.isArray(fields) ? {} : fields) };
    if (this.endsConnection()) this.shouldKeepAlive = false;
    return super.writeHead(status, ...(rest as [Fields?]));
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
    if (typeof chunk === 'string') this.bodyBytes += Buffer.byteLength(chunk);
    else if (chunk instanceof Uint8Array) this.bodyBytes += chunk.length;
  }
}
