/** Longest ClientHello with its records that is read: a usual one has less than 2 KiB. */
export const MAX_CLIENT_HELLO = 32 * 1_024;

const HANDSHAKE_RECORD = 22;
const MAX_RECORD = 16_384;
const CLIENT_HELLO = 1;
const SERVER_NAME_EXTENSION = 0;
const HOST_NAME = 0;

/** What is read of a ClientHello. */
export interface ClientHello {
  /** In lower case; empty: none was sent. Undefined: what was sent is no name. */
  readonly serverName: string | undefined;
}

/**
 * The server name that a client's first bytes ask for (RFC 8446 §4.1.2, RFC 6066 §3): TLS itself checks the rest of them.
 * @returns `incomplete` if more bytes are needed, `invalid` if they are no ClientHello
 */
export const readClientHello = (bytes: Buffer): ClientHello | 'incomplete' | 'invalid' => {
  const message = joinRecords(bytes);
  if (typeof message === 'string') return message;
  try {
    // Behind type, length, version and random.
    let rest = new Reader(message, 4 + 2 + 32);
    rest.vector(1);
    rest.vector(2);
    rest.vector(1);
    if (rest.atEnd) return { serverName: '' };
    rest = rest.vector(2);
    while (!rest.atEnd) {
      const type = rest.number(2);
      const extension = rest.vector(2);
      if (type === SERVER_NAME_EXTENSION) return { serverName: readServerName(extension) };
    }
    return { serverName: '' };
  } catch {
    return 'invalid';
  }
};

/** A name without its port and without dot at the end, as the RFC wants it. */
const SERVER_NAME = /^[a-z0-9._-]*[a-z0-9_-]$/;

const readServerName = (extension: Reader): string | undefined => {
  const names = extension.vector(2);
  while (!names.atEnd) {
    const type = names.number(1);
    const name = names.vector(2).text().toLowerCase();
    if (type === HOST_NAME) return SERVER_NAME.test(name) ? name : undefined;
  }
  return '';
};

/** The handshake message that the records hold, which may be cut up anywhere (RFC 8446 §5.1). */
const joinRecords = (bytes: Buffer): Buffer | 'incomplete' | 'invalid' => {
  const fragments: Buffer[] = [];
  let length = 0;
  let wanted = 4;
  for (let at = 0; length < wanted; ) {
    // What is no TLS is known by its first byte: nothing else of it may come.
    if (at < bytes.length && bytes[at] !== HANDSHAKE_RECORD) return 'invalid';
    if (at + 5 > bytes.length) return at + 5 > MAX_CLIENT_HELLO ? 'invalid' : 'incomplete';
    const size = bytes.readUInt16BE(at + 3);
    if (bytes[at + 1] !== 3 || size === 0 || size > MAX_RECORD) return 'invalid';
    const fragment = bytes.subarray(at + 5, at + 5 + size);
    fragments.push(fragment);
    length += fragment.length;
    at += 5 + size;
    if (length >= 4 && wanted === 4) {
      const head = Buffer.concat(fragments, 4);
      wanted = 4 + head.readUIntBE(1, 3);
      if (head[0] !== CLIENT_HELLO || wanted > MAX_CLIENT_HELLO) return 'invalid';
    }
    if (length < wanted && at > bytes.length) return at > MAX_CLIENT_HELLO ? 'invalid' : 'incomplete';
  }
  return Buffer.concat(fragments, wanted);
};

/** Reads on and throws a RangeError where nothing is left. */
class Reader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  number(size: 1 | 2): number {
    const value = this.#bytes.readUIntBE(this.#at, size);
    this.#at += size;
    return value;
  }

  /** What follows a length of `size` bytes. */
  vector(size: 1 | 2): Reader {
    const length = this.number(size);
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('longer than what holds it');
    const content = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return new Reader(content);
  }

  text(): string {
    return this.#bytes.toString('latin1', this.#at);
  }
}
