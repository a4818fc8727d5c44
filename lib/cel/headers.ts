export type HeaderValue = string | readonly string[];

/** Header names are found in any case (RFC 9110 §5.1); the engine takes it for a Map by its constructor. */
class HeaderMap extends Map<string, HeaderValue> {
  override get(name: string): HeaderValue | undefined {
    return super.get(typeof name === 'string' ? name.toLowerCase() : name);
  }
}
Object.defineProperty(HeaderMap.prototype, 'constructor', { value: Map });

/** Header fields as expressions read them: one value as a string, several as a list. */
export const headerMap = (
  headers: Iterable<readonly [name: string, value: HeaderValue | number | undefined]>,
): ReadonlyMap<string, HeaderValue> => {
  const map = new HeaderMap();
  for (const [name, value] of headers) {
    if (value !== undefined) map.set(name.toLowerCase(), typeof value === 'number' ? String(value) : value);
  }
  return map;
};
