import { describe, expect, test } from '@jest/globals';
import { parseTarget } from '../../../../gateway/route/target.ts';

describe('parseTarget', () => {
  test.each([
    ['/mcp', undefined, '/mcp', undefined],
    ['/mcp?', undefined, '/mcp', ''],
    ['/mcp?a=/../b?c', undefined, '/mcp', 'a=/../b?c'],
    ['http://example.com:80/mcp?a', 'example.com:80', '/mcp', 'a'],
    ['HTTPS://example.com', 'example.com', '/', undefined],
    ['http://example.com?a', 'example.com', '/', 'a'],
    ['*', undefined, '*', undefined],
  ])('%s', (target, authority, path, query) => {
    expect(parseTarget(target)).toEqual({ authority, path, query });
  });

  // Nothing is decoded, merged or resolved: routes match what was sent.
  test.each(['//mcp', '/mcp//a', '/%6dcp', '/mcp%2Fa', '/a.b/..c/d..', '/.well-known/x', '/...'])(
    '%s stays as it is',
    (target) => {
      expect(parseTarget(target)?.path).toBe(target);
    },
  );

  // The next server could read another path than was matched here.
  test.each([
    ...['/mcp/../admin', '/mcp/..', '/.', '/./mcp', '/mcp/.?a'],
    ...['/mcp/%2e%2e/admin', '/mcp/.%2E', '/mcp%2f..%2fadmin', '/mcp/..%2fadmin', '/mcp%5c..%5cadmin'],
    ...['/mcp\\..\\admin', '/mcp%00', '/mcp%', '/mcp%2', '/mcp%zz'],
  ])('%s is refused', (target) => {
    expect(parseTarget(target)).toBeUndefined();
  });

  test.each([
    '',
    'mcp',
    '/m cp',
    '/mcp#a',
    '/mcp\u0000',
    '/mcp\u007f',
    '/mcpä',
    'http:///mcp',
    'ftp://a/mcp',
    'example.com:443',
  ])('%j is no target', (target) => {
    expect(parseTarget(target)).toBeUndefined();
  });
});
