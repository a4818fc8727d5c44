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
  readonly #listed: Record<string, string[]> = {};
  #names = 0;
  #id: Scalar | undefined;
  #code: Scalar | undefined;
  #text: Scalar | undefined;
  #isError: Scalar | undefined;
  #method: Scalar | undefined;
  #progress: Scalar | undefined;
  #total: Scalar | undefined;
  #level: Scalar | undefined;
  #protocolVersion: Scalar | undefined;

  reach(tag: string): void {
    this.#reached.add(tag);
  }

  take(tag: string, value: Scalar): void {
    switch (tag) {
      case 'id':
        this.#id = value;
        break;
      case 'code':
        this.#code = value;
        break;
      case 'message':
        this.#text = value;
        break;
      case 'isError':
        this.#isError = value;
        break;
      case 'protocolVersion':
        this.#protocolVersion = value;
        break;
      case 'method':
        this.#method = value;
        break;
      case 'progress':
        this.#progress = value;
        break;
      case 'total':
        this.#total = value;
        break;
      case 'level':
        this.#level = value;
        break;
      default:
        this.#list(tag, value);
    }
  }

  /** Undefined: it is a response, or nothing that JSON-RPC knows. */
  asMessage(): ServerMessage | undefined {
    if (typeof this.#method !== 'string') return undefined;
    return {
      method: this.#method,
      id: typeof this.#id === 'string' || typeof this.#id === 'number' ? this.#id : undefined,
      progress: typeof this.#progress === 'number' ? this.#progress : undefined,
      total: typeof this.#total === 'number' ? this.#total : undefined,
      level: typeof this.#level === 'string' ? this.#level : undefined,
    };
  }

  /** The outcome, if this is a response with that id; or with none, as errors may be that concern the request as a whole. */
  answerTo(id: JsonRpcId): Outcome | undefined {
    const failed = this.#reached.has('error');
    const answers = this.#id === id || (failed && (this.#id ?? null) === null);
    if (!answers || this.#reached.has('method') || failed === this.#reached.has('result')) {
      return undefined;
    }
    // JSON-RPC 2.0 §5.1: without a code it is somebody else's error, such as a proxy's.
    if (failed && typeof this.#code !== 'number') return undefined;
    return {
      errorCode: failed && typeof this.#code === 'number' ? this.#code : undefined,
      errorMessage: failed && typeof this.#text === 'string' ? this.#text : undefined,
      toolError: this.#isError === true,
      protocolVersion: typeof this.#protocolVersion === 'string' ? this.#protocolVersion : undefined,
      result: this.result,
      listed: this.#listed,
    };
  }

  #list(tag: string, value: Scalar): void {
    if (LISTS.some(({ list }) => list === tag) && typeof value === 'string' && this.#names < MAX_LISTED_NAMES) {
      this.#names += 1;
      this.#listed[tag] ??= [];
      this.#listed[tag].push(value);
    }
  }
}
