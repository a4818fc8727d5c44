import { describe, expect, test } from '@jest/globals';
import type { Redirect } from '../../../../gateway/compile/rule-policy.ts';
import { redirectAnswer } from '../../../../gateway/policy/redirect.ts';
import { aRequest } from '../../../support/telemetry/record.ts';

const redirected = (
  redirect: Partial<Redirect>,
  { scheme = 'http', host = 'example.com:8080', target = '/a/b?q=1', port = 80 }: Partial<typeof REQUEST> = {},
) => {
  const whole = { status: 302, scheme: undefined, hostname: undefined, port: undefined, path: undefined, ...redirect };
  return redirectAnswer(whole, aRequest({ scheme, host, target }), port).headers.location;
};
const REQUEST: { scheme: 'http' | 'https'; host: string; target: string; port: number } = {
  scheme: 'http',
  host: '',
  target: '',
  port: 80,
};

// HTTPRequestRedirectFilter: which port a location names.
describe('the port', () => {
  test.each<[string, Partial<Redirect>, Partial<typeof REQUEST>, string]>([
    ['of the listener', {}, { port: 8080 }, 'http://example.com:8080/a/b?q=1'],
    ['of the listener, left out where it is the scheme’s own', {}, { port: 80 }, 'http://example.com/a/b?q=1'],
    ['of an HTTPS listener', {}, { scheme: 'https', port: 443 }, 'https://example.com/a/b?q=1'],
    ['of an HTTPS listener elsewhere', {}, { scheme: 'https', port: 8443 }, 'https://example.com:8443/a/b?q=1'],
    ['of the new scheme, not the listener’s', { scheme: 'https' }, { port: 8080 }, 'https://example.com/a/b?q=1'],
    ['of the same scheme, said again', { scheme: 'http' }, { port: 8080 }, 'http://example.com/a/b?q=1'],
    ['that is given', { port: 8083 }, { port: 8080 }, 'http://example.com:8083/a/b?q=1'],
    ['that is given, and the scheme’s own', { scheme: 'https', port: 443 }, {}, 'https://example.com/a/b?q=1'],
    ['that is another scheme’s own', { port: 443 }, {}, 'http://example.com:443/a/b?q=1'],
    ['80 for https', { scheme: 'https', port: 80 }, {}, 'https://example.com:80/a/b?q=1'],
  ])('%s', (_, redirect, request, expected) => {
    expect(redirected(redirect, request)).toBe(expected);
  });
});

describe('host and path', () => {
  test.each<[string, Partial<Redirect>, Partial<typeof REQUEST>, string]>([
    ['another host', { hostname: 'example.org' }, {}, 'http://example.org/a/b?q=1'],
    ['an IPv6 host keeps its brackets', {}, { host: '[::1]:3000' }, 'http://[::1]/a/b?q=1'],
    ['another path', { path: { type: 'ReplaceFullPath', value: '/x' } }, {}, 'http://example.com/x?q=1'],
    [
      'another prefix',
      { path: { type: 'ReplacePrefixMatch', prefix: '/a', value: '/x/' } },
      {},
      'http://example.com/x/b?q=1',
    ],
    ['no host was named', {}, { host: '' }, '/a/b?q=1'],
    ['no host was named, and the path looks like one', {}, { host: '', target: '//evil.example' }, '/evil.example'],
    ['OPTIONS *', {}, { target: '*' }, 'http://example.com/'],
  ])('%s', (_, redirect, request, expected) => {
    expect(redirected(redirect, request)).toBe(expected);
  });

  test.each([301, 302, 303, 307, 308])('status %d', (status) => {
    const redirect = { status, scheme: undefined, hostname: undefined, port: undefined, path: undefined };
    expect(redirectAnswer(redirect, aRequest(), 80)).toMatchObject({ status, body: '' });
  });
});
