import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { GatewayError } from '../errors.ts';

/** Whether a request has a body (RFC 9112 §6.3); an empty one counts as none. */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/**
 * A client's body on its way to one endpoint. Nothing of it is read before the first byte is asked for, and no more than is asked for.
 * Whoever destroys it leaves the client's connection, which the answer needs, alone: the rest of the body stays where it is.
 */
export class RequestBody extends Readable {
  readonly #request: IncomingMessage;
  readonly #onBytes: (chunk: Buffer) => void;
  #reading = false;

  constructor(request: IncomingMessage, onBytes: (chunk: Buffer) => void) {
    super();
    this.#request = request;
    this.#onBytes = onBytes;
    // Whoever reads hears of it; afterwards nobody has to.
    this.on('error', () => {});
  }

  override _read(): void {
    const request = this.#request;
    if (!this.#reading) {
      this.#reading = true;
      if (request.destroyed) {
        // Its events are over.
        this.#onLost();
        return;
      }
      request.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onLost).on('close', this.#onLost);
    }
    request.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.#reading) {
      this.#detach();
      this.#request.pause();
    }
    callback(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#onBytes(chunk);
    if (!this.push(chunk)) this.#request.pause();
  };

  readonly #onEnd = (): void => {
    this.#detach();
    this.push(null);
  };

  readonly #onLost = (): void => {
    this.destroy(new GatewayError('client_closed'));
  };

  #detach(): void {
    const request = this.#request;
    request.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onLost).off('close', this.#onLost);
    // A reset connection reports an error after this one has looked away.
    request.on('error', () => {});
  }
}

/** Milliseconds for what is left of a request whose answer is complete. */
export const LINGER_TIMEOUT = 2_000;

/**
 * Reads what is left of a request and throws it away, for a while: the next request on the connection comes after it, and a connection that
 * is closed under a sender may take the answer with it.
 */
export const discardRest = (request: IncomingMessage, timeout = LINGER_TIMEOUT): Promise<void> =>
  new Promise((resolve) => {
    if (request.readableEnded || request.destroyed) {
      resolve();
      return;
    }
    const { socket } = request;
    const finish = (): void => {
      clearTimeout(timer);
      request.off('end', finish);
      socket.off('close', finish);
      resolve();
    };
    const timer = setTimeout(() => socket.destroy(), timeout);
    // Once the answer has gone out, Node tells the request nothing of its connection's end.
    socket.on('close', finish);
    request
      .on('end', finish)
      .on('error', () => {})
      .resume();
    if (socket.destroyed) finish();
  });
