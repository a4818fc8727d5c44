import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { RecordError, UpstreamCall } from '../telemetry/record.ts';
import type { UpstreamExchange, UpstreamListener } from '../upstream/exchange.ts';
import { type Outcome, OutcomeReader, type ServerMessage } from './answer/outcome.ts';
import { responseHeaders, SESSION_HEADER } from './headers.ts';
import { errorEvent, type JsonRpcId } from './jsonrpc.ts';
import { JSON_TYPE, mediaType, SSE_TYPE } from './media.ts';

/** What an upstream may say to a notification, in bytes; the rest is not waited for. */
export const MAX_DISCARDED_BYTES = 64 * 1_024;

export interface RelayOptions {
  readonly exchange: Exchange;
  /** Its end, status, size and error are filled in here. */
  readonly call: UpstreamCall;
  readonly now: () => number;
  /** What was sent: that decides which answers are MCP. `message`: a notification or a response; `end`: DELETE. */
  readonly kind: 'request' | 'message' | 'stream' | 'end';
  readonly requestId: JsonRpcId | undefined;
  /** The beginning of the result is asked for. */
  readonly keepsResult: boolean;
  /** The session id that the client gets with an answer. */
  readonly sessionId: (status: number, headers: IncomingHttpHeaders) => string | undefined;
  readonly onOutcome: (outcome: Outcome) => void;
  /** Another message of the server went by. */
  readonly onMessage: (message: ServerMessage) => void;
}

/**
 * Streams one upstream answer to the client, no faster than the client reads. Settles when both sides have ended.
 * Rejects with a GatewayError only while no header was sent; resolves with one if, besides, the upstream cannot have seen the request.
 */
export const relay = (
  options: RelayOptions,
  send: (listener: UpstreamListener) => UpstreamExchange,
): Promise<GatewayError | undefined> => new Relay(options).run(send);

