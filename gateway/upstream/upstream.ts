import type { IncomingHttpHeaders } from 'node:http';
import { type Dispatcher, Pool } from 'undici';
import { GatewayError } from '../errors.ts';
import { type ConnectTo, connectorFor } from './connect.ts';
import { failureOf } from './failure.ts';
import {
  CONNECT_TIMEOUT,
  HEADERS_TIMEOUT,
  KEEP_ALIVE_MAX_TIMEOUT,
  KEEP_ALIVE_TIMEOUT,
  MAX_CONNECTIONS,
  MAX_HEADER_BYTES,
  STALL_TIMEOUT,
} from './limits.ts';
import type { UpstreamTarget } from './target.ts';

export interface UpstreamOptions {
  /** Dial overrides; default none. */
  readonly connectTo?: ConnectTo;
  /** Milliseconds; default CONNECT_TIMEOUT. */
  readonly connectTimeout?: number;
  /** Milliseconds; default HEADERS_TIMEOUT. */
  readonly headersTimeout?: number;
  /** Milliseconds; default STALL_TIMEOUT. */
  readonly stallTimeout?: number;
  /** Per origin; default MAX_CONNECTIONS. */
  readonly maxConnections?: number;
}

export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  /** Name, value, name, value …: without hop-by-hop fields and Content-Length. */
  readonly headers: string[];
  readonly body: Uint8Array | undefined;
}

/** Hears of one exchange: `onHeaders` at most once, then data, then exactly one of `onEnd` and `onError`; after an abort, nothing. */
export interface UpstreamListener {
  onHeaders(status: number, headers: IncomingHttpHeaders): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  onError(error: GatewayError): void;
}

/** The receiver's hand on one exchange. */
export interface UpstreamExchange {
  /** Stops reading; the upstream feels it once the socket's buffers are full. */
  pause(): void;
  resume(): void;
  /** Gives the exchange up and closes its connection. */
  abort(): void;
}

interface Origin {
  readonly pool: Pool;
  active: number;
}

/** All connections to upstreams: one pool for each origin and TLS name, kept across snapshots. */
export class Upstream {
  readonly #options: Required<UpstreamOptions>;
  readonly #origins = new Map<string, Origin>();

  constructor(options: UpstreamOptions = {}) {
    this.#options = {
      connectTo: options.connectTo ?? new Map(),
      connectTimeout: options.connectTimeout ?? CONNECT_TIMEOUT,
      headersTimeout: options.headersTimeout ?? HEADERS_TIMEOUT,
      stallTimeout: options.stallTimeout ?? STALL_TIMEOUT,
      maxConnections: options.maxConnections ?? MAX_CONNECTIONS,
    };
  }

  /** Sends a request; never throws, failures come through `listener.onError`, possibly before this returns. */
  send(target: UpstreamTarget, request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange {
    const origin = this.#origin(target);
    const exchange = new Exchange(listener, this.#options.stallTimeout, () => {
      origin.active -= 1;
    });
    origin.active += 1;
    if (origin.active > this.#options.maxConnections) {
      exchange.fail(new GatewayError('upstream_overloaded'));
      return exchange;
    }
    try {
      origin.pool.dispatch(
        {
          method: request.method,
          path: request.path,
          headers: request.headers,
          body: request.body ?? null,
          headersTimeout: this.#options.headersTimeout,
          // Exchange keeps that time: it knows which bodies may be silent.
          bodyTimeout: 0,
        },
        exchange,
      );
    } catch (error) {
      exchange.fail(failureOf(error));
    }
    return exchange;
  }

  /** Closes the pools that none of these targets uses, each once its exchanges have ended. Call after a snapshot's swap. */
  retain(targets: Iterable<UpstreamTarget>): void {
    const used = new Set(Array.from(targets, originKey));
    for (const [key, { pool }] of this.#origins) {
      if (!used.has(key)) {
        this.#origins.delete(key);
        // Nothing to do about a pool that fails to close: its exchanges have been told.
        pool.close().catch(() => {});
      }
    }
  }

  /** Ends all exchanges and connections. */
  async close(): Promise<void> {
    const pools = Array.from(this.#origins.values(), ({ pool }) => pool.destroy());
    this.#origins.clear();
    await Promise.allSettled(pools);
  }

  #origin(target: UpstreamTarget): Origin {
    const key = originKey(target);
    const known = this.#origins.get(key);
    if (known !== undefined) {
      return known;
    }
    const pool = new Pool(originUrl(target), {
      connections: this.#options.maxConnections,
      pipelining: 1,
      allowH2: false,
      connect: connectorFor(target, this.#options.connectTo, this.#options.connectTimeout),
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      keepAliveMaxTimeout: KEEP_ALIVE_MAX_TIMEOUT,
      maxHeaderSize: MAX_HEADER_BYTES,
    });
    const origin = { pool, active: 0 };
    this.#origins.set(key, origin);
    return origin;
  }
}

const originUrl = ({ host, port, tls }: UpstreamTarget): string =>
  `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;

const originKey = (target: UpstreamTarget): string => `${originUrl(target)} ${target.tls?.sni ?? ''}`;

/** Turns undici's events into the listener's, and keeps its promise: one end, and silence after it. */
class Exchange implements Dispatcher.DispatchHandler, UpstreamExchange {
  readonly #listener: UpstreamListener;
  readonly #stallTimeout: number;
  readonly #release: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #stall: NodeJS.Timeout | undefined;
  #done = false;

  constructor(listener: UpstreamListener, stallTimeout: number, release: () => void) {
    this.#listener = listener;
    this.#stallTimeout = stallTimeout;
    this.#release = release;
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
      this.#listener.onError(error);
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#done) {
      controller.abort(ABORTED);
    }
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // RFC 9110 §15.2: any number of interim responses may come first.
    if (this.#done || status < 200) {
      return;
    }
    if (!/^text\/event-stream\b/i.test(headers['content-type'] ?? '')) {
      this.#stall = setTimeout(() => this.#onStall(), this.#stallTimeout);
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
    this.fail(failureOf(error));
  }

  #onStall(): void {
    if (this.#controller?.paused === true) {
      // It is the receiver who is slow.
      this.#stall?.refresh();
      return;
    }
    this.fail(new GatewayError('upstream_timeout'));
    this.#controller?.abort(ABORTED);
  }

  #finish(): void {
    this.#done = true;
    clearTimeout(this.#stall);
    this.#release();
  }
}

const ABORTED = new Error('aborted');
