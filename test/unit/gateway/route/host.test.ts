import { describe, expect, test } from '@jest/globals';
import { hostOf } from '../../../../gateway/route/host.ts';

describe('hostOf', () => {
  test.each([
    ['example.com', 'example.com'],
    ['Example.COM:3000', 'example.com'],
    ['example.com:', 'example.com'],
    ['127.0.0.1:80', '127.0.0.1'],
    ['[::1]', '[::1]'],
    ['[2001:DB8::1]:443', '[2001:db8::1]'],
    // HTTP/1.0, and `Host:` of a target without authority.
    ['', ''],
  ])('%j is %j', (authority, host) => {
    expect(hostOf(authority)).toBe(host);
  });

  test.each([
    'a b',
    'user@example.com',
    '::1',
    '[::1',
    '[::1]x',
    'a:b',
    'a:1:2',
    'a:123456',
    'a%2eb',
    'a,b',
    'a/b',
    'ä',
    'a\n',
  ])('%j is malformed', (authority) => {
    expect(hostOf(authority)).toBeUndefined();
  });
});
