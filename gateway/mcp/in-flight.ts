import { mcpMethod } from '../../lib/api/mcp.ts';
import { STANDARD_ATTRIBUTES as NAME } from '../../lib/api/telemetry/attributes.ts';
import { UNKNOWN } from '../../lib/api/telemetry/metrics.ts';
import { addEvent, type RequestRecord, type UpstreamCall } from '../telemetry/record.ts';
import type { SpanAttribute } from '../telemetry/trace/span.ts';
import type { SpanContext } from '../telemetry/trace/trace-context.ts';
import type { ServerMessage } from './answer/outcome.ts';
import type { JsonRpcId } from './jsonrpc.ts';
import { type ClientMessage, own } from './message.ts';

/** Requests of servers that wait for the client's answer, of all sessions; the oldest are forgotten beyond. */
export const MAX_ASKED = 1_024;

/** Characters of an id in an attribute. */
const MAX_ID_LENGTH = 256;

/** A call that is not answered yet. */
export interface Pending {
  readonly record: RequestRecord;
  readonly call: UpstreamCall;
}

/** A request of the server that came by on it. */
interface Asked extends Pending {
  readonly method: string;
}

/**
 * What messages say of the call that they belong to, as events of its span: what the server sends before it answers, what the client
 * answers to that, and that it takes the call back. Client messages come on requests of their own, of which one replica sees both or not.
 */
export class InFlight {
  readonly #pending = new Map<string, Pending>();
  readonly #asked = new Map<string, Asked>();

  /** Until what is returned is called. Of two requests with one id, which is the client's fault, the later counts. */
  begin(session: string, id: JsonRpcId, pending: Pending): () => void {
    const key = keyOf(session, id);
    this.#pending.set(key, pending);
    return () => {
      if (this.#pending.get(key) === pending) this.#pending.delete(key);
    };
  }

  /** @param session undefined: there is none yet, and no answer will be told from others */
  fromServer(session: string | undefined, pending: Pending, message: ServerMessage, time: number): void {
    const method = mcpMethod(message.method) === undefined ? UNKNOWN : message.method;
    const { id, progress, total, level } = message;
    addEvent(pending.call, method, time, [
      ...idAttribute(id),
      ...(progress === undefined ? [] : [[NAME.progress, progress] as const]),
      ...(total === undefined ? [] : [[NAME.progressTotal, total] as const]),
      ...(level === undefined ? [] : [[NAME.logLevel, level.slice(0, MAX_ID_LENGTH)] as const]),
    ]);
    if (session === undefined || id === undefined) return;
    const key = keyOf(session, id);
    this.#asked.delete(key);
    this.#asked.set(key, { ...pending, method });
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > MAX_ASKED && oldest !== undefined) this.#asked.delete(oldest);
  }

  /** The span of the call on which the server asked for this, if it answers something that came by. */
  fromClient(session: string, message: ClientMessage, time: number): SpanContext | undefined {
    if (message.kind === 'response') {
      const { id, errorCode } = message;
      const key = id === null ? '' : keyOf(session, id);
      const asked = this.#asked.get(key);
      if (asked === undefined) return undefined;
      this.#asked.delete(key);
      const code = errorCode === undefined ? [] : [[NAME.rpcStatus, String(errorCode)] as const];
      addEvent(asked.call, `${asked.method} response`, time, [...idAttribute(id ?? undefined), ...code]);
      return spanOf(asked);
    }
    const id = message.method === 'notifications/cancelled' ? own(message.params, 'requestId') : undefined;
    const pending =
      typeof id === 'string' || typeof id === 'number' ? this.#pending.get(keyOf(session, id)) : undefined;
    if (pending !== undefined) {
      if (pending.record.mcp !== undefined) pending.record.mcp.cancelled = true;
      addEvent(pending.call, message.method, time, []);
    }
    return undefined;
  }
}

const keyOf = (session: string, id: JsonRpcId): string => `${typeof id}:${id}\n${session}`;

const spanOf = ({ record: { trace }, call: { spanId } }: Pending): SpanContext | undefined =>
  trace && { traceId: trace.traceId, spanId, flags: trace.flags, traceState: trace.traceState };

const idAttribute = (id: JsonRpcId | undefined): readonly SpanAttribute[] =>
  id === undefined ? [] : [[NAME.requestId, String(id).slice(0, MAX_ID_LENGTH)]];
