/** Time and chance, passed in. */
export interface Clock {
  /** Milliseconds of the Unix epoch. */
  now(): number;
  /** From 0 up to, not including, 1. */
  random(): number;
  setTimeout(run: () => void, milliseconds: number): Timer;
  clearTimeout(timer: Timer): void;
}

export interface Timer {
  unref(): unknown;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where to connect to instead (`--connect-to`); names and TLS checks stay those of the collector. */
export type Dial = (host: string, port: number) => Address;

export interface TransportOptions {
  readonly clock: Clock;
  readonly dial?: Dial;
  /** Full name of the gRPC method; default that of traces. */
  readonly method?: string;
}

/** How one attempt to deliver a request ended. */
export type ExportOutcome =
  | {
      readonly ok: true;
      /** Spans that the collector refused (partial success). */
      readonly rejectedSpans: number;
      readonly message: string;
    }
  | {
      readonly ok: false;
      readonly retryable: boolean;
      /** `rejected`: the collector answered that it will not take them. */
      readonly reason: 'rejected' | 'unreachable';
      /** Milliseconds that the collector asked to wait. */
      readonly retryAfter?: number;
      readonly message: string;
    };

/** Delivers one `ExportTraceServiceRequest`. */
export interface Transport {
  /** Settles within `timeout` milliseconds, or when `signal` aborts; never rejects. */
  send(request: Buffer, timeout: number, signal: AbortSignal): Promise<ExportOutcome>;
  /** Ends all connections. */
  close(): void;
}

/** `host:port`, IPv6 literals in brackets. */
export const authority = (address: Address): string =>
  `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;

/** Longest text of a collector that is put into a log line. */
const MAX_MESSAGE_CHARS = 200;

/** A collector's words, fit for one log line. */
export const sanitize = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  text.slice(0, MAX_MESSAGE_CHARS).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
