import { MCP_METHODS, type McpMethod } from '../../lib/api/mcp.ts';
import { type Interest, JsonScanner, type Scalar } from './json-scanner.ts';
import type { JsonRpcId } from './jsonrpc.ts';
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
  /** Names or URIs that the result lists, by the list's field: `tools`. */
  readonly listed: Readonly<Record<string, readonly string[]>>;
}

const LISTS = Object.values<McpMethod>(MCP_METHODS).flatMap(({ lists }) => lists ?? []);

/** The few places of a JSON-RPC message that tell how a request went. */
const MESSAGE: Interest = {
  keys: {
    id: { tag: 'id' },
    method: { tag: 'method' },
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
};

/**
 * Watches an answer stream by, as JSON or as server-sent events, for the message that answers one request. It delays and keeps nothing
 * but those few values (json-scanner.ts bounds each), so an answer of any size has an exact outcome.
 */
export class OutcomeReader {
  readonly #id: JsonRpcId;
  readonly #scanner: JsonScanner;
  readonly #events: SseScanner | undefined;
  #message = new MessageFacts();
  #outcome: Outcome | undefined;
  #resumable = false;

  constructor(format: 'json' | 'sse', id: JsonRpcId) {
    this.#id = id;
    this.#scanner = new JsonScanner(MESSAGE, {
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
    if (counts && this.#scanner.complete && this.#outcome === undefined) {
      this.#outcome = this.#message.answerTo(this.#id);
    }
    this.#scanner.reset();
    this.#message = new MessageFacts();
  }
}

class MessageFacts {
  readonly #reached = new Set<string>();
  readonly #listed: Record<string, string[]> = {};
  #names = 0;
  #id: Scalar | undefined;
  #code: Scalar | undefined;
  #text: Scalar | undefined;
  #isError: Scalar | undefined;
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
      default:
        this.#list(tag, value);
    }
  }

  /** The outcome, if this is a response with that id; or with none, as errors may be that concern the request as a whole. */
  answerTo(id: JsonRpcId): Outcome | undefined {
    const failed = this.#reached.has('error');
    const answers = this.#id === id || (failed && (this.#id ?? null) === null);
    if (!answers || this.#reached.has('method') || failed === this.#reached.has('result')) {
      return undefined;
    }
    return {
      errorCode: failed ? (typeof this.#code === 'number' ? this.#code : 0) : undefined,
      errorMessage: failed && typeof this.#text === 'string' ? this.#text : undefined,
      toolError: this.#isError === true,
      protocolVersion: typeof this.#protocolVersion === 'string' ? this.#protocolVersion : undefined,
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
