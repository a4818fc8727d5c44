import { afterAll } from '@jest/globals';

/**
 * Ends what the tests of a file or a `describe` have started, in the opposite order, also when they failed half-way: what stays open keeps
 * the test run from ending.
 */
export const closingAfterAll = (): (<T>(resource: T, close: (resource: T) => Promise<unknown>) => T) => {
  const closers: (() => Promise<unknown>)[] = [];
  afterAll(async () => {
    const errors: unknown[] = [];
    for (const close of closers.reverse()) await close().catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join('\n'));
  });
  return (resource, close) => {
    closers.push(() => close(resource));
    return resource;
  };
};
