/** Hears of the events of one stream (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation). */
export interface SseListener {
  /** Bytes of the event at hand's data, as they come; the line break between two `data` lines included. */
  onData(bytes: Buffer): void;
  /** The event at hand is complete; `type` is `message` unless the event has one. */
  onEvent(type: string): void;
  /** An event carried an id: the client can resume the stream after it. */
  onId(): void;
}

/** Field names and event types that are longer are nobody's. */
const MAX_FIELD_BYTES = 64;

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const NEWLINE = Buffer.from('\n');
const BOM = [0xef, 0xbb, 0xbf] as const;

const NAME = 0;
const AFTER_COLON = 1;
const TEXT = 2;

/** Follows an event stream chunk by chunk, wherever the chunks are cut; keeps no data, only the field at hand. */
export class SseScanner {
  readonly #listener: SseListener;
  #state = NAME;
  #field = '';
  /** Value of an `event` line. */
  #value = '';
  #type = '';
  #hasFields = false;
  #hasData = false;
  #afterCr = false;
  #lineStart = true;
  #bom = 0;

  constructor(listener: SseListener) {
    this.#listener = listener;
  }

  /** Between two events: what is written now is an event of its own. */
  get atBoundary(): boolean {
    return this.#lineStart && !this.#hasFields;
  }

  push(chunk: Buffer): void {
    let at = this.#skipBom(chunk);
    while (at < chunk.length) {
      const byte = chunk[at] as number;
      if (this.#afterCr && byte === LF) {
        this.#afterCr = false;
        at += 1;
      } else if (byte === LF || byte === CR) {
        this.#afterCr = byte === CR;
        this.#endLine();
        at += 1;
      } else {
        this.#afterCr = false;
        this.#lineStart = false;
        at = this.#inLine(chunk, at, byte);
      }
    }
  }

  #skipBom(chunk: Buffer): number {
    let at = 0;
    while (this.#bom < BOM.length && at < chunk.length) {
      if (chunk[at] !== BOM[this.#bom]) {
        this.#bom = BOM.length;
        break;
      }
      this.#bom += 1;
      at += 1;
    }
    return at;
  }

  #inLine(chunk: Buffer, at: number, byte: number): number {
    if (this.#state === NAME) {
      if (byte === COLON) {
        this.#state = AFTER_COLON;
      } else if (this.#field.length < MAX_FIELD_BYTES) {
        this.#field += String.fromCharCode(byte);
      }
      return at + 1;
    }
    const afterColon = this.#state === AFTER_COLON;
    if (afterColon) {
      this.#startValue();
      if (byte === SPACE) {
        return at + 1;
      }
    }
    const end = endOfLine(chunk, at);
    if (this.#field === 'data') {
      this.#listener.onData(chunk.subarray(at, end));
    } else if (this.#field === 'event' && this.#value.length < MAX_FIELD_BYTES) {
      this.#value += chunk.toString('latin1', at, Math.min(end, at + MAX_FIELD_BYTES));
    }
    return end;
  }

  /** Two data lines make one value with a line break between them. */
  #startValue(): void {
    this.#state = TEXT;
    if (this.#field === 'data') {
      if (this.#hasData) {
        this.#listener.onData(NEWLINE);
      }
      this.#hasData = true;
    }
  }

  #endLine(): void {
    if (this.#lineStart) {
      this.#dispatch();
      return;
    }
    if (this.#state !== TEXT) {
      this.#startValue();
    }
    if (this.#field === 'event') {
      this.#type = this.#value;
    } else if (this.#field === 'id') {
      this.#listener.onId();
    }
    // A comment begins with a colon: its field name is empty.
    this.#hasFields ||= this.#field !== '';
    this.#state = NAME;
    this.#field = '';
    this.#value = '';
    this.#lineStart = true;
  }

  #dispatch(): void {
    if (this.#hasData) {
      this.#listener.onEvent(this.#type === '' ? 'message' : this.#type);
    }
    this.#type = '';
    this.#hasFields = false;
    this.#hasData = false;
  }
}

const endOfLine = (chunk: Buffer, start: number): number => {
  for (let at = start; at < chunk.length; at += 1) {
    const byte = chunk[at];
    if (byte === LF || byte === CR) {
      return at;
    }
  }
  return chunk.length;
};
