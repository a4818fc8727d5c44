import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RateLimit } from '../../../../gateway/compile/rule-policy.ts';
import { MAX_BUCKETS, RateLimiter } from '../../../../gateway/policy/rate-limit.ts';
import { compileCel } from '../../../../lib/cel/compile.ts';
import { FAILING } from '../../../support/policy.ts';

const aLimit = (overrides: Partial<RateLimit> = {}): RateLimit => ({
  id: 'default/policy/0',
  requests: 2,
  interval: 1_000,
  capacity: 2,
  key: undefined,
  ...overrides,
});

const BY_USER = compileCel('request.headers["x-user"]');

let time: number;
let limiter: RateLimiter;

beforeEach(() => {
  time = 1_772_000_000_000;
  limiter = new RateLimiter(() => time);
});

/** Seconds that a request has to wait; 0: it is let through. */
const wait = (limits: readonly RateLimit[], user?: string): number => {
  const headers = user === undefined ? {} : { 'x-user': user };
  return limiter.take(limits, () => ({ request: { headers } }))?.retryAfter ?? 0;
};

describe('a token bucket', () => {
  test('lets its capacity through at once, and more as time goes by', () => {
    const limits = [aLimit({ capacity: 3 })];
    expect([1, 2, 3, 4].map(() => wait(limits))).toEqual([0, 0, 0, 1]);
    time += 499;
    expect(wait(limits)).toBe(1);
    time += 1;
    expect([wait(limits), wait(limits)]).toEqual([0, 1]);
  });

  test('does not fill beyond its capacity', () => {
    const limits = [aLimit()];
    wait(limits);
    time += 3_600_000;
    expect([1, 2, 3].map(() => wait(limits))).toEqual([0, 0, 1]);
  });

  test('tells in whole seconds when to come again', () => {
    const limits = [aLimit({ requests: 1, interval: 60_000, capacity: 1 })];
    expect([wait(limits), wait(limits)]).toEqual([0, 60]);
    time += 30_500;
    expect(wait(limits)).toBe(30);
  });

  test('a clock that is set back neither fills nor blocks it', () => {
    const limits = [aLimit({ capacity: 1 })];
    wait(limits);
    time -= 3_600_000;
    expect(wait(limits)).toBe(1);
    time += 500;
    expect([wait(limits), wait(limits)]).toEqual([0, 1]);
  });

  test('in no stretch of time more than what is left and what flows in', () => {
    const limits = fc.record({ requests: fc.integer({ min: 1, max: 20 }), burst: fc.integer({ min: 0, max: 20 }) });
    const pauses = fc.array(fc.integer({ min: 0, max: 800 }), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(limits, pauses, ({ requests, burst }, list) => {
        limiter = new RateLimiter(() => time);
        const limit = aLimit({ requests, capacity: requests + burst });
        const start = time;
        let through = 0;
        for (const pause of list) {
          time += pause;
          if (wait([limit]) === 0) through += 1;
          expect(through).toBeLessThanOrEqual(limit.capacity + ((time - start) * requests) / limit.interval + 1e-5);
        }
      }),
    );
  });

  test('whoever waits as long as told is let through', () => {
    const limits = fc.record({
      requests: fc.integer({ min: 1, max: 1_000 }),
      interval: fc.constantFrom(1_000, 3_600_000),
    });
    fc.assert(
      fc.property(limits, fc.integer({ min: 1, max: 5 }), (limit, capacity) => {
        limiter = new RateLimiter(() => time);
        const whole = [aLimit({ ...limit, capacity })];
        for (let count = 0; count < capacity; count += 1) wait(whole);
        time += wait(whole) * 1_000;
        expect(wait(whole)).toBe(0);
      }),
    );
  });
});

describe('several limits', () => {
  const second = aLimit({ id: 'second', requests: 2, capacity: 2 });
  const hour = aLimit({ id: 'hour', requests: 3, interval: 3_600_000, capacity: 3 });

  test('all must let a request through; the longest wait is told', () => {
    expect([1, 2, 3].map(() => wait([second, hour]))).toEqual([0, 0, 1]);
    time += 1_000;
    expect([wait([second, hour]), wait([second, hour])]).toEqual([0, 1_199]);
  });

  test('a request that is refused takes of none', () => {
    const none = aLimit({ id: 'none', capacity: 1 });
    wait([none]);
    for (let count = 0; count < 10; count += 1) expect(wait([none, hour])).toBe(1);
    expect(wait([hour])).toBe(0);
  });

  test('a limit keeps its bucket when a new snapshot brings it again', () => {
    wait([aLimit()]);
    expect([wait([{ ...aLimit() }]), wait([{ ...aLimit() }])]).toEqual([0, 1]);
    expect(wait([aLimit({ id: 'another' })])).toBe(0);
  });
});

describe('a key', () => {
  const byUser = [aLimit({ capacity: 1, key: BY_USER })];

  test('gives each of its values a bucket', () => {
    expect([wait(byUser, 'a'), wait(byUser, 'b'), wait(byUser, 'a'), wait(byUser, 'b')]).toEqual([0, 0, 1, 1]);
  });

  test('long values are told apart', () => {
    const long = 'x'.repeat(10_000);
    expect([wait(byUser, `${long}a`), wait(byUser, `${long}b`), wait(byUser, `${long}a`)]).toEqual([0, 0, 1]);
  });

  test.each([
    ['that cannot be evaluated', FAILING],
    ['that is no scalar', compileCel('{"a": 1}')],
  ])('%s: one bucket for all of them', (_, key) => {
    const limits = [aLimit({ capacity: 1, key })];
    expect([wait(limits, 'a'), wait(limits, 'b')]).toEqual([0, 1]);
  });

  test('clients with many keys make the gateway forget keys, but no limit without one', () => {
    const shared = aLimit({ id: 'shared', capacity: 1 });
    expect([wait([shared]), wait(byUser, 'first')]).toEqual([0, 0]);
    for (let count = 0; count < MAX_BUCKETS - 1; count += 1) wait(byUser, String(count));
    // Asked for in vain, and thereby no longer the one that was not used for longest.
    expect(wait(byUser, 'first')).toBe(1);
    wait(byUser, 'one more');
    expect([wait([shared]), wait(byUser, 'first'), wait(byUser, '1')]).toEqual([1, 1, 1]);
    expect(wait(byUser, '0')).toBe(0);
  });
});
