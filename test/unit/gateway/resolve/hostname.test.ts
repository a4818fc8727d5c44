import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { intersectHostname, intersectHostnames } from '../../../../gateway/resolve/hostname.ts';

/** Every host over two labels, up to four of them. */
const LABELS = ['a', 'b'];
const HOSTS = [1, 2, 3, 4].flatMap((length) =>
  Array.from({ length: 2 ** length }, (_, bits) =>
    Array.from({ length }, (_, index) => LABELS[(bits >> index) & 1]).join('.'),
  ),
);

/** The rule of Gateway API, said once more in the plainest way: `*.x` matches one label or more in front of x. */
const accepts = (hostname: string | undefined, host: string): boolean => {
  if (hostname === undefined) return true;
  if (!hostname.startsWith('*.')) return hostname === host;
  const suffix = hostname.slice(2).split('.');
  const labels = host.split('.');
  return labels.length > suffix.length && labels.slice(-suffix.length).join('.') === suffix.join('.');
};

const name = fc.array(fc.constantFrom(...LABELS), { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));
const hostname = fc.option(
  fc.tuple(fc.boolean(), name).map(([wildcard, text]) => (wildcard ? `*.${text}` : text)),
  {
    nil: undefined,
  },
);

describe('intersectHostname', () => {
  test('takes exactly the hosts that both take', () => {
    fc.assert(
      fc.property(hostname, hostname, (listener, route) => {
        const common = intersectHostname(listener, route);
        for (const host of HOSTS) {
          const both = accepts(listener, host) && accepts(route, host);
          expect([host, common !== null && accepts(common, host)]).toEqual([host, both]);
        }
      }),
    );
  });

  test('does not care which is which', () => {
    fc.assert(
      fc.property(hostname, hostname, (a, b) => {
        expect(intersectHostname(a, b)).toBe(intersectHostname(b, a));
      }),
    );
  });

  test.each([
    ['a listener with a hostname, a route without', '*.example.com', undefined, ['*.example.com']],
    ['a bare suffix is not under its wildcard', '*.example.com', ['example.com'], []],
    ['several labels are', '*.example.com', ['a.b.example.com'], ['a.b.example.com']],
    ['a suffix must end at a dot', '*.example.com', ['badexample.com'], []],
    ['case does not count', 'a.example.com', ['A.Example.COM', 'a.example.com'], ['a.example.com']],
    ['neither has one', undefined, [], [undefined]],
  ])('%s', (_, listener, route, expected) => {
    expect(intersectHostnames(listener, route)).toEqual(expected);
  });
});
