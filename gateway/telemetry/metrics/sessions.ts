import { Gauge, type Registry } from 'prom-client';
import { METRICS } from '../../../lib/api/telemetry/metrics.ts';
import type { RequestRecord } from '../record.ts';
import { revisionLabel } from './operations.ts';
import { type Family, type HistogramSeries, histogramFamily } from './series.ts';

/** Milliseconds without a request, after which a session is taken to have ended with its last. */
export const SESSION_IDLE = 30 * 60_000;
/** Sessions that are followed; beyond, the one that was quiet for the longest is taken to have ended. */
export const MAX_SESSIONS = 20_000;

interface Session {
  readonly gateway: string;
  readonly protocolVersion: string;
  readonly began: number;
  last: number;
}

/**
 * Sessions as they show in the requests of this gateway. Session ids are sealed and any replica serves any of them: one that began at
 * another replica begins here with its first request.
 */
export class SessionMetrics {
  readonly #duration: Family<HistogramSeries>;
  /** The longest quiet first. */
  readonly #sessions = new Map<string, Session>();
  #streams = 0;

  /** @param now milliseconds of the Unix epoch */
  constructor(registry: Registry, now: () => number) {
    const { sessionDuration, activeSessions, activeStreams } = METRICS;
    this.#duration = histogramFamily(sessionDuration, registry);
    const gauge = ({ name, help }: { readonly name: string; readonly help: string }, value: () => number): void => {
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(value());
        },
      });
    };
    gauge(activeSessions, () => {
      this.#expire(now());
      return this.#sessions.size;
    });
    gauge(activeStreams, () => this.#streams);
  }

  /** A finished request. */
  observe({ mcp, request, response, labels, endTime, startTime }: RequestRecord): void {
    const id = mcp?.sessionId;
    if (id === undefined) return;
    const ok = response.status >= 200 && response.status < 300;
    const known = this.#sessions.get(id);
    // 404: it has ended elsewhere (Streamable HTTP, "Session Management").
    if (response.status === 404 || (ok && request.method === 'DELETE')) {
      if (known !== undefined) this.#end(id, known, endTime);
      return;
    }
    if (!ok) return;
    this.#expire(endTime);
    const { gateway } = labels;
    const session = known ?? {
      gateway,
      protocolVersion: revisionLabel(mcp?.protocolVersion),
      began: startTime,
      last: endTime,
    };
    session.last = endTime;
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    const [oldest] = this.#sessions;
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) this.#end(...oldest, oldest[1].last);
  }

  /** A stream begins; what is returned ends it. */
  stream(): () => void {
    this.#streams += 1;
    return () => {
      this.#streams -= 1;
    };
  }

  #expire(now: number): void {
    for (const [id, session] of this.#sessions) {
      if (now - session.last < SESSION_IDLE) return;
      this.#end(id, session, session.last);
    }
  }

  #end(id: string, { gateway, protocolVersion, began }: Session, end: number): void {
    this.#sessions.delete(id);
    this.#duration
      .series([
        ['mcp_protocol_version', protocolVersion],
        ['gateway', gateway],
      ])
      .observe(Math.max(0, end - began) / 1_000);
  }
}
