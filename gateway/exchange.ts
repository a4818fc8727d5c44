import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestRecord } from './telemetry/record.ts';
import type { UpstreamTarget } from './upstream/target.ts';

/** One request on its way through the gateway. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: RequestRecord;
  /** What goes on to the backend. */
  readonly forward: Forward;
}

/** The request as the route's policies leave it: the client's own until one of them changes it. Times in milliseconds. */
export interface Forward {
  method: string;
  /** Path and query. */
  target: string;
  /** Name, value, name, value …, as `rawHeaders` has them; `host` is among them. */
  headers: readonly string[];
  /** Host to name to the backend; undefined: the client's, or an MCP target's own. `auto`: the endpoint's. */
  host: { readonly name: string } | 'auto' | undefined;
  /** Of the whole exchange, counted from its start; of each attempt at the backend. */
  requestTimeout: number | undefined;
  backendTimeout: number | undefined;
  retry: { readonly attempts: number; readonly backoff: number } | undefined;
}

/** What goes on if nothing is done to it. `target`: path and query. */
export const newForward = ({ method = '', rawHeaders }: IncomingMessage, target: string): Forward => ({
  method,
  target,
  headers: rawHeaders,
  host: undefined,
  requestTimeout: undefined,
  backendTimeout: undefined,
  retry: undefined,
});

/**
 * Milliseconds that an attempt at this target may take from now on; 0 or less if the whole exchange has had its time; undefined: no limit.
 * @param now as `record.startTime` is told
 */
export const timeLeft = ({ forward, record }: Exchange, target: UpstreamTarget, now: number): number | undefined => {
  const { requestTimeout, backendTimeout } = forward;
  const limits = [
    requestTimeout === undefined ? undefined : requestTimeout - (now - record.startTime),
    backendTimeout,
    target.requestTimeout,
  ].filter((limit) => limit !== undefined);
  return limits.length === 0 ? undefined : Math.min(...limits);
};
