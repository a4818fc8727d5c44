import type { Snapshot } from '../compile/snapshot.ts';
import type { Clock } from '../telemetry/export/transport.ts';
import { Dispatcher, type DispatcherOptions } from './dispatcher.ts';
import { SERVER_LIMITS, type ServerLimits } from './limits.ts';
import { Port, type PortStatus } from './port.ts';

export interface GatewayServerOptions extends DispatcherOptions {
  readonly clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout'>;
  /** Default: all addresses of both families, or of IPv4 where there is no IPv6. */
  readonly address?: string | undefined;
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
  readonly #ports = new Map<number, Port>();
  readonly #draining = new Set<Promise<void>>();

  constructor(options: GatewayServerOptions) {
    this.#options = options;
    this.#limits = { ...SERVER_LIMITS, ...options.limits };
    this.#dispatcher = new Dispatcher(options, this.#limits);
  }

  /** New requests are served by this snapshot from now on. Resolves when each new port is bound or could not be: see `ports`. */
  async apply({ binds }: Snapshot): Promise<void> {
    const wanted = new Set(binds.map(({ port }) => port));
    for (const [number, port] of this.#ports) {
      if (!wanted.has(number)) {
        this.#ports.delete(number);
        this.#drain(port, this.#options.drainTimeout ?? DRAIN_TIMEOUT);
      }
    }
    const attempts: Promise<void>[] = [];
    for (const bind of binds) {
      const known = this.#ports.get(bind.port);
      if (known !== undefined) {
        known.update(bind);
        continue;
      }
      const { clock, address, log, onPorts = () => {} } = this.#options;
      const limits = this.#limits;
      const port = new Port(bind, { dispatcher: this.#dispatcher, limits, clock, address, log, onChange: onPorts });
      this.#ports.set(bind.port, port);
      attempts.push(port.listen());
    }
    await Promise.all(attempts);
  }

  /** In the order of the snapshot's history. */
  get ports(): readonly PortStatus[] {
    return [...this.#ports.values()].map(({ status }) => status);
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
