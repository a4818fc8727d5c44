import type { Resource } from '../trace/span.ts';
import { type DropReason, SpanAccount, type SpanCounts } from './account.ts';
import { type ExportHealth, type WriteLog, watchHealth } from './health.ts';
import { OtlpEncoder } from './protobuf/encode.ts';
import { MAX_BATCH_SPANS, MAX_QUEUE_SPANS, type QueueEntry, SpanQueue } from './queue.ts';
import { DEFAULT_RETRY, type RetryPolicy, sendWithRetry } from './retry.ts';
import type { Signal, Sink } from './signal.ts';
import type { Clock, Timer, Transport } from './transport.ts';

export interface BatchOptions {
  /** Milliseconds that a span waits for company. Default 5000, OpenTelemetry's. */
  readonly delay?: number;
  /** Most spans waiting. Default 2048. */
  readonly maxQueue?: number;
  /** Most spans of one request; as many start an export at once. Default 512. */
  readonly maxBatch?: number;
  readonly retry?: Partial<RetryPolicy>;
}

/** Default of `BatchOptions.delay`, in milliseconds. */
export const BATCH_DELAY = 5000;

/**
 * Sends spans in batches, one request in flight. Spans are encoded when they are offered, so that what waits is bounded in bytes; every
 * span ends up exported or in one of the drop counters.
 */
export class BatchExporter<T> implements Sink<T> {
  readonly #signal: Signal<T>;
  readonly #encoder: OtlpEncoder;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #delay: number;
  readonly #maxBatch: number;
  readonly #retry: RetryPolicy;
  readonly #queue: SpanQueue;
  readonly #health: ExportHealth;
  readonly #total = new SpanAccount();
  /** Of spans offered without an account. */
  readonly #own = new SpanAccount();
  readonly #abort = new AbortController();
  #timer: Timer | undefined;
  /** Spans at the head of the queue that need not wait any longer. */
  #due = 0;
  #draining: Promise<void> | undefined;
  #shutdown: Promise<void> | undefined;

  /** @param name the collector, as log lines call it. */
  constructor(
    signal: Signal<T>,
    name: string,
    resource: Resource,
    transport: Transport,
    clock: Clock,
    log: WriteLog,
    options: BatchOptions = {},
  ) {
    this.#signal = signal;
    this.#encoder = new OtlpEncoder(resource, signal.scope);
    this.#transport = transport;
    this.#clock = clock;
    this.#delay = options.delay ?? BATCH_DELAY;
    this.#maxBatch = options.maxBatch ?? MAX_BATCH_SPANS;
    this.#retry = { ...DEFAULT_RETRY, ...options.retry };
    this.#queue = new SpanQueue(options.maxQueue ?? MAX_QUEUE_SPANS);
    this.#health = watchHealth(signal.entries, name, log);
  }

  /** No longer takes spans. */
  get closed(): boolean {
    return this.#shutdown !== undefined;
  }

  /** All spans of all accounts. */
  stats(): SpanCounts {
    return this.#total;
  }

  /** @param account is charged too, beside the exporter's own total. */
  export(entries: readonly T[], account: SpanAccount = this.#own): void {
    for (const entry of entries) {
      this.#total.offered++;
      account.offered++;
      if (this.closed) this.#drop(account, 'shutdown');
      else if (!this.#queue.hasRoom()) {
        this.#drop(account, 'queue_full');
        this.#health.overflowed();
      } else this.#enqueue(entry, account);
    }
    if (this.closed || this.#queue.length === 0) return;
    if (this.#queue.length >= this.#maxBatch) this.#drain(this.#maxBatch);
    else this.#arm();
  }

  /** Sends what waits, then ends the connection; what is left after `timeout` milliseconds is dropped and counted. A second call may shorten the time. */
  shutdown(timeout: number): Promise<void> {
    const timer = this.#clock.setTimeout(() => this.#abort.abort(), timeout);
    this.#shutdown ??= this.#close();
    return this.#shutdown.finally(() => this.#clock.clearTimeout(timer));
  }

  #enqueue(entry: T, account: SpanAccount): void {
    let bytes: Buffer;
    try {
      bytes = this.#signal.encode(this.#encoder, entry);
    } catch {
      // Nothing that keeps to SpanData's types gets here; a sink must not throw even so.
      this.#drop(account, 'rejected');
      return;
    }
    this.#queue.push({ bytes, account });
    this.#total.queued++;
    account.queued++;
  }

  #drop(account: SpanAccount, reason: DropReason): void {
    this.#total.dropped[reason]++;
    account.dropped[reason]++;
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#draining !== undefined) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#drain(this.#queue.length);
    }, this.#delay);
    this.#timer.unref();
  }

  #drain(due: number): void {
    this.#due = Math.max(this.#due, due);
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#draining ??= this.#run();
  }

  async #run(): Promise<void> {
    // The request that offered the last span goes first.
    await Promise.resolve();
    while (this.#queue.length > 0 && (this.#due > 0 || this.#queue.length >= this.#maxBatch)) {
      const batch = this.#queue.take(this.#maxBatch);
      this.#due = Math.max(0, this.#due - batch.length);
      await this.#send(batch);
    }
    // In the same turn as the last look at the queue: a span offered from now on starts a timer or a run of its own.
    this.#due = 0;
    this.#draining = undefined;
    if (this.#queue.length > 0) this.#arm();
  }

  async #send(batch: readonly QueueEntry[]): Promise<void> {
    const { signal } = this.#abort;
    let exported = 0;
    let otherwise: DropReason = 'shutdown';
    try {
      if (signal.aborted) return;
      const request = this.#encoder.request(batch.map((entry) => entry.bytes));
      const outcome = await sendWithRetry(this.#transport, request, this.#retry, this.#clock, signal, (attempt) => {
        if (!signal.aborted) this.#health.attempted(attempt, this.#queue.length < this.#maxBatch);
      });
      if (outcome.ok) exported = batch.length - Math.min(batch.length, Math.max(0, outcome.rejectedSpans));
      otherwise = outcome.ok ? 'rejected' : signal.aborted ? 'shutdown' : outcome.reason;
    } catch {
      // Out of memory, or a log that throws: the spans are lost, the exporter is not.
      otherwise = 'unreachable';
    } finally {
      this.#settle(batch, exported, otherwise);
    }
  }

  /** A collector says how many spans it refused, not which: they are charged to the last ones of the batch. */
  #settle(batch: readonly QueueEntry[], exported: number, otherwise: DropReason): void {
    for (const [index, { account }] of batch.entries()) {
      this.#total.queued--;
      account.queued--;
      if (index < exported) {
        this.#total.exported++;
        account.exported++;
      } else this.#drop(account, otherwise);
    }
  }

  async #close(): Promise<void> {
    if (this.#queue.length > 0) this.#drain(this.#queue.length);
    await this.#draining;
    this.#transport.close();
  }
}
