/** Text that is written at the latest when so much of it waits, in characters. */
const MAX_WAITING = 64 * 1_024;

/**
 * Writes the lines of one turn of the event loop together: each write to a pipe is a system call. `flush` writes what waits at once.
 */
export class LineWriter {
  readonly #write: (text: string) => void;
  readonly #defer: (run: () => void) => unknown;
  #waiting = '';
  #deferred = false;

  /** @param defer runs later: `setImmediate` */
  constructor(write: (text: string) => void, defer: (run: () => void) => unknown) {
    this.#write = write;
    this.#defer = defer;
  }

  line(text: string): void {
    this.#waiting += `${text}\n`;
    if (this.#waiting.length >= MAX_WAITING) this.flush();
    else if (!this.#deferred) {
      this.#deferred = true;
      this.#defer(() => {
        this.#deferred = false;
        this.flush();
      });
    }
  }

  flush(): void {
    const text = this.#waiting;
    this.#waiting = '';
    if (text !== '') this.#write(text);
  }
}
