import type { AddressInfo } from 'node:net';
import type { Bind } from '../compile/snapshot.ts';
import type { Clock, Timer } from '../telemetry/export/transport.ts';
import type { Dispatcher } from './dispatcher.ts';
import { Front } from './front.ts';
import { REBIND_FIRST, REBIND_LONGEST, REFUSED_LOG_INTERVAL, SETTLE_TIMEOUT, type ServerLimits } from './limits.ts';
import type { Log } from './log.ts';

export interface PortOptions {
  readonly dispatcher: Dispatcher;
  readonly limits: ServerLimits;
  readonly clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout'>;
  /** Where to bind it. No address: all of both families, or of IPv4 where there is no IPv6. */
  readonly listenOn: { readonly address: string | undefined; readonly port: number };
  readonly log: Log;
  /** Called when the port was bound, or could not be. */
  readonly onChange: () => void;
}

/** How it stands with one port of the configuration. */
export interface PortStatus {
  /** As configured; undefined: the gateway's usual one. */
  readonly address: string | undefined;
  /** As configured. */
  readonly port: number;
  /** `namespace/name listener` of all listeners that share it. */
  readonly listeners: readonly string[];
  /** What it is bound to; another port when 0 was asked for, or `listenOn` names one. */
  readonly bound: { readonly address: string; readonly port: number } | undefined;
  /** Why it is not bound. */
  readonly problem: string | undefined;
  /** Clients' connections, open or not yet done with. */
  readonly connections: number;
}

/** How often it is looked whether all requests have ended. */
const DRAIN_INTERVAL = 20;

/** One port to listen on, for as long as it is configured: one that is taken is tried again and again. */
export class Port {
  readonly #options: PortOptions;
  readonly #front: Front;
  #bind: Bind;
  #problem: string | undefined;
  #retry: Timer | undefined;
  #delay = REBIND_FIRST;
  #closing = false;
  /** Answers are the last of their connections. */
  #retired = false;
  #refused = 0;
  #refusedLogged = Number.NEGATIVE_INFINITY;

  constructor(bind: Bind, options: PortOptions) {
    const { clock, dispatcher, limits, log } = options;
    this.#bind = bind;
    this.#options = options;
    this.#front = new Front({
      dispatcher,
      limits,
      protocol: bind.protocol,
      clock,
      log,
      bind: () => this.#bind,
      closing: () => this.#closing || this.#retired,
    });
    this.#front.server.on('drop', () => this.#onDrop());
    this.#front.server.on('error', (error) => {
      if (this.#front.server.listening) log('error', 'a port has a problem', { ...this.#name, cause: error.message });
    });
  }

  get status(): PortStatus {
    const address = this.#front.server.address() as AddressInfo | null;
    return {
      address: this.#bind.address,
      port: this.#bind.port,
      listeners: this.#bind.listeners.map(({ labels }) => `${labels.gateway} ${labels.listener}`),
      bound: address === null ? undefined : { address: address.address, port: address.port },
      problem: this.#problem,
      connections: this.#front.connections,
    };
  }

  /** Serves new requests by this; address, port and protocol are the same. */
  update(bind: Bind): void {
    this.#bind = bind;
    this.#front.refresh();
  }

  /** Binds the port; resolves after the first attempt, whether it worked or not. */
  async listen(): Promise<void> {
    const { clock, log, onChange } = this.#options;
    const error = await this.#attempt();
    if (this.#closing) {
      this.#front.close();
      return;
    }
    const problem = error && describe(error.code);
    if (problem !== undefined) {
      if (problem !== this.#problem)
        log('error', 'a port cannot be bound and is tried again', { ...this.#name, problem });
      this.#retry = clock.setTimeout(() => void this.listen(), this.#delay);
      this.#delay = Math.min(2 * this.#delay, REBIND_LONGEST);
    } else if (this.#problem !== undefined) {
      log('info', 'a port that could not be bound is bound now', this.#name);
    }
    this.#problem = problem;
    onChange();
  }

  /** Goes on listening, but each answer ends its connection: clients come back, and may be sent elsewhere. */
  retire(): void {
    this.#retired = true;
  }

  /**
   * Stops listening, lets the requests under way end for `timeout` milliseconds, then closes what is left: streams of events, which have
   * no end, as soon as nothing else is left.
   */
  async close(timeout: number): Promise<void> {
    const { clock } = this.#options;
    this.#closing = true;
    if (this.#retry !== undefined) clock.clearTimeout(this.#retry);
    this.#front.close();
    await this.#until(() => !this.#front.busy, timeout);
    this.#front.server.closeAllConnections();
    await this.#until(() => !this.#front.unfinished, SETTLE_TIMEOUT);
  }

  #attempt(): Promise<NodeJS.ErrnoException | undefined> {
    const { server } = this.#front;
    const { address, port } = this.#options.listenOn;
    return new Promise((resolve) => {
      const onError = (error: Error): void => {
        server.off('listening', onListening);
        resolve(error);
      };
      const onListening = (): void => {
        server.off('error', onError);
        resolve(undefined);
      };
      server.once('error', onError).once('listening', onListening);
      server.listen({ port, ...(address === undefined ? {} : { host: address }) });
    });
  }

  async #until(done: () => boolean, timeout: number): Promise<void> {
    const { clock } = this.#options;
    const deadline = clock.now() + timeout;
    while (!done() && clock.now() < deadline) {
      await new Promise<void>((resolve) => {
        clock.setTimeout(resolve, Math.min(DRAIN_INTERVAL, timeout));
      });
    }
  }

  get #name(): Readonly<Record<string, string>> {
    const { address, port, listeners } = this.status;
    return { ...(address === undefined ? {} : { address }), port: String(port), listeners: listeners.join(', ') };
  }

  #onDrop(): void {
    const { clock, limits, log } = this.#options;
    this.#refused += 1;
    if (clock.now() - this.#refusedLogged < REFUSED_LOG_INTERVAL) return;
    const counts = { limit: String(limits.maxConnections), refused: String(this.#refused) };
    log('warn', 'connections are refused: there are too many', { ...this.#name, ...counts });
    this.#refusedLogged = clock.now();
    this.#refused = 0;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is in use',
  EACCES: 'no permission to bind it',
  EADDRNOTAVAIL: 'the address is none of this machine',
};

const describe = (code: string | undefined): string => {
  const reason = REASONS[code ?? ''];
  return reason === undefined ? (code ?? 'unknown') : `${reason} (${code})`;
};
