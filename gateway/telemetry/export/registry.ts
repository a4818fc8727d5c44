import type { ExportPolicy } from '../policy.ts';
import { SpanAccount, type SpanCounts } from './account.ts';
import { BatchExporter, type BatchOptions } from './exporter.ts';
import type { WriteLog } from './health.ts';
import type { Signal, Sink } from './signal.ts';
import { authority, type Clock, type Timer, type TransportOptions } from './transport.ts';
import { GrpcTransport } from './transports/grpc.ts';
import { HttpTransport } from './transports/http.ts';

export interface ExportersOptions<T> {
  readonly signal: Signal<T>;
  readonly clock: Clock;
  readonly log: WriteLog;
  readonly dial?: TransportOptions['dial'];
  readonly batch?: BatchOptions;
}

export interface PolicyCounts extends SpanCounts {
  /** `namespace/name`. */
  readonly policy: string;
}

/** Milliseconds that an exporter no longer in use has to send what it holds. */
export const RETIRE_FLUSH = 10_000;
/** Milliseconds that an exporter lives which a request of an earlier configuration needed once more. */
export const LATE_LIFE = 30_000;

/** One exporter per collector and resource, kept across reloads that do not change them, and the counts of each policy. */
export class Exporters<T> {
  readonly #options: ExportersOptions<T>;
  readonly #exporters = new Map<string, BatchExporter<T>>();
  readonly #accounts = new Map<string, SpanAccount>();
  /** Policies belong to a snapshot: what was looked up for one goes with it. */
  readonly #sinks = new WeakMap<ExportPolicy, Sink<T>>();
  /** Keys and policies that the current configuration refers to; undefined before the first `reconcile`. */
  #inUse: { readonly keys: ReadonlySet<string>; readonly policies: ReadonlySet<string> } | undefined;
  readonly #closing = new Set<BatchExporter<T>>();
  readonly #lateTimers = new Set<Timer>();
  #shutdown: Promise<void> | undefined;

  constructor(options: ExportersOptions<T>) {
    this.#options = options;
  }

  /** Where a policy's spans go. Cheap enough for each request; connects nothing before the first span. */
  sink(policy: ExportPolicy): Sink<T> {
    let sink = this.#sinks.get(policy);
    if (sink === undefined) {
      const key = exporterKey(policy);
      let exporter = this.#exporter(key, policy);
      sink = {
        export: (entries) => {
          if (exporter.closed) exporter = this.#exporter(key, policy);
          exporter.export(entries, this.#account(policy.policy));
        },
      };
      this.#sinks.set(policy, sink);
    }
    return sink;
  }

  /**
   * After a reload: exporters that no policy refers to send what they hold and close; policies that are gone are forgotten once their
   * last span is accounted for, so the number of series stays bounded.
   */
  reconcile(policiesInUse: Iterable<ExportPolicy>): void {
    if (this.#shutdown !== undefined) return;
    const policies = [...policiesInUse];
    this.#inUse = { keys: new Set(policies.map(exporterKey)), policies: new Set(policies.map(({ policy }) => policy)) };
    for (const key of this.#exporters.keys()) this.#retire(key);
    for (const [policy, account] of this.#accounts) {
      if (account.queued === 0 && !this.#inUse.policies.has(policy)) this.#accounts.delete(policy);
    }
  }

  /** Counts of every policy that offered a span, by name. */
  stats(): PolicyCounts[] {
    return [...this.#accounts]
      .map(([policy, account]) => ({ policy, ...account, dropped: { ...account.dropped } }))
      .sort((a, b) => (a.policy < b.policy ? -1 : 1));
  }

  /** Sends what waits and ends all connections, within `timeout` milliseconds. Spans offered later are dropped and counted. */
  shutdown(timeout: number): Promise<void> {
    this.#shutdown ??= (async () => {
      for (const timer of this.#lateTimers) this.#options.clock.clearTimeout(timer);
      this.#lateTimers.clear();
      const all = [...this.#exporters.values(), ...this.#closing];
      await Promise.all(all.map((exporter) => exporter.shutdown(timeout)));
    })();
    return this.#shutdown;
  }

  #exporter(key: string, policy: ExportPolicy): BatchExporter<T> {
    let exporter = this.#exporters.get(key);
    if (exporter !== undefined) return exporter;
    const { signal, clock, log, batch, dial } = this.#options;
    const { collector, resource } = policy;
    const Transport = collector.protocol === 'GRPC' ? GrpcTransport : HttpTransport;
    const transport = new Transport(collector, {
      clock,
      method: signal.method,
      ...(dial === undefined ? {} : { dial }),
    });
    exporter = new BatchExporter(signal, authority(collector), resource, transport, clock, log, batch);
    this.#exporters.set(key, exporter);
    if (this.#shutdown !== undefined) void exporter.shutdown(0);
    else if (this.#inUse !== undefined && !this.#inUse.keys.has(key)) this.#retireLater(key);
    return exporter;
  }

  #account(policy: string): SpanAccount {
    let account = this.#accounts.get(policy);
    if (account === undefined) {
      account = new SpanAccount();
      this.#accounts.set(policy, account);
    }
    return account;
  }

  /** A request that began under an earlier configuration ended after its exporter had gone. */
  #retireLater(key: string): void {
    const timer = this.#options.clock.setTimeout(() => {
      this.#lateTimers.delete(timer);
      this.#retire(key);
    }, LATE_LIFE);
    timer.unref();
    this.#lateTimers.add(timer);
  }

  #retire(key: string): void {
    const exporter = this.#exporters.get(key);
    if (exporter === undefined || this.#inUse?.keys.has(key) !== false) return;
    this.#exporters.delete(key);
    this.#closing.add(exporter);
    void exporter.shutdown(RETIRE_FLUSH).finally(() => this.#closing.delete(exporter));
  }
}

const exporterKey = ({ collector, resource }: ExportPolicy): string =>
  JSON.stringify([collector, resource.map(({ name, value }) => [name, typeof value, String(value)])]);