class Relay implements UpstreamListener {
  readonly #options: RelayOptions;
  readonly #done = Promise.withResolvers<GatewayError | undefined>();
  #upstream: UpstreamExchange | undefined;
  #answer: OutcomeReader | undefined;
  #sse = false;
  #status = 0;
  #sent = true;
  #settled = false;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  run(send: (listener: UpstreamListener) => UpstreamExchange): Promise<GatewayError | undefined> {
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
    this.#status = status;
    this.#options.call.status = status;
    this.#options.call.headersTime = this.#options.now();
    try {
      this.#begin(status, headers);
    } catch (error) {
      this.#upstream?.abort();
      this.#fail(error instanceof GatewayError ? error : new GatewayError('internal_error', { cause: error }));
    }
  }

  onData(chunk: Buffer): void {
    const { call, kind, exchange } = this.#options;
    call.responseBytes += chunk.length;
    if (kind === 'message' && isSuccess(this.#status)) {
      if (call.responseBytes > MAX_DISCARDED_BYTES) {
        this.#upstream?.abort();
        this.#settle();
      }
      return;
    }
    this.#answer?.push(chunk);
    if (!exchange.response.write(chunk)) {
      this.#upstream?.pause();
    }
  }

  onEnd(): void {
    this.#answer?.end();
    if (this.#unanswered) {
      // Where the rest of a stream can be fetched, the answer comes there. A JSON answer has already gone out as it is.
      if (this.#sse && this.#answer?.resumable === false) {
        this.#fail(new GatewayError('upstream_closed'));
        return;
      }
      if (!this.#sse) {
        this.#note(new GatewayError('upstream_invalid'));
      }
    }
    const { response } = this.#options.exchange;
    if (!response.writableEnded) {
      response.end();
    }
    this.#settle();
  }

  onError(error: GatewayError, sent: boolean): void {
    this.#sent = sent;
    this.#fail(error);
  }

  /** A request was accepted, and of all that went by, and could be read, nothing answers it. */
  get #unanswered(): boolean {
    const { requestId } = this.#options;
    return (
      requestId !== undefined &&
      this.#answer !== undefined &&
      isSuccess(this.#status) &&
      this.#answer.outcome === undefined
    );
  }

  #begin(status: number, headers: IncomingHttpHeaders): void {
    const { exchange, kind, requestId, sessionId, onMessage, keepsResult } = this.#options;
    const { response } = exchange;
    const media = mediaType(headers['content-type']);
    this.#sse = media === SSE_TYPE;
    this.#checkAnswer(status, media);
    const session = sessionId(status, headers);
    if (kind === 'message' && isSuccess(status)) {
      response.writeHead(202, session === undefined ? {} : { [SESSION_HEADER]: session });
      response.end();
      if (this.#sse) {
        // A stream that nobody asked for may never end.
        this.#upstream?.abort();
        this.#settle();
      }
      return;
    }
    const coding = [headers['content-encoding'] ?? 'identity'].flat().join();
    const speaks = kind === 'stream' || requestId !== undefined;
    if (speaks && coding === 'identity' && (this.#sse || media === JSON_TYPE)) {
      this.#answer = new OutcomeReader(this.#sse ? 'sse' : 'json', { id: requestId, onMessage, keepsResult });
    }
    response.writeHead(status, responseHeaders(headers, session));
    if (this.#sse) {
      // A client may wait for the stream to begin, and the first event may be hours away.
      response.flushHeaders();
    }
  }

  #checkAnswer(status: number, media: string): void {
    const { exchange, kind } = this.#options;
    if (isSuccess(status)) {
      if (!this.#sse && (kind === 'stream' || (kind === 'request' && media !== JSON_TYPE))) {
        const expected = kind === 'stream' ? SSE_TYPE : `${JSON_TYPE} or ${SSE_TYPE}`;
        throw new GatewayError('upstream_invalid', { detail: `status ${status} without ${expected}` });
      }
    } else if (status !== 405 || kind === 'request' || kind === 'message') {
      // 405 is how a server says that it has no stream, or lets no client end a session.
      exchange.record.reason = 'MCP';
      exchange.record.error = { type: String(status), message: `mcp: upstream error: ${status}` };
    }
  }

  #fail(error: GatewayError): void {
    if (this.#settled) {
      return;
    }
    const { exchange, kind, requestId, call } = this.#options;
    const { response } = exchange;
    call.error = recordError(error);
    if (!response.headersSent) {
      this.#settle(error);
      return;
    }
    const answered = kind === 'message' || this.#answer?.outcome !== undefined;
    if (!answered) {
      this.#note(error);
    }
    if (answered || kind === 'stream') {
      response.end();
    } else if (this.#sse && this.#answer !== undefined) {
      // What was cut off in mid-event becomes an event of a type that no client reads.
      response.end(`${this.#answer.atBoundary ? '' : '\nevent: incomplete\n\n'}${errorEvent(requestId, error)}`);
    } else {
      // Only a broken connection tells the client that this body is not whole.
      response.destroy();
    }
    this.#settle();
  }

  readonly #onDrain = (): void => {
    this.#upstream?.resume();
  };

  readonly #onClientClose = (): void => {
    const { exchange, kind } = this.#options;
    if (exchange.response.writableFinished) {
      return;
    }
    this.#upstream?.abort();
    // That is how a client ends a stream, or one that has brought all it wanted.
    if (kind !== 'stream' && this.#answer?.outcome === undefined) {
      this.#note(new GatewayError('client_closed'));
    }
    this.#settle();
  };

  #note(error: GatewayError): void {
    const { call, exchange } = this.#options;
    call.error = recordError(error);
    exchange.record.error = recordError(error);
    exchange.record.reason = error.info.reason;
  }

  #settle(error?: GatewayError): void {
    if (this.#settled) {
      return;
    }
    this.#settled = true;
    const { exchange, call, now, onOutcome } = this.#options;
    exchange.response.off('close', this.#onClientClose).off('drain', this.#onDrain);
    call.endTime = now();
    if (this.#answer?.outcome !== undefined) {
      onOutcome(this.#answer.outcome);
    }
    if (error === undefined || !this.#sent) {
      this.#done.resolve(error);
    } else {
      this.#done.reject(error);
    }
  }
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

const recordError = (error: GatewayError): RecordError => ({ type: error.code, message: error.message });
