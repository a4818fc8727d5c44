import type { Readable } from 'node:stream';
import { Pool } from 'undici';
import { GatewayError } from '../errors.ts';
import { type ConnectTo, connectorFor } from './connect.ts';
import { chooseEndpoint, type EndpointState } from './endpoints.ts';
import { Exchange, type UpstreamExchange, type UpstreamListener } from './exchange.ts';
import { Health } from './health.ts';
import {
  CONNECT_TIMEOUT,
  HEADERS_TIMEOUT,
  KEEP_ALIVE_MAX_TIMEOUT,
  KEEP_ALIVE_TIMEOUT,
  MAX_CONNECTIONS,
  MAX_HEADER_BYTES,
  STALL_TIMEOUT,
} from './limits.ts';
import { originKey, originUrl } from './origin.ts';
import type { UpstreamTarget } from './target.ts';

export interface UpstreamOptions {
  /** Dial overrides; default none. */
  readonly connectTo?: ConnectTo;
  /** Milliseconds, where a target has none of its own; default CONNECT_TIMEOUT. */
  readonly connectTimeout?: number;
  /** Milliseconds; default HEADERS_TIMEOUT. */
  readonly headersTimeout?: number;
  /** Milliseconds; default STALL_TIMEOUT. */
  readonly stallTimeout?: number;
  /** Per origin; default MAX_CONNECTIONS. */
  readonly maxConnections?: number;
  /** Called when there is a new connection, with the milliseconds that it took. */
  readonly onConnect?: (target: UpstreamTarget, duration: number) => void;
  /** Milliseconds of a clock that does not go back; default `performance.now`. */
  readonly now?: () => number;
}

export interface UpstreamRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /**
   * Name, value, name, value …: without hop-by-hop fields. Content-Length belongs to a stream whose length is known, and to nothing else;
   * other streams are sent in chunks.
   */
  readonly headers: string[];
  /** A stream is read once there is a connection, and no faster than the upstream reads; it is destroyed when the exchange fails. */
  readonly body: Uint8Array | Readable | undefined;
  /** Milliseconds until the answer is complete, or an event stream begins; absent: no limit but the usual ones. */
  readonly timeout?: number | undefined;
}

interface Origin {
  readonly pool: Pool;
  readonly health: Health;
  active: number;
}

const UNUSED: EndpointState = { active: 0, ejected: false };

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
      onConnect: options.onConnect ?? (() => {}),
      now: options.now ?? (() => performance.now()),
    };
  }

  /** Sends a request; never throws, failures come through `listener.onError`, possibly before this returns. */
  send(target: UpstreamTarget, request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange {
    const origin = this.#origin(target);
    const exchange = new Exchange(listener, {
      stallTimeout: this.#options.stallTimeout,
      timeout: request.timeout,
      release: () => {
        origin.active -= 1;
      },
    });
    origin.active += 1;
    if (origin.active > this.#options.maxConnections) {
      exchange.fail(new GatewayError('upstream_overloaded'));
      return exchange;
    }
    exchange.dispatch(origin.pool, {
      method: request.method,
      path: request.path,
      headers: request.headers,
      body: request.body ?? null,
      headersTimeout: this.#options.headersTimeout,
      // Exchange keeps that time: it knows which bodies may be silent.
      bodyTimeout: 0,
      // Otherwise it is taken from Host, and requests for another host get a connection of their own.
      ...(target.tls === undefined ? {} : { servername: target.tls.sni }),
    });
    return exchange;
  }

  /**
   * One of these to send a request to, by load and by how connecting to them went; undefined if there is none.
   * @param random from 0 up to, not including, 1
   * @param tried those that this request was meant for before
   */
  choose(
    endpoints: readonly UpstreamTarget[],
    random: () => number,
    tried?: ReadonlySet<UpstreamTarget>,
  ): UpstreamTarget | undefined {
    return chooseEndpoint(endpoints, (endpoint) => this.#state(endpoint), random, tried);
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

  /** Whom connecting was tried to: `scheme://host:port`, and whether it went well the last time. */
  *states(): Generator<readonly [upstream: string, up: boolean]> {
    for (const [key, { health }] of this.#origins) {
      const { up } = health;
      if (up !== undefined) yield [key.split(' ', 1)[0] ?? '', up];
    }
  }

  /** Ends all exchanges and connections. */
  async close(): Promise<void> {
    const pools = Array.from(this.#origins.values(), ({ pool }) => pool.destroy());
    this.#origins.clear();
    await Promise.allSettled(pools);
  }

  #state(target: UpstreamTarget): EndpointState {
    const origin = this.#origins.get(originKey(target));
    return origin === undefined ? UNUSED : { active: origin.active, ejected: origin.health.ejected };
  }

  #origin(target: UpstreamTarget): Origin {
    const key = originKey(target);
    const known = this.#origins.get(key);
    if (known !== undefined) {
      return known;
    }
    const health = new Health(this.#options.now);
    const connect = connectorFor(
      target,
      this.#options.connectTo,
      target.connectTimeout ?? this.#options.connectTimeout,
    );
    const pool = new Pool(originUrl(target), {
      connections: this.#options.maxConnections,
      pipelining: 1,
      allowH2: false,
      connect: (options, callback) => {
        const began = this.#options.now();
        connect(options, (...result) => {
          if (result[0] === null) {
            health.connected();
            this.#options.onConnect(target, this.#options.now() - began);
          } else {
            health.failed();
          }
          callback(...result);
        });
      },
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      keepAliveMaxTimeout: KEEP_ALIVE_MAX_TIMEOUT,
      maxHeaderSize: MAX_HEADER_BYTES,
    });
    const origin = { pool, health, active: 0 };
    this.#origins.set(key, origin);
    return origin;
  }
}
