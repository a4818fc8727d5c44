import { type Page, TEXT } from './pages.ts';

/**
 * Whether clients should be sent here: from the moment when all ports of a configuration are bound, and there is one, until the gateway
 * goes away. A later configuration with a port that cannot be bound does not take that back: the others go on.
 */
export class Readiness {
  #state: 'starting' | 'ready' | 'draining' = 'starting';

  get ready(): boolean {
    return this.#state === 'ready';
  }

  /** Call when a snapshot was applied, or a port's state has changed. */
  onPorts(ports: readonly { readonly bound: unknown }[]): void {
    const allBound = ports.length > 0 && ports.every(({ bound }) => bound !== undefined);
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
