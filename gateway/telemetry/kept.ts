/** Bytes of a body that are kept for expressions; arguments that came in a longer one are not kept for them. */
export const MAX_KEPT_BYTES = 256 * 1_024;

const FIRST_CAPACITY = 4 * 1_024;

/** The beginning of a body that goes by, kept because an expression reads it. It is copied: pieces may come a byte at a time. */
export class KeptBytes {
  #buffer = Buffer.alloc(0);
  #length = 0;
  #whole = true;

  push(chunk: Uint8Array | string): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    const kept = bytes.subarray(0, MAX_KEPT_BYTES - this.#length);
    this.#whole &&= kept.length === bytes.length;
    const length = this.#length + kept.length;
    if (length > this.#buffer.length) this.#grow(length);
    this.#buffer.set(kept, this.#length);
    this.#length = length;
  }

  /** The first MAX_KEPT_BYTES. */
  get prefix(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** All of it; undefined if it was longer. */
  get body(): Uint8Array | undefined {
    return this.#whole ? this.prefix : undefined;
  }

  #grow(length: number): void {
    const buffer = Buffer.alloc(Math.min(MAX_KEPT_BYTES, Math.max(length, 2 * this.#buffer.length, FIRST_CAPACITY)));
    buffer.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = buffer;
  }
}
