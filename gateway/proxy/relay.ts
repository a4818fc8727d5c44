import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { RecordError, UpstreamCall } from '../telemetry/record.ts';
import type { UpstreamExchange, UpstreamListener } from '../upstream/exchange.ts';
import { discardRest, type RequestBody } from './body.ts';
import { responseHeaders } from './headers.ts';

export interface RelayOptions {
  readonly exchange: Exchange;
  /** Its end, status, size and error are filled in here. */
  readonly call: UpstreamCall;
  readonly now: () => number;
  /** What is sent; destroyed when the answer is complete. */
  readonly body: RequestBody | undefined;
}

/** Why there is no answer, while none has begun. */
export interface Failure {
  readonly error: GatewayError;
  /** Whether the endpoint may have seen something of the request. */
  readonly sent: boolean;
}

/**
 * Streams one answer to the client, no faster than the client reads. Resolves when both sides have ended: with a failure if the client has
 * not heard of it, and somebody has to tell.
 */
export const relay = (
  options: RelayOptions,
  send: (listener: UpstreamListener) => UpstreamExchange,
): Promise<Failure | undefined> => new Relay(options).run(send);

class Relay implements UpstreamListener {
  readonly #options: RelayOptions;
  readonly #done = Promise.withResolvers<Failure | undefined>();
  #upstream: UpstreamExchange | undefined;
  #settled = false;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  run(send: (listener: UpstreamListener) => UpstreamExchange): Promise<Failure | undefined> {
    const { response } = this.#options.exchange;
    response.on('close', this.#onClientClose);
    response.on('drain', this.#onDrain);
    // A socket that breaks while it is written to: its end is told by `close`.
    response.on('error', () => {});
    if (response.destroyed) {
      this.#onClientClose();
    } else {
      this.#upstream = send(this);
    }
    return this.#done.promise;
  }

  onHeaders(status: number, headers: IncomingHttpHeaders): void {
    const { call, exchange, now } = this.#options;
    const { response } = exchange;
    call.status = status;
    call.headersTime = now();
    try {
      response.writeHead(status, responseHeaders(status, headers));
    } catch (error) {
      // A status or field that no server may send.
      this.#upstream?.abort();
      this.#fail(new GatewayError('upstream_malformed', { cause: error }), true);
      return;
    }
    // What came together goes on together, but a body may be hours away.
    queueMicrotask(() => {
      if (!response.writableEnded && !response.destroyed) response.flushHeaders();
    });
  }

  onData(chunk: Buffer): void {
    const { call, exchange } = this.#options;
    call.responseBytes += chunk.length;
    if (!exchange.response.write(chunk)) {
      this.#upstream?.pause();
    }
  }

  onEnd(): void {
    const { request, response } = this.#options.exchange;
    response.end();
    if (this.#options.body === undefined) {
      this.#settle(undefined);
      return;
    }
    this.#options.body.destroy();
    void discardRest(request).then(() => this.#settle(undefined));
  }

  onError(error: GatewayError, sent: boolean): void {
    this.#fail(error, sent);
  }

  #fail(error: GatewayError, sent: boolean): void {
    const { exchange, call } = this.#options;
    if (this.#settled) return;
    call.error = recordError(error);
    if (!exchange.response.headersSent) {
      this.#settle({ error, sent });
      return;
    }
    this.#note(error);
    // Only a broken connection tells the client that this body is not whole.
    exchange.response.destroy();
    this.#settle(undefined);
  }

  readonly #onDrain = (): void => {
    this.#upstream?.resume();
  };

  readonly #onClientClose = (): void => {
    const { response } = this.#options.exchange;
    if (response.writableFinished) return;
    this.#upstream?.abort();
    this.#fail(new GatewayError('client_closed'), true);
  };

  #note(error: GatewayError): void {
    const { record } = this.#options.exchange;
    record.error = recordError(error);
    record.reason = error.info.reason;
  }

  #settle(failure: Failure | undefined): void {
    if (this.#settled) return;
    this.#settled = true;
    const { exchange, call, body, now } = this.#options;
    exchange.response.off('close', this.#onClientClose).off('drain', this.#onDrain);
    body?.destroy();
    call.endTime = now();
    this.#done.resolve(failure);
  }
}

const recordError = (error: GatewayError): RecordError => ({ type: error.code, message: error.message });
