/** Values of one attribute that are kept encoded: an attribute with more is not worth it. */
const MAX_VALUES = 32;
/** Attributes; those that come later are encoded each time. */
const MAX_NAMES = 256;
/** Longer values are encoded each time, in UTF-16 units. */
const MAX_LENGTH = 128;

/**
 * Encoded attributes that come again with every span: names of gateways, routes, tools. Which attributes these are shows by itself: the
 * others have too many values.
 */
export class AttributeCache {
  /** Null: it varies. */
  readonly #values = new Map<string, Map<string, Uint8Array> | null>();

  get(name: string, value: string): Uint8Array | undefined {
    return this.#values.get(name)?.get(value);
  }

  /** Whether it is worth keeping. */
  takes(name: string, value: string): boolean {
    if (value.length > MAX_LENGTH) return false;
    const values = this.#values.get(name);
    return values === undefined ? this.#values.size < MAX_NAMES : values !== null;
  }

  put(name: string, value: string, bytes: Uint8Array): void {
    const values = this.#values.get(name);
    if (values === null) return;
    if (values === undefined) this.#values.set(name, new Map([[value, bytes]]));
    else if (values.size < MAX_VALUES) values.set(value, bytes);
    else this.#values.set(name, null);
  }
}
