/** Bounds on what one upstream may cost the gateway. Times in milliseconds. */

/** DNS, TCP and TLS together. */
export const CONNECT_TIMEOUT = 10_000;

/** From the request's last byte to the response's headers: tools that answer with JSON may work for minutes. */
export const HEADERS_TIMEOUT = 300_000;

/** From one part of a body to the next, unless it is an event stream: those may be silent for hours. */
export const STALL_TIMEOUT = 300_000;

/** An unused connection is kept this long, unless the upstream announces less; short, because a POST on a dying connection fails. */
export const KEEP_ALIVE_TIMEOUT = 4_000;

/** The most that an upstream's `Keep-Alive: timeout` may ask for. */
export const KEEP_ALIVE_MAX_TIMEOUT = 60_000;

/**
 * Connections to one origin, and thereby exchanges at a time, since each long stream holds one. What exceeds them is refused at once:
 * waiting behind streams that last for hours would be a hang.
 */
export const MAX_CONNECTIONS = 1_024;

/** All header lines of one response, in bytes. */
export const MAX_HEADER_BYTES = 32 * 1_024;

/** An endpoint that could not be connected to is left out for so long, twice as long after each further failure, up to the second. */
export const EJECTION_FIRST = 1_000;
export const EJECTION_LONGEST = 30_000;

/** Peers that vanished without a word are found after about this long, unless the target says otherwise. */
export const TCP_KEEP_ALIVE_DELAY = 60_000;

/** What a timer can count to: longer times are cut to it. */
export const LONGEST_TIMER = 2 ** 31 - 1;
