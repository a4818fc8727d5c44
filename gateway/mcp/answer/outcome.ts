import { MCP_METHODS, type McpMethod } from '../../../lib/api/mcp.ts';
import type { CapturedText } from '../../telemetry/record.ts';
import type { JsonRpcId } from '../jsonrpc.ts';
import { type Interest, JsonScanner, type Scalar } from './json-scanner.ts';
import { SseScanner } from './sse-scanner.ts';

/** Names that are learned from one answer; a longer list's rest stays unknown. */
export const MAX_LISTED_NAMES = 1_024;

/** What the answer to one request said. */
export interface Outcome {
  readonly errorCode: number | undefined;
  readonly errorMessage: string | undefined;
  /** `result.isError`. */
  readonly toolError: boolean;
  /** Of an initialize result. */
  readonly protocolVersion: string | undefined;
  /** The result's text, or its beginning, if that was asked for. */
  readonly result: CapturedText | undefined;
  /** Names or URIs that the result lists, by the list's field: `tools`. */
  readonly listed: Readonly<Record<string, readonly string[]>>;
}

/** A request or notification of the server that came before the answer. */
export interface ServerMessage {
  readonly method: string;
  /** Absent: a notification. */
  readonly id: JsonRpcId | undefined;
  /** Of `notifications/progress`. */
  readonly progress: number | undefined;
  readonly total: number | undefined;
  /** Of `notifications/message`. */
  readonly level: string | undefined;
}

const LISTS = Object.values<McpMethod>(MCP_METHODS).flatMap(({ lists }) => lists ?? []);
const LIST_NAMES: ReadonlySet<string> = new Set(LISTS.map(({ list }) => list));

/** The few places of a JSON-RPC message that tell how a request went. */
const MESSAGE = {
  keys: {
    id: { tag: 'id' },
    method: { tag: 'method' },
    params: { keys: { progress: { tag: 'progress' }, total: { tag: 'total' }, level: { tag: 'level' } } },
    error: { tag: 'error', keys: { code: { tag: 'code' }, message: { tag: 'message' } } },
    result: {
      tag: 'result',
      keys: {
        isError: { tag: 'isError' },
        protocolVersion: { tag: 'protocolVersion' },
        ...Object.fromEntries(LISTS.map(({ list, field }) => [list, { items: { keys: { [field]: { tag: list } } } }])),
      },
    },
  },
} satisfies Interest;

/** Bytes of a result that are kept. */
export const MAX_RESULT_BYTES = 16 * 1_024;

/** And the result itself. */
const MESSAGE_AND_RESULT: Interest = {
  keys: { ...MESSAGE.keys, result: { ...MESSAGE.keys.result, text: MAX_RESULT_BYTES } },
};

export interface OutcomeReaderOptions {
  /** Of the request; undefined: nothing is waited for. */
  readonly id: JsonRpcId | undefined;
  /** Told of other messages; default: nobody. */
  readonly onMessage?: (message: ServerMessage) => void;
  /** Default: the result is not kept. */
  readonly keepsResult?: boolean;
}

/**
 * Watches messages stream by, as JSON or as server-sent events, for the one that answers a request, and tells of the others. It delays and
 * keeps nothing but those few values (json-scanner.ts bounds each), so an answer of any size has an exact outcome.
 */
export class OutcomeReader {
  readonly #id: JsonRpcId | undefined;
  readonly #onMessage: (message: ServerMessage) => void;
  readonly #scanner: JsonScanner;
  readonly #events: SseScanner | undefined;
  #message = new MessageFacts();
  #outcome: Outcome | undefined;
  #resumable = false;

  constructor(format: 'json' | 'sse', { id, onMessage = () => {}, keepsResult = false }: OutcomeReaderOptions) {
    this.#id = id;
    this.#onMessage = onMessage;
    this.#scanner = new JsonScanner(keepsResult ? MESSAGE_AND_RESULT : MESSAGE, {
      onText: (text, whole) => {
        this.#message.result = { text, whole };
      },
      onKey: (tag) => this.#message.reach(tag),
      onScalar: (tag, value) => this.#message.take(tag, value),
    });
    this.#events =
      format === 'json'
        ? undefined
        : new SseScanner({
            onData: (bytes) => this.#scanner.push(bytes),
            onEvent: (type) => this.#endMessage(type === 'message'),
            onId: () => {
              this.#resumable = true;
            },
          });
  }

  /** The answer, once it has gone by. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** The stream gave an event id: its end is no failure, the client fetches the rest with GET (specification of 2025-11-25). */
  get resumable(): boolean {
    return this.#resumable;
  }

  /** What is written to the client now starts a new event; always true for JSON. */
  get atBoundary(): boolean {
    return this.#events?.atBoundary ?? true;
  }

  push(chunk: Buffer): void {
    (this.#events ?? this.#scanner).push(chunk);
  }

  /** The answer's last byte has gone by. */
  end(): void {
    if (this.#events === undefined) {
      this.#endMessage(true);
    }
  }

  #endMessage(counts: boolean): void {
    this.#scanner.end();
    if (counts && this.#scanner.complete) {
      const message = this.#message.asMessage();
      if (message !== undefined) this.#onMessage(message);
      else if (this.#id !== undefined) this.#outcome ??= this.#message.answerTo(this.#id);
    }
    this.#scanner.reset();
    this.#message = new MessageFacts();
  }
}

class MessageFacts {
  result: CapturedText | undefined;
  readonly #reached = new Set<string>();
  readonly #scalars = new Map<string, Scalar>();
  readonly #listed: Record<string, string[]> = {};
  #names = 0;

  reach(tag: string): void {
    this.#reached.add(tag);
  }

  take(tag: string, value: Scalar): void {
    if (LIST_NAMES.has(tag)) this.#list(tag, value);
    else this.#scalars.set(tag, value);
  }

  /** Undefined: it is a response, or nothing that JSON-RPC knows. */
  asMessage(): ServerMessage | undefined {
    const method = this.#text('method');
    if (method === undefined) return undefined;
    return {
      method,
      id: this.#text('id') ?? this.#number('id'),
      progress: this.#number('progress'),
      total: this.#number('total'),
      level: this.#text('level'),
    };
  }

  /** The outcome, if this is a response with that id; or with none, as errors may be that concern the request as a whole. */
  answerTo(id: JsonRpcId): Outcome | undefined {
    const failed = this.#reached.has('error');
    const own = this.#scalars.get('id');
    const answers = own === id || (failed && (own ?? null) === null);
    if (!answers || this.#reached.has('method') || failed === this.#reached.has('result')) {
      return undefined;
    }
    // JSON-RPC 2.0 §5.1: without a code it is somebody else's error, such as a proxy's.
    const errorCode = failed ? this.#number('code') : undefined;
    if (failed && errorCode === undefined) return undefined;
    return {
      errorCode,
      errorMessage: failed ? this.#text('message') : undefined,
      toolError: this.#scalars.get('isError') === true,
      protocolVersion: this.#text('protocolVersion'),
      result: this.result,
      listed: this.#listed,
    };
  }

  #text(tag: string): string | undefined {
    const value = this.#scalars.get(tag);
    return typeof value === 'string' ? value : undefined;
  }

  #number(tag: string): number | undefined {
    const value = this.#scalars.get(tag);
    return typeof value === 'number' ? value : undefined;
  }

  #list(tag: string, value: Scalar): void {
    if (typeof value !== 'string' || this.#names >= MAX_LISTED_NAMES) return;
    this.#names += 1;
    this.#listed[tag] ??= [];
    this.#listed[tag].push(value);
  }
}
