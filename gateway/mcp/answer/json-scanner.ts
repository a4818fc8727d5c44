/**
 * Reads one JSON text as it streams by and reports the few values that are asked for, however large the text is: what is kept is one
 * captured string, the stack of open containers, and the beginning of one value whose text is asked for. It observes and never judges: a text that is not JSON only ends incomplete.
 */

/** The longest string that is reported, in bytes of JSON text; longer ones are cut. */
export const MAX_CAPTURED_BYTES = 4_096;

/** Containers in containers; a deeper text is given up. */
export const MAX_SCANNED_DEPTH = 512;

/** Keys longer than this are nobody's. */
const MAX_KEY_BYTES = 64;

/** `keys` lead on through an object, `items` through an array; `tag` asks for what stands here, `text` for so many bytes of it as they are. */
export interface Interest {
  readonly tag?: string;
  readonly text?: number;
  readonly keys?: Readonly<Record<string, Interest>>;
  readonly items?: Interest;
}

export type Scalar = string | number | boolean | null;

export interface ScanListener {
  /** A tagged place was reached, whatever stands there. */
  onKey(tag: string): void;
  /** What stands there is no object or array. */
  onScalar(tag: string, value: Scalar): void;
  /** The text of a value whose interest asks for it, or its beginning: whether it was longer is in `whole`. */
  onText?(text: string, whole: boolean): void;
}

/** A value whose text is being kept. */
interface Recording {
  /** Containers around it. */
  readonly depth: number;
  readonly parts: Buffer[];
  room: number;
  /** Where it goes on in the chunk at hand. */
  start: number;
  whole: boolean;
}

const VALUE = 0;
const FIRST_VALUE = 1;
const KEY = 2;
const FIRST_KEY = 3;
const COLON = 4;
const AFTER = 5;
const STRING = 6;
const ESCAPE = 7;
const LITERAL = 8;
const DONE = 9;
const BAD = 10;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

interface Frame {
  readonly object: boolean;
  readonly interest: Interest | undefined;
}

export class JsonScanner {
  readonly #root: Interest;
  readonly #listener: ScanListener;
  readonly #stack: Frame[] = [];
  #state = VALUE;
  /** Of the value that comes next. */
  #interest: Interest | undefined;
  #inKey = false;
  #escaped = false;
  /** Room left for the string or literal at hand; 0 when nobody asked for it. */
  #room = 0;
  #parts: Buffer[] = [];
  #recording: Recording | undefined;

  constructor(root: Interest, listener: ScanListener) {
    this.#root = root;
    this.#listener = listener;
    this.#interest = root;
  }

  /** One whole JSON text has been read. */
  get complete(): boolean {
    return this.#state === DONE;
  }

  reset(): void {
    this.#stack.length = 0;
    this.#parts = [];
    this.#recording = undefined;
    this.#state = VALUE;
    this.#interest = this.#root;
  }

  /** No more bytes: a number at the top level ends here. */
  end(): void {
    if (this.#state === LITERAL && this.#stack.length === 0) {
      this.#endLiteral();
    }
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#state !== BAD) {
      if (this.#state === STRING) {
        at = this.#string(chunk, at);
      } else if (this.#state === ESCAPE) {
        at = this.#capture(chunk, at, at + 1);
        this.#state = STRING;
      } else if (this.#state === LITERAL) {
        at = this.#literal(chunk, at);
      } else {
        const byte = chunk[at] as number;
        if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
          at = this.#token(byte, at);
        } else {
          at += 1;
        }
      }
      if (this.#recording !== undefined) this.#endRecording(chunk, at);
    }
    if (this.#recording !== undefined) {
      record(this.#recording, chunk, chunk.length);
      this.#recording.start = 0;
    }
  }

  /** If the value has ended. */
  #endRecording(chunk: Buffer, at: number): void {
    const recording = this.#recording as Recording;
    const ended = (this.#state === AFTER || this.#state === DONE) && this.#stack.length === recording.depth;
    if (!ended) return;
    record(recording, chunk, at);
    this.#recording = undefined;
    this.#listener.onText?.(Buffer.concat(recording.parts).toString('utf8'), recording.whole);
  }

