import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher, Pool } from 'undici';
import { GatewayError } from '../errors.ts';
import { failureOf } from './failure.ts';
import { LONGEST_TIMER } from './limits.ts';

/** Hears of one exchange: `onHeaders` at most once, then data, then exactly one of `onEnd` and `onError`; after an abort, nothing. */
export interface UpstreamListener {
  onHeaders(status: number, headers: IncomingHttpHeaders): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  /** @param sent whether the upstream may have seen something of the request: false if no connection came about */
  onError(error: GatewayError, sent: boolean): void;
}

/** The receiver's hand on one exchange. */
export interface UpstreamExchange {
  /** Stops reading; the upstream feels it once the socket's buffers are full. */
  pause(): void;
  resume(): void;
  /** Gives the exchange up and closes its connection. */
  abort(): void;
}

export interface ExchangeOptions {
  /** Milliseconds between two parts of a body, unless it is an event stream. */
  readonly stallTimeout: number;
  /** Milliseconds until the answer is complete, or an event stream begins; undefined: no limit. */
  readonly timeout: number | undefined;
  /** Called once, when the pool has nothing of this exchange any more. */
  readonly release: () => void;
}

/** Turns undici's events into the listener's, and keeps its promise: one end, and silence after it. */
export class Exchange implements Dispatcher.DispatchHandler, UpstreamExchange {
  readonly #listener: UpstreamListener;
  readonly #options: ExchangeOptions;
  #controller: Dispatcher.DispatchController | undefined;
  #stall: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  /** It waits in the pool for a connection. */
  #queued = false;
  #done = false;

  constructor(listener: UpstreamListener, options: ExchangeOptions) {
    this.#listener = listener;
    this.#options = options;
  }

  /** Begins. Failures come through the listener, possibly before this returns. */
  dispatch(pool: Pool, options: Dispatcher.DispatchOptions): void {
    const { timeout } = this.#options;
    if (timeout !== undefined) {
      if (timeout <= 0) {
        this.fail(new GatewayError('upstream_timeout'));
        return;
      }
      this.#deadline = setTimeout(() => this.#onTimeout(), Math.min(timeout, LONGEST_TIMER));
    }
    this.#queued = true;
    try {
      pool.dispatch(options, this);
    } catch (error) {
      this.#queued = false;
      this.fail(failureOf(error));
    }
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#stall?.refresh();
    this.#controller?.resume();
  }

  abort(): void {
    if (!this.#done) {
      this.#finish();
      this.#controller?.abort(ABORTED);
    }
  }

  fail(error: GatewayError): void {
    if (!this.#done) {
      this.#finish();
      this.#listener.onError(error, this.#controller !== undefined);
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#leaveQueue();
    if (this.#done) {
      controller.abort(ABORTED);
    }
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // RFC 9110 §15.2: any number of interim responses may come first.
    if (this.#done || status < 200) {
      return;
    }
    if (/^text\/event-stream\b/i.test(headers['content-type'] ?? '')) {
      clearTimeout(this.#deadline);
    } else {
      this.#stall = setTimeout(() => this.#onStall(), this.#options.stallTimeout);
    }
    this.#listener.onHeaders(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#done) {
      this.#stall?.refresh();
      this.#listener.onData(chunk);
    }
  }

  onResponseEnd(): void {
    if (!this.#done) {
      this.#finish();
      this.#listener.onEnd();
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#leaveQueue();
    this.fail(failureOf(error));
  }

  #onStall(): void {
    if (this.#controller?.paused === true) {
      // It is the receiver who is slow.
      this.#stall?.refresh();
      return;
    }
    this.#onTimeout();
  }

  #onTimeout(): void {
    this.fail(new GatewayError('upstream_timeout'));
    this.#controller?.abort(ABORTED);
  }

  /** What was given up while it waited for a connection still takes a place until the pool notices. */
  #leaveQueue(): void {
    if (this.#queued) {
      this.#queued = false;
      if (this.#done) {
        this.#options.release();
      }
    }
  }

  #finish(): void {
    this.#done = true;
    clearTimeout(this.#stall);
    clearTimeout(this.#deadline);
    if (!this.#queued) {
      this.#options.release();
    }
  }
}

const ABORTED = new Error('aborted');
