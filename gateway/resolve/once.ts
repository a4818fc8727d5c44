/** What is made of a key is made once, and shared by all who ask with the same one. */
export class Once<K, V> {
  readonly #made = new Map<K, V>();

  get(key: K, make: () => V): V {
    let value = this.#made.get(key);
    if (value === undefined && !this.#made.has(key)) {
      value = make();
      this.#made.set(key, value);
    }
    return value as V;
  }
}
