/**
 * Writes protobuf from the last byte to the first (https://protobuf.dev/programming-guides/encoding/): a nested message's length is then
 * known when its prefix is written, so one pass is enough. Callers therefore write fields in descending order.
 */
export class BackwardWriter {
  #buffer: Buffer;
  #position: number;

  /** @param initialBytes first size of the scratch buffer, which doubles when it is too small. */
  constructor(initialBytes = 4096) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
    this.#position = initialBytes;
  }

  /** Bytes written so far; `length()` before and after a nested message gives that message's size. */
  length(): number {
    return this.#buffer.length - this.#position;
  }

  /** A copy of what was written; the writer is empty afterwards. */
  take(): Buffer {
    const bytes = Buffer.from(this.#buffer.subarray(this.#position));
    this.reset();
    return bytes;
  }

  reset(): void {
    this.#position = this.#buffer.length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[--this.#position] = value;
  }

  /** @param value integer from 0 to 2^53 - 1. */
  varint(value: number): void {
    if (value < 0x80) {
      this.byte(value);
      return;
    }
    let size = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
    this.#reserve(size);
    this.#position -= size;
    let at = this.#position;
    while (value >= 0x80) {
      this.#buffer[at++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#buffer[at] = value;
  }

  /** `int64`: two's complement, ten bytes when negative; what does not fit is clamped to the nearest value that does. */
  int64(value: bigint): void {
    const small = Number(value);
    if (small >= 0 && Number.isSafeInteger(small)) {
      this.varint(small);
      return;
    }
    const clamped = value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : value;
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, clamped);
    for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    for (let index = bytes.length - 1; index >= 0; index--) this.byte(bytes[index] ?? 0);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#position -= 8;
    this.#buffer.writeDoubleLE(value, this.#position);
  }

  fixed32(value: number): void {
    this.#reserve(4);
    this.#position -= 4;
    this.#buffer.writeUInt32LE(value >>> 0, this.#position);
  }

  /** `fixed64` nanoseconds of the Unix epoch from milliseconds with fractions; without BigInt, and exact for whole milliseconds. */
  unixNano(milliseconds: number): void {
    const time = milliseconds > 0 ? Math.min(milliseconds, MAX_TIME_MS) : 0;
    const whole = Math.floor(time);
    const seconds = Math.floor(whole / 1000);
    // 1e9 * seconds needs 62 bits: multiply the halves of `seconds` apart, each product stays below 2^53.
    const low = (seconds % 0x10000) * 1e9 + (whole % 1000) * 1e6 + Math.round((time - whole) * 1e6);
    const high = Math.floor(seconds / 0x10000) * 1e9;
    const lowWord = low + (high % 0x10000) * 0x10000;
    this.fixed32(Math.floor(high / 0x10000) + Math.floor(lowWord / 0x100000000));
    this.fixed32(lowWord % 0x100000000);
  }

  /** Hex digits as `size` bytes; what is missing or no hex is zero. */
  hex(digits: string, size: number): void {
    this.#reserve(size);
    this.#position -= size;
    const written = this.#buffer.write(digits, this.#position, size, 'hex');
    if (written < size) this.#buffer.fill(0, this.#position + written, this.#position + size);
  }

  /** UTF-8, at most `maxBytes` of it, never cut inside a character; lone surrogates become U+FFFD. */
  string(value: string, maxBytes: number): void {
    if (value.length <= SHORT_STRING && value.length <= maxBytes && this.#ascii(value)) return;
    // A string of n UTF-16 units has at least n bytes: nothing beyond `maxBytes` units can be kept.
    const bounded = value.length > maxBytes ? value.slice(0, maxBytes) : value;
    const size = Buffer.byteLength(bounded);
    if (size <= maxBytes) {
      this.#reserve(size);
      this.#position -= size;
      this.#buffer.write(bounded, this.#position, size);
      return;
    }
    const cut = Buffer.allocUnsafe(maxBytes);
    this.bytes(cut.subarray(0, cut.write(bounded, 0, maxBytes)));
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#position -= value.length;
    if (value.length > SHORT_BYTES) {
      this.#buffer.set(value, this.#position);
      return;
    }
    // Cheaper than a call into the runtime.
    for (let index = 0; index < value.length; index++) this.#buffer[this.#position + index] = value[index] as number;
  }

  /** A copy of what was written since `length()` was `before`. */
  since(before: number): Uint8Array {
    return Uint8Array.from(this.#buffer.subarray(this.#position, this.#buffer.length - before));
  }

  /** Most strings are short and ASCII: copying them here is cheaper than a call into the runtime. */
  #ascii(value: string): boolean {
    this.#reserve(value.length);
    const start = this.#position - value.length;
    const buffer = this.#buffer;
    for (let index = 0; index < value.length; index++) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) return false;
      buffer[start + index] = unit;
    }
    this.#position = start;
    return true;
  }

  #reserve(size: number): void {
    if (this.#position >= size) return;
    const used = this.length();
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, used + size));
    grown.set(this.#buffer.subarray(this.#position), grown.length - used);
    this.#position = grown.length - used;
    this.#buffer = grown;
  }
}

/** Copied one by one up to this many. */
const SHORT_BYTES = 48;
/** Strings up to this many UTF-16 units are tried as ASCII first. */
const SHORT_STRING = 64;
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
/** 2^64 - 1 nanoseconds is in the year 2554; anything later is a broken clock. */
const MAX_TIME_MS = 18_446_744_073_708;
