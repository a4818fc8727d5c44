import { describe, expect, test } from '@jest/globals';
import { evaluate, FAILED, textOf } from '../../../../gateway/policy/evaluate.ts';
import { transformRequest, transformResponse } from '../../../../gateway/policy/transformation.ts';
import { compileCel } from '../../../../lib/cel/compile.ts';
import { aForward, aTransformation, FAILING } from '../../../support/policy.ts';

const REQUEST = { request: { method: 'POST', headers: { 'x-user': 'alice', 'x-both': ['a', 'b'] } } };

const transformed = (transformation: ReturnType<typeof aTransformation>) => {
  const forward = aForward({ headers: ['x-user', 'alice', 'x-old', '1'] });
  transformRequest(forward, transformation, () => REQUEST);
  return forward;
};

describe('a request', () => {
  test('gets fields with the values of expressions', () => {
    const transformation = aTransformation(
      { 'X-User': '"user:" + request.headers["x-user"]', 'x-both': 'request.headers["x-both"]', 'x-sum': '1 + 2' },
      { add: [{ name: 'x-old', value: compileCel('true') }], remove: ['X-Gone'] },
    );
    expect(transformed(transformation).headers).toEqual([
      ...['x-old', '1', 'x-user', 'user:alice', 'x-both', 'a, b', 'x-sum', '3'],
      ...['x-old', 'true'],
    ]);
  });

  test('expressions read the request as it came', () => {
    const transformation = aTransformation({ 'x-user': '"bob"', 'x-was': 'request.headers["x-user"]' });
    expect(transformed(transformation).headers).toEqual(['x-old', '1', 'x-user', 'bob', 'x-was', 'alice']);
  });

  test.each([
    ['that fails', FAILING.source],
    ['of the body, which is not read yet', 'string(request.body)'],
    ['that yields null', 'null'],
    ['that yields a map', '{"a": 1}'],
    ['that no header can carry', '"a\\r\\nx-injected: b"'],
  ])('an expression %s leaves the field as it was', (_, source) => {
    expect(transformed(aTransformation({ 'x-user': source })).headers).toContain('alice');
  });

  test('other fields are not held up by one that fails', () => {
    expect(transformed(aTransformation({ 'x-a': 'jwt.sub', 'x-b': '"b"' })).headers).toContain('x-b');
  });

  test('pseudo-headers: method, path and host', () => {
    const transformation = aTransformation(
      { ':method': '"PUT"', ':path': '"/new?x=y"', ':scheme': '"https"', ':status': '200' },
      { add: [{ name: ':authority', value: compileCel('"b.example:8080"') }] },
    );
    expect(transformed(transformation)).toEqual(
      aForward({
        headers: ['x-user', 'alice', 'x-old', '1'],
        method: 'PUT',
        target: '/new?x=y',
        host: { name: 'b.example:8080' },
      }),
    );
  });

  test.each([
    [':path', '"no-slash"'],
    [':path', '"/a b"'],
    [':path', '"/../etc"'],
    [':path', '"/a\\r\\nHost: b"'],
    [':path', '"http://evil.example/"'],
    [':method', '"PO ST"'],
    [':method', '""'],
    [':method', '"HEAD"'],
    [':method', '"CONNECT"'],
    [':authority', '"a b"'],
    [':authority', '""'],
    [':authority', '"user@host"'],
  ])('%s cannot be %s', (name, source) => {
    expect(transformed(aTransformation({ [name]: source }))).toMatchObject({
      method: 'POST',
      target: '/mcp?a=b',
      host: undefined,
    });
  });
});

describe('an answer', () => {
  const answered = (set: Readonly<Record<string, string>>) => {
    const headers = { 'content-length': '2', 'x-old': '1' };
    const variables = () => ({ response: { code: 200n, headers: { 'x-old': '1' } } });
    return { status: transformResponse(200, headers, aTransformation(set, { remove: ['x-old'] }), variables), headers };
  };

  test('gets fields and a status', () => {
    const set = { ':status': 'response.code + 1', 'x-code': 'response.code', 'content-length': '"0"' };
    expect(answered(set)).toEqual({ status: 201, headers: { 'content-length': '2', 'x-code': '200' } });
  });

  test.each(['100', '199', '204', '205', '304', '600', '20', '"ok"', 'jwt.code', '200.5'])('no status %s', (source) => {
    expect(answered({ ':status': source }).status).toBe(200);
  });
});

describe('a value as text', () => {
  test.each([
    ['"a"', 'a'],
    ['1', '1'],
    ['1.5', '1.5'],
    ['false', 'false'],
    ['["a", 1, true]', 'a, 1, true'],
    ['[]', ''],
    ['[["a"]]', undefined],
    ['[null]', undefined],
    ['null', undefined],
    ['{}', undefined],
    ['jwt.sub', undefined],
  ])('%s: %j', (source, expected) => {
    expect(textOf(evaluate(compileCel(source), () => ({})))).toBe(expected);
  });

  test('a context that cannot be built is a failure too', () => {
    const broken = () => {
      throw new Error('broken');
    };
    expect(evaluate(compileCel('true'), broken)).toBe(FAILED);
  });
});
