import type { ServerResponse } from 'node:http';
import type { HttpBackend } from '../compile/snapshot.ts';
import { GatewayError } from '../errors.ts';
import { type Exchange, timeLeft } from '../exchange.ts';
import { newUpstreamCall } from '../telemetry/record.ts';
import { withCredentials } from '../upstream/credentials.ts';
import type { UpstreamTarget } from '../upstream/target.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { hasBody, RequestBody } from './body.ts';
import { requestHeaders } from './headers.ts';
import { type Failure, relay } from './relay.ts';

export interface ProxyHandlerDependencies {
  readonly upstream: Upstream;
  /** 16 lower-case hex digits. */
  readonly newSpanId: () => string;
  /** Milliseconds of the Unix epoch, with fractions. */
  readonly now: () => number;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
}

/** The most further attempts that any configuration gets. */
export const MAX_RETRIES = 16;

/** A plain HTTP backend: the request as its route leaves it goes to one of the endpoints, and the answer comes back, both as streams. */
export class ProxyHandler {
  readonly #deps: ProxyHandlerDependencies;

  constructor(deps: ProxyHandlerDependencies) {
    this.#deps = deps;
  }

  /**
   * Answers one request and fills `exchange.record`; settles when client and endpoint are done with it.
   * @throws GatewayError only while no response header was sent
   */
  async handle(exchange: Exchange, backend: HttpBackend): Promise<void> {
    const { forward, record, response } = exchange;
    const { upstream, now, random } = this.#deps;
    const { attempts, backoff } = forward.retry ?? { attempts: 0, backoff: 0 };
    const retries = Math.min(attempts, MAX_RETRIES);
    const deadline = record.startTime + (forward.requestTimeout ?? Number.POSITIVE_INFINITY);
    const tried = new Set<UpstreamTarget>();
    for (let attempt = 0; ; attempt += 1) {
      const endpoint = upstream.choose(backend.endpoints, random, tried);
      if (endpoint === undefined) throw new GatewayError('no_endpoints');
      const failure = await this.#attempt(exchange, endpoint);
      if (failure === undefined) return;
      // What an endpoint may have seen it may have done: that is not done twice.
      if (failure.sent || attempt >= retries || now() + backoff >= deadline) throw failure.error;
      tried.add(endpoint);
      await pause(backoff, response);
    }
  }

  #attempt(exchange: Exchange, endpoint: UpstreamTarget): Promise<Failure | undefined> {
    const { upstream, newSpanId, now } = this.#deps;
    const { request, record, forward } = exchange;
    const call = newUpstreamCall(endpoint, forward.method, newSpanId(), now());
    record.upstreamCalls.push(call);
    const body = hasBody(request)
      ? new RequestBody(request, (count) => {
          record.request.bytes += count;
        })
      : undefined;
    const headers = requestHeaders(exchange, endpoint, call.spanId);
    const sent = {
      ...withCredentials(endpoint, { path: forward.target, headers }),
      method: forward.method,
      body,
      timeout: timeLeft(exchange, endpoint, now()),
    };
    return relay({ exchange, call, now, body }, (listener) => upstream.send(endpoint, sent, listener));
  }
}

/** Waits between two attempts, as long as the client does. */
const pause = (milliseconds: number, response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      response.off('close', finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    response.on('close', finish);
    if (response.destroyed) finish();
  });
