import { createHash } from 'node:crypto';
import type { RateLimit } from '../compile/rule-policy.ts';
import { evaluate, textOf, type Variables } from './evaluate.ts';

/** Buckets of each of the two tables below. One that was not used for longest is forgotten: mostly it was full again. */
export const MAX_BUCKETS = 65_536;
/** A longer value of a key is replaced by its digest, of this length. */
export const MAX_KEY_LENGTH = 64;

/** What is missing of it is the error of arithmetic. */
const ONE_TOKEN = 1 - 1e-6;

interface Bucket {
  readonly tokens: number;
  /** When there were so many. */
  readonly time: number;
}

/** A request that is over a limit. */
export interface Excess {
  readonly limit: RateLimit;
  /** Whole seconds until it may be let through; at least 1. */
  readonly retryAfter: number;
}

/** Token buckets, which live longer than the snapshots whose limits use them. */
export class RateLimiter {
  readonly #now: () => number;
  /** Apart from each other, so that a client with many keys cannot make the gateway forget the buckets that all clients share. */
  readonly #shared = new Map<string, Bucket>();
  readonly #keyed = new Map<string, Bucket>();

  /** @param now milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes a token for each limit; none if one of them has none left, which is then returned. */
  take(limits: readonly RateLimit[], variables: Variables): Excess | undefined {
    const time = this.#now();
    const buckets = limits.map((limit) => {
      const { table, key } = this.#place(limit, variables);
      return { table, key, limit, tokens: refilled(limit, table.get(key), time) };
    });
    const missing = buckets.filter(({ tokens }) => tokens < ONE_TOKEN);
    const taken = missing.length === 0 ? 1 : 0;
    // Also when nothing is taken: a bucket that is asked for in vain is in use.
    for (const { table, key, tokens } of buckets) keep(table, key, { tokens: tokens - taken, time });
    // The one that takes longest: before that, there is no use in trying again.
    return missing.map(excessOf).sort((a, b) => b.retryAfter - a.retryAfter)[0];
  }

  /** Requests whose key cannot be evaluated share one bucket: they are neither let through freely nor refused outright. */
  #place({ id, key }: RateLimit, variables: Variables): { readonly table: Map<string, Bucket>; readonly key: string } {
    const value = key && textOf(evaluate(key, variables));
    if (value === undefined) return { table: this.#shared, key: id };
    const bounded = value.length < MAX_KEY_LENGTH ? value : createHash('sha256').update(value).digest('hex');
    return { table: this.#keyed, key: `${id}\0${bounded}` };
  }
}

/** A clock that is set back refills nothing, and takes nothing. */
const refilled = ({ requests, interval, capacity }: RateLimit, bucket: Bucket | undefined, time: number): number =>
  bucket === undefined
    ? capacity
    : Math.min(capacity, bucket.tokens + (Math.max(0, time - bucket.time) * requests) / interval);

const excessOf = ({ limit, tokens }: { readonly limit: RateLimit; readonly tokens: number }): Excess => {
  const wait = ((ONE_TOKEN - tokens) * limit.interval) / limit.requests;
  return { limit, retryAfter: Math.max(1, Math.ceil(wait / 1_000)) };
};

const keep = (table: Map<string, Bucket>, key: string, bucket: Bucket): void => {
  // A Map keeps the order of insertion: its first is the one that was not used for longest.
  table.delete(key);
  table.set(key, bucket);
  if (table.size <= MAX_BUCKETS) return;
  for (const oldest of table.keys()) {
    table.delete(oldest);
    return;
  }
};
