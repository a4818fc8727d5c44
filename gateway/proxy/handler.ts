import type { HttpBackend } from '../compile/snapshot.ts';
import { GatewayError } from '../errors.ts';
import { type Exchange, timeLeft } from '../exchange.ts';
import { waitToRetry } from '../retry.ts';
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
    const { upstream, now, random } = this.#deps;
    const tried = new Set<UpstreamTarget>();
    for (let retries = 0; ; retries += 1) {
      const endpoint = upstream.choose(backend.endpoints, random, tried);
      if (endpoint === undefined) throw new GatewayError('no_endpoints');
      const failure = await this.#attempt(exchange, endpoint);
      if (failure === undefined) return;
      // What an endpoint may have seen it may have done: that is not done twice.
      if (failure.sent || !(await waitToRetry(exchange, retries, now()))) throw failure.error;
      tried.add(endpoint);
    }
  }

  #attempt(exchange: Exchange, endpoint: UpstreamTarget): Promise<Failure | undefined> {
    const { upstream, newSpanId, now } = this.#deps;
    const { request, record, forward } = exchange;
    const call = newUpstreamCall(endpoint, forward.method, newSpanId(), now());
    record.upstreamCalls.push(call);
    const body = hasBody(request)
      ? new RequestBody(request, (chunk) => {
          record.request.bytes += chunk.length;
          call.requestBytes += chunk.length;
          record.request.kept?.push(chunk);
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