  /** Returns where to read on: a literal's first byte is read again. */
  #token(byte: number, at: number): number {
    switch (this.#state) {
      case FIRST_VALUE:
      case VALUE:
        if (byte === CLOSE_ARRAY && this.#state === FIRST_VALUE) {
          this.#close(false);
        } else {
          return this.#startValue(byte, at);
        }
        break;
      case FIRST_KEY:
      case KEY:
        if (byte === CLOSE_OBJECT && this.#state === FIRST_KEY) {
          this.#close(true);
        } else if (byte === QUOTE) {
          this.#startText(STRING, true, this.#stack.at(-1)?.interest?.keys === undefined ? 0 : MAX_KEY_BYTES);
        } else {
          this.#state = BAD;
        }
        break;
      case COLON:
        this.#state = byte === 0x3a ? VALUE : BAD;
        break;
      case AFTER:
        this.#after(byte);
        break;
      default:
        // Something follows the text's end.
        this.#state = BAD;
    }
    return at + 1;
  }

  #startValue(byte: number, at: number): number {
    const { text } = this.#interest ?? {};
    if (text !== undefined && this.#recording === undefined) {
      this.#recording = { depth: this.#stack.length, parts: [], room: text, start: at, whole: true };
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      const object = byte === OPEN_OBJECT;
      this.#stack.push({ object, interest: this.#interest });
      this.#interest = object ? undefined : this.#interest?.items;
      this.#state = this.#stack.length > MAX_SCANNED_DEPTH ? BAD : object ? FIRST_KEY : FIRST_VALUE;
      return at + 1;
    }
    const room = this.#interest?.tag === undefined ? 0 : MAX_CAPTURED_BYTES;
    if (byte === QUOTE) {
      this.#startText(STRING, false, room);
      return at + 1;
    }
    this.#startText(LITERAL, false, Math.min(room, MAX_KEY_BYTES));
    if (!isLiteralByte(byte)) {
      this.#state = BAD;
    }
    // Read again, as the literal's own.
    return at;
  }

  #startText(state: number, inKey: boolean, room: number): void {
    this.#state = state;
    this.#inKey = inKey;
    this.#room = room;
    this.#escaped = false;
    this.#parts = [];
  }

  #after(byte: number): void {
    const frame = this.#stack.at(-1);
    if (byte === COMMA && frame !== undefined) {
      this.#state = frame.object ? KEY : VALUE;
      this.#interest = frame.object ? undefined : frame.interest?.items;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      this.#close(byte === CLOSE_OBJECT);
    } else {
      this.#state = BAD;
    }
  }

  #close(object: boolean): void {
    const frame = this.#stack.pop();
    this.#state = frame?.object !== object ? BAD : this.#stack.length === 0 ? DONE : AFTER;
  }

  #string(chunk: Buffer, start: number): number {
    let at = start;
    while (at < chunk.length) {
      const byte = chunk[at] as number;
      if (byte === QUOTE) {
        this.#capture(chunk, start, at);
        this.#endString();
        return at + 1;
      }
      if (byte === BACKSLASH) {
        this.#escaped = true;
        this.#state = ESCAPE;
        return this.#capture(chunk, start, at + 1);
      }
      at += 1;
    }
    return this.#capture(chunk, start, at);
  }

  #literal(chunk: Buffer, start: number): number {
    let at = start;
    while (at < chunk.length && isLiteralByte(chunk[at] as number)) {
      at += 1;
    }
    this.#capture(chunk, start, at);
    if (at < chunk.length) {
      this.#endLiteral();
    }
    return at;
  }

  #endString(): void {
    if (this.#inKey) {
      this.#state = COLON;
      const keys = this.#stack.at(-1)?.interest?.keys;
      const key = keys === undefined ? undefined : this.#text();
      this.#interest = keys !== undefined && key !== undefined && Object.hasOwn(keys, key) ? keys[key] : undefined;
      if (this.#interest?.tag !== undefined) {
        this.#listener.onKey(this.#interest.tag);
      }
      return;
    }
    this.#endScalar(() => this.#text());
  }

  #endLiteral(): void {
    this.#endScalar(() => literalValue(Buffer.concat(this.#parts).toString('latin1')));
  }

  #endScalar(read: () => Scalar | undefined): void {
    this.#state = this.#stack.length === 0 ? DONE : AFTER;
    const tag = this.#interest?.tag;
    const value = tag === undefined ? undefined : read();
    if (tag !== undefined && value !== undefined) {
      this.#listener.onScalar(tag, value);
    }
    this.#parts = [];
  }

  /** Undefined when the escapes are not JSON's. */
  #text(): string | undefined {
    const raw = Buffer.concat(this.#parts).toString('utf8');
    if (!this.#escaped) {
      return raw;
    }
    try {
      // A cut may have gone through an escape.
      return JSON.parse(`"${this.#room === 0 ? raw.replace(/\\(?:u[0-9A-Fa-f]{0,3})?$/, '') : raw}"`) as string;
    } catch {
      return undefined;
    }
  }

  #capture(chunk: Buffer, start: number, end: number): number {
    const length = Math.min(end - start, this.#room);
    if (length > 0) {
      this.#parts.push(chunk.subarray(start, start + length));
      this.#room -= length;
    }
    return end;
  }
}

const record = (recording: Recording, chunk: Buffer, end: number): void => {
  const length = end - recording.start;
  if (length > recording.room) recording.whole = false;
  const kept = Math.min(length, recording.room);
  // A copy: the chunk may be large, and its memory somebody else's.
  if (kept > 0) recording.parts.push(Buffer.from(chunk.subarray(recording.start, recording.start + kept)));
  recording.room -= kept;
};

/** Letters, digits, sign and point: all that numbers, true, false and null are made of. */
const isLiteralByte = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x2d ||
  byte === 0x2b ||
  byte === 0x2e ||
  byte === 0x45;

const literalValue = (text: string): Scalar | undefined => {
  try {
    return JSON.parse(text) as Scalar;
  } catch {
    return undefined;
  }
};
