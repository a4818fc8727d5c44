import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { replacePath, rewrite } from '../../../../gateway/policy/rewrite.ts';
import { aForward } from '../../../support/policy.ts';

/** A compiled prefix has no trailing slash. */
const prefix = (matched: string, value: string) =>
  ({ type: 'ReplacePrefixMatch', prefix: matched.replace(/\/$/, ''), value }) as const;
const full = (value: string) => ({ type: 'ReplaceFullPath', value }) as const;

describe('ReplacePrefixMatch', () => {
  // The table of the specification, HTTPPathModifier.
  test.each([
    ['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
    ['/foo/bar', '/foo/', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo/', '/xyz/', '/xyz/bar'],
    ['/foo', '/foo', '/xyz', '/xyz'],
    ['/foo/', '/foo', '/xyz', '/xyz/'],
    ['/foo/bar', '/foo', '', '/bar'],
    ['/foo/', '/foo', '', '/'],
    ['/foo', '/foo', '', '/'],
    ['/foo/', '/foo', '/', '/'],
    ['/foo', '/foo', '/', '/'],
  ])('%s, matched by %s, replaced by "%s": %s', (path, matched, value, expected) => {
    expect(replacePath(path, prefix(matched, value))).toBe(expected);
  });

  test.each([
    ['the query stays', '/foo/bar?a=/foo&b', prefix('/foo', '/xyz'), '/xyz/bar?a=/foo&b'],
    ['an empty query stays', '/foo?', prefix('/foo', '/xyz'), '/xyz?'],
    ['the prefix of all paths', '/bar', prefix('/', '/xyz'), '/xyz/bar'],
    ['by element', '/foobar', prefix('/foo', '/xyz'), '/foobar'],
    ['a path that was changed before', '/other', prefix('/foo', '/xyz'), '/other'],
    ['two slashes that would name a host', '/foo//evil.example/x', prefix('/foo', ''), '/evil.example/x'],
    ['two slashes where old and new meet', '/foo//bar', prefix('/foo', '/xyz'), '/xyz/bar'],
    ['slashes at both ends', '/foo/bar', prefix('/foo', '//xyz//'), '/xyz/bar'],
    ['what would end the path', '/foo', prefix('/foo', '/a?b#c d\r\nX: y'), '/a%3Fb%23c%20d%0D%0AX:%20y'],
    ['the asterisk of OPTIONS', '*', prefix('/', '/xyz'), '*'],
  ])('%s', (_, target, by, expected) => {
    expect(replacePath(target, by)).toBe(expected);
  });

  const segment = fc.stringMatching(/^[a-z0-9.~%-]{1,5}$/);
  const path = fc.array(segment, { maxLength: 3 }).map((parts) => parts.map((part) => `/${part}`).join(''));
  const slash = fc.constantFrom('', '/');

  test('nothing is lost but the prefix, and no slash is doubled', () => {
    const query = fc.option(fc.stringMatching(/^[a-z=&/?]{0,10}$/), { nil: undefined });
    fc.assert(
      fc.property(path, path, path, slash, slash, query, (matched, rest, value, end, valueEnd, asked) => {
        const search = asked === undefined ? '' : `?${asked}`;
        const target = `${matched}${rest}${end}` || '/';
        const result = replacePath(`${target}${search}`, prefix(matched, `${value}${valueEnd}`));
        const at = result.indexOf('?');
        const newPath = at < 0 ? result : result.slice(0, at);
        expect(at < 0 ? '' : result.slice(at)).toBe(search);
        expect(newPath).not.toContain('//');
        expect(newPath.startsWith(value) && newPath.startsWith('/')).toBe(true);
        expect(newPath.endsWith(rest)).toBe(end === '' || rest === '');
      }),
    );
  });
});

describe('ReplaceFullPath', () => {
  test.each([
    ['/foo/bar?a=b', '/xyz', '/xyz?a=b'],
    ['/foo/bar', 'xyz', '/xyz'],
    ['/foo', '', '/'],
    ['/foo', '/', '/'],
    ['/foo', '//evil.example', '/evil.example'],
    ['/foo', '/ü', '/%C3%BC'],
    ['/foo', '/%20', '/%20'],
  ])('%s by "%s": %s', (target, value, expected) => {
    expect(replacePath(target, full(value))).toBe(expected);
  });
});

describe('rewrite', () => {
  test('host and path', () => {
    const forward = aForward();
    rewrite(forward, { host: { name: 'backend.example' }, path: full('/new') });
    expect(forward).toMatchObject({ host: { name: 'backend.example' }, target: '/new?a=b' });
  });

  test('what it does not name stays', () => {
    const forward = aForward({ host: { name: 'earlier.example' } });
    rewrite(forward, { host: undefined, path: undefined });
    expect(forward).toEqual(aForward({ host: { name: 'earlier.example' } }));
  });
});
