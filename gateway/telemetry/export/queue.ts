import type { SpanAccount } from './account.ts';

/** Most spans waiting for one collector: OpenTelemetry's default. */
export const MAX_QUEUE_SPANS = 2048;
/** Most bytes waiting for one collector: spans may carry prompts and results. */
export const MAX_QUEUE_BYTES = 16 * 1024 * 1024;
/** Most spans of one request: OpenTelemetry's default. */
export const MAX_BATCH_SPANS = 512;
/** Most bytes of one request, below the 4 MiB at which gRPC servers refuse a message by default. */
export const MAX_BATCH_BYTES = 3.5 * 1024 * 1024;

/** An encoded span and whose it is. */
export interface QueueEntry {
  readonly bytes: Buffer;
  readonly account: SpanAccount;
}

/** Encoded spans waiting for their turn; bounded in number and in bytes. */
export class SpanQueue {
  readonly #entries: QueueEntry[] = [];
  readonly #maxSpans: number;
  #bytes = 0;

  constructor(maxSpans: number) {
    this.#maxSpans = maxSpans;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** False when there is no room for one more span, whatever its size. */
  hasRoom(): boolean {
    return this.#entries.length < this.#maxSpans && this.#bytes < MAX_QUEUE_BYTES;
  }

  /** Exceeds the byte bound by one span at most. */
  push(entry: QueueEntry): void {
    this.#bytes += entry.bytes.length;
    this.#entries.push(entry);
  }

  /** Removes the oldest entries that fit into one request: at least one, when there is one. */
  take(maxSpans: number): QueueEntry[] {
    let count = 0;
    let bytes = 0;
    for (const entry of this.#entries) {
      if (count >= maxSpans || (count > 0 && bytes + entry.bytes.length > MAX_BATCH_BYTES)) break;
      count++;
      bytes += entry.bytes.length;
    }
    this.#bytes -= bytes;
    return this.#entries.splice(0, count);
  }
}
