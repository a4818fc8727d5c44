/** Bounds on what one client may cost. Times in milliseconds. */
export interface ServerLimits {
  /** From the connection's start to the end of its TLS handshake. */
  readonly handshakeTimeout: number;
  /** From the connection's start, or the request before, to the end of the header fields. */
  readonly headersTimeout: number;
  /** From the same to the end of the request's body; the answer may take as long as it takes. */
  readonly requestTimeout: number;
  /** How often the two above are looked after. */
  readonly checkInterval: number;
  /** Between two requests of a connection: longer than load balancers in front keep theirs, so that it is they who close. */
  readonly keepAliveTimeout: number;
  /** How long a client may take nothing of an answer that waits for it. */
  readonly stallTimeout: number;
  /** How long an answered client may go on sending the body that nobody reads. */
  readonly lingerTimeout: number;
  /** Request line and header fields, in bytes: bearer tokens with many claims are long. */
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
  /** Connections of one port; more are closed at once. */
  readonly maxConnections: number;
  /** Requests that may wait on one connection behind the one that is served. */
  readonly maxPipelined: number;
}

export const SERVER_LIMITS: ServerLimits = {
  handshakeTimeout: 10_000,
  headersTimeout: 20_000,
  requestTimeout: 60_000,
  checkInterval: 5_000,
  keepAliveTimeout: 75_000,
  stallTimeout: 300_000,
  lingerTimeout: 2_000,
  maxHeaderBytes: 32 * 1_024,
  maxHeaders: 200,
  maxConnections: 10_000,
  maxPipelined: 16,
};

/** Until a port that could not be bound is tried again; twice as long after each failure, up to the second. */
export const REBIND_FIRST = 500;
export const REBIND_LONGEST = 30_000;

/** After all connections were ended, for what still runs to notice. */
export const SETTLE_TIMEOUT = 2_000;

/** Connections refused over the limit are told of at most this often. */
export const REFUSED_LOG_INTERVAL = 10_000;

/** Peers that vanished without a word are found after about this long, also on streams where nothing is sent. */
export const TCP_KEEP_ALIVE_DELAY = 60_000;
