/** Bounds on what the Kubernetes API may cost the gateway, and the gateway the API. Times in milliseconds. */

/** DNS, TCP and TLS together. */
export const CONNECT_TIMEOUT = 5_000;

/** From a request's first byte to its answer's last; a watch: to its headers. */
export const REQUEST_TIMEOUT = 30_000;

/** Peers that vanished without a word are found after about this long. */
export const TCP_KEEP_ALIVE_DELAY = 15_000;

/** Connections at a time: one for each watch, a few for what is short. What exceeds them waits. */
export const MAX_CONNECTIONS = 1_024;

/** One answer, in bytes; a page of a list that is larger is asked for in halves. */
export const MAX_BODY = 32 * 1_024 * 1_024;

/** One event of a watch, in bytes; etcd takes objects of 1.5 MiB. */
export const MAX_LINE = 8 * 1_024 * 1_024;

/** Of what the server says about a failure, in characters. */
export const MAX_MESSAGE = 500;

/** Objects of one page of a list. */
export const PAGE_SIZE = 500;

/** Tokens, certificates and authorities are read again after this long. */
export const ACCESS_MAX_AGE = 60_000;

/** How long the server keeps a watch: from the first to the second, so that they do not all end at once. */
export const WATCH_SHORTEST = 300_000;
export const WATCH_LONGEST = 600_000;

/** A watch that is silent for so long is opened anew; the server sends bookmarks every minute. */
export const WATCH_IDLE = 150_000;

/** A watch that ends sooner than this counts as a failure: else a server that cuts each would be asked without a pause. */
export const WATCH_MINIMUM = 500;

/** Pause after a failure, twice as long after each further one, up to the second: short, because configuration waits for it. */
export const RETRY_FIRST = 200;
export const RETRY_LONGEST = 4_000;

/** So many answers in a row that a kind is not there or forbidden, which was there before, may be an API server that starts: some five seconds. */
export const REFUSALS_DOUBTED = 5;

/** Pause while a kind is not there or forbidden. */
export const UNSERVED_RETRY = 4_000;

/** The most that a `Retry-After` is heeded. */
export const RETRY_AFTER_LONGEST = 30_000;

/** A lease is lost when it was not renewed for so long, in seconds: as long as nobody writes when its holder was killed. */
export const LEASE_SECONDS = 4;

/** The holder renews as often as this: 30 requests a minute. Others watch. */
export const LEASE_RENEW = 2_000;
