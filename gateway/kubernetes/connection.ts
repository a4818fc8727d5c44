import { type Dispatcher, Pool } from 'undici';
import type { Clock } from './clock.ts';
import type { Access, ClusterConfig } from './config/access.ts';
import { connectionFailure, type Result } from './failure.ts';
import { ACCESS_MAX_AGE, CONNECT_TIMEOUT, MAX_CONNECTIONS, TCP_KEEP_ALIVE_DELAY } from './limits.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  readonly contentType?: string;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Milliseconds until the answer begins, and that its body may be silent. */
  readonly headersTimeout: number;
  readonly idleTimeout: number;
}

type Response = Dispatcher.ResponseData;

/** HTTP to one API server, with credentials that are read again while it lasts. */
export class Connection {
  readonly #config: ClusterConfig;
  readonly #clock: Clock;
  #pool: Pool | undefined;
  #access: Access | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  #closed = false;

  constructor(config: ClusterConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  /** Sends a request, a second time if the credentials turn out to have been rotated. Never rejects. */
  async send(request: ApiRequest): Promise<Result<Response>> {
    try {
      if (this.#clock.now() - this.#readAt >= ACCESS_MAX_AGE) await this.#read();
      const response = await this.#dispatch(request);
      if (response.statusCode !== 401) return { value: response };
      const before = this.#access;
      await this.#read();
      if (this.#access === before) return { value: response };
      discard(response);
      return { value: await this.#dispatch(request) };
    } catch (error) {
      return { failure: connectionFailure(error) };
    }
  }

  /** Ends all requests. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool?.destroy();
  }

  async #dispatch(request: ApiRequest): Promise<Response> {
    const pool = this.#pool;
    if (pool === undefined || this.#closed) throw new Error('the connection is closed');
    const { method, path, body, contentType, signal, headersTimeout, idleTimeout } = request;
    const { pathname } = this.#config.server;
    return pool.request({
      method,
      path: `${pathname === '/' ? '' : pathname.replace(/\/$/, '')}${path}`,
      headers: {
        accept: 'application/json',
        'user-agent': 'tooltrail',
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
        ...(this.#access?.token === undefined ? {} : { authorization: `Bearer ${this.#access.token}` }),
      },
      body: body ?? null,
      signal,
      headersTimeout,
      bodyTimeout: idleTimeout,
    });
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readNow(): Promise<void> {
    let access: Access;
    try {
      access = await this.#config.access();
    } catch (error) {
      // A file that is being replaced: what was read before serves on.
      if (this.#access === undefined) throw error;
      return;
    }
    this.#readAt = this.#clock.now();
    const before = this.#access;
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(access)) return;
    this.#access = access;
    const { token: _, ...tls } = access;
    const { token: __, ...tlsBefore } = before ?? {};
    if (this.#closed || (this.#pool !== undefined && JSON.stringify(tls) === JSON.stringify(tlsBefore))) return;
    const old = this.#pool;
    this.#pool = poolFor(this.#config.server, tls);
    // Requests under way end on the connections that they have.
    old?.close().catch(() => {});
  }
}

const poolFor = ({ origin }: URL, { ca, certificate, key, insecure, serverName }: Access): Pool =>
  new Pool(origin, {
    connections: MAX_CONNECTIONS,
    pipelining: 1,
    allowH2: false,
    connect: {
      timeout: CONNECT_TIMEOUT,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_DELAY,
      rejectUnauthorized: insecure !== true,
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key }),
      ...(serverName === undefined ? {} : { servername: serverName }),
    },
  });

/** Reads on to the end, so that the connection can be used again. */
export const discard = ({ body }: Response): void => {
  body.dump().catch(() => {});
};
