import { type Page, TEXT } from './pages.ts';

/**
 * Whether clients should be sent here: from the moment when all ports of a configuration are bound, and there is one, until the gateway
 * goes away. A later configuration with a port that cannot be bound does not take that back: the others go on.
 * A proxy whose Gateway has no listener that can be served is as ready as it can be.
 */
export class Readiness {
  #state: 'starting' | 'ready' | 'draining' = 'starting';
  readonly #needsPorts: boolean;

  /** @param needsPorts whether a configuration without any port means that one is still to come */
  constructor(needsPorts = true) {
    this.#needsPorts = needsPorts;
  }

  get ready(): boolean {
    return this.#state === 'ready';
  }

  /** Call when a snapshot was applied, or a port's state has changed. */
  onPorts(ports: readonly { readonly bound: unknown }[]): void {
    const allBound = (ports.length > 0 || !this.#needsPorts) && ports.every(({ bound }) => bound !== undefined);
    if (this.#state === 'starting' && allBound) this.#state = 'ready';
  }

  drain(): void {
    this.#state = 'draining';
  }

  pages(): ReadonlyMap<string, () => Page> {
    const page = (): Page => ({ status: this.ready ? 200 : 503, type: TEXT, body: `${this.#state}\n` });
    return new Map([['/healthz/ready', page]]);
  }
}
