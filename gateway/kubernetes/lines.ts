/** Splits bytes into lines. */
export class LineSplitter {
  readonly #longest: number;
  readonly #onLine: (line: string) => void;
  #parts: Buffer[] = [];
  #length = 0;

  /** @param longest bytes of a line */
  constructor(longest: number, onLine: (line: string) => void) {
    this.#longest = longest;
    this.#onLine = onLine;
  }

  /** @throws RangeError when a line is longer. */
  write(chunk: Buffer): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(0x0a, start);
      const part = chunk.subarray(start, end === -1 ? chunk.length : end);
      this.#length += part.length;
      if (this.#length > this.#longest) throw new RangeError(`a line of more than ${this.#longest} bytes`);
      if (part.length > 0) this.#parts.push(part);
      if (end === -1) return;
      const line = Buffer.concat(this.#parts).toString('utf8');
      this.#parts = [];
      this.#length = 0;
      if (line !== '') this.#onLine(line);
      start = end + 1;
    }
  }
}
