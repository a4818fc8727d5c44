import type { Bind, Snapshot } from '../compile/snapshot.ts';
import type { Clock } from '../telemetry/export/transport.ts';
import { Dispatcher, type DispatcherOptions } from './dispatcher.ts';
import { SERVER_LIMITS, type ServerLimits } from './limits.ts';
import { Port, type PortStatus } from './port.ts';

export interface GatewayServerOptions extends DispatcherOptions {
  readonly clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout'>;
  /** For binds that name no address. Default: all addresses of both families, or of IPv4 where there is no IPv6. */
  readonly address?: string | undefined;
  /** Where a listener's port is bound instead. Default: there. */
  readonly listenOn?: (port: number) => number;
  readonly limits?: Partial<ServerLimits>;
  /** Milliseconds for requests of a port that is no longer configured; default DRAIN_TIMEOUT. */
  readonly drainTimeout?: number;
  /** Called when a port was bound, or could not be. */
  readonly onPorts?: () => void;
}

/** Milliseconds that requests under way get to end, when their port or the gateway goes away. */
export const DRAIN_TIMEOUT = 30_000;

/** The listeners' ports: what a snapshot asks for is bound, what it no longer asks for is drained, the rest stays as it is. */
export class GatewayServer {
  readonly #options: GatewayServerOptions;
  readonly #limits: ServerLimits;
  readonly #dispatcher: Dispatcher;
  readonly #ports = new Map<string, Port>();
  readonly #draining = new Set<Promise<void>>();

  constructor(options: GatewayServerOptions) {
    this.#options = options;
    this.#limits = { ...SERVER_LIMITS, ...options.limits };
    this.#dispatcher = new Dispatcher(options, this.#limits);
  }

  /** New requests are served by this snapshot from now on. Resolves when each new port is bound or could not be: see `ports`. */
  async apply({ binds }: Snapshot): Promise<void> {
    const wanted = new Set(binds.map(keyOf));
    for (const [key, port] of this.#ports) {
      if (!wanted.has(key)) {
        this.#ports.delete(key);
        this.#drain(port, this.#options.drainTimeout ?? DRAIN_TIMEOUT);
      }
    }
    const attempts: Promise<void>[] = [];
    for (const bind of binds) {
      const known = this.#ports.get(keyOf(bind));
      if (known !== undefined) {
        known.update(bind);
        continue;
      }
      const { clock, log, listenOn = (port) => port, onPorts = () => {} } = this.#options;
      const port = new Port(bind, {
        dispatcher: this.#dispatcher,
        limits: this.#limits,
        clock,
        listenOn: { address: bind.address ?? this.#options.address, port: listenOn(bind.port) },
        log,
        onChange: onPorts,
      });
      this.#ports.set(keyOf(bind), port);
      attempts.push(port.listen());
    }
    await Promise.all(attempts);
  }

  /** In the order of the snapshot's history. */
  get ports(): readonly PortStatus[] {
    return [...this.#ports.values()].map(({ status }) => status);
  }

  /** Each answer ends its connection from now on, so that clients are elsewhere when the ports are closed. */
  retire(): void {
    for (const port of this.#ports.values()) port.retire();
  }

  /** Stops listening, and resolves when all requests have ended or `timeout` milliseconds are over. */
  async close(timeout: number): Promise<void> {
    for (const port of this.#ports.values()) this.#drain(port, timeout);
    this.#ports.clear();
    await Promise.all(this.#draining);
  }

  #drain(port: Port, timeout: number): void {
    const drained = port.close(timeout).finally(() => this.#draining.delete(drained));
    this.#draining.add(drained);
  }
}

/** A port that changes its protocol is another one: the connections that it has go on as they began. */
const keyOf = ({ address = '', port, protocol }: Bind): string => `${protocol} ${address} ${port}`;
