import { describe, expect, test } from '@jest/globals';
import { compileCel, MAX_SOURCE_LENGTH } from '../../../../lib/cel/compile.ts';
import { CelEvaluationError, CelSyntaxError } from '../../../../lib/cel/expression.ts';
import { CEL_NEEDS } from '../../../../lib/cel/roots.ts';
import { CONTEXT } from '../../../support/cel/expressions.ts';

const run = (source: string) => compileCel(source).evaluate(CONTEXT);

describe('default(expression, fallback)', () => {
  test.each([
    ['the value is there', 'default(mcp.tool.name, "")', 'get_me'],
    ['a key is missing', 'default(mcp.prompt, "none")', 'none'],
    ['a key below a missing one', 'default(mcp.prompt.name, "")', ''],
    ['a key of a number', 'default(metadata.ratio.first, "")', ''],
    ['the root has no value', 'default(jwt.sub, "anonymous")', 'anonymous'],
    ['the root alone', 'default(jwt, "anonymous")', 'anonymous'],
    ['a map index is missing', 'default(request.headers["x-none"], "")', ''],
    ['a list index is out of range', 'default([1, 2][5], 0)', 0n],
    ['a negative index', 'default([1, 2][-1], 0)', 0n],
    ['an index that is missing itself', 'default(request.headers[jwt.header], "")', ''],
    ['an optional without value', 'default(mcp.?prompt.value(), "none")', 'none'],
    ['null', 'default(metadata.nothing, "null")', 'null'],
    ['an empty string is a value', 'default("", "fallback")', ''],
    ['false is a value', 'default(false, true)', false],
    ['nested', 'default(jwt.sub, default(jwt.name, mcp.tool.name))', 'get_me'],
    ['the fallback is lazy', 'default(mcp.tool.name, string(1 / 0))', 'get_me'],
    ['in a comprehension', '["name", "none"].map(k, default(mcp.tool[k], "?"))', ['get_me', '?']],
  ])('%s: %s', (_, source, value) => {
    expect(run(source)).toEqual(value);
  });

  test('other errors propagate', () => {
    expect(() => run('default(1 / 0, 1)')).toThrow(new CelEvaluationError('division by zero'));
    expect(() => run('default(mcp.tool.name + 1, 1)')).toThrow(CelEvaluationError);
  });
});

describe('references', () => {
  test.each<[string, readonly string[]]>([
    ['"constant"', []],
    ['default(mcp.tool.name, "")', ['mcp.tool.name']],
    ['request.headers["x-user"]', ['request.headers']],
    ['mcp', ['mcp']],
    ['has(jwt.sub) && jwt.sub == mcp.?tool.?name.orValue("")', ['jwt.sub', 'mcp.tool.name']],
    [
      'request.path.startsWith("/mcp") ? source.address : backend.name',
      ['request.path', 'source.address', 'backend.name'],
    ],
    ['[1].map(mcp, mcp)', []],
    ['jwt.roles.exists(r, r == mcp.tool.name)', ['jwt.roles', 'mcp.tool.name']],
    ['cel.bind(mcp, mcp.tool.name, mcp)', ['mcp.tool.name']],
    ['{"a": [response.code, coalesce(env.podName, "x")]}', ['response.code', 'env.podName']],
    ['string(base64.decode(request.body))', ['request.body']],
    ['mcp.with(m, m.tool.name)', ['mcp']],
    ['jwt.with(mcp, mcp.tool.name)', ['jwt']],
    ['request.headers.mapValues(request, request.path)', ['request.headers']],
    ['request.headers["x"]', ['request.headers']],
    ['request["headers"]', ['request']],
  ])('%s', (source, references) => {
    expect([...compileCel(source).references]).toEqual(references);
  });
});

describe('needs', () => {
  test.each<[string, readonly string[]]>([
    ['mcp.tool.name', []],
    ['request.path + request.headers["x"]', ['request.headers']],
    ['json(request.body).a', ['request.body']],
    ['string(request.bodyPrefix)', ['request.bodyPrefix']],
    ['response.headers.join()', ['response.headers']],
    ['default(mcp.tool.arguments.owner, "")', ['mcp.tool.arguments']],
    ['mcp.tool.?result', ['mcp.tool.result']],
    ['mcp.tool.error.code', ['mcp.tool.error']],
    ['mcp.tool', ['mcp.tool.arguments', 'mcp.tool.result', 'mcp.tool.error']],
    ['mcp["tool"]', ['mcp.tool.arguments', 'mcp.tool.result', 'mcp.tool.error']],
    ['metadata.list.map(mcp, mcp.tool)', []],
    ['variables().size()', [...CEL_NEEDS]],
  ])('%s', (source, needs) => {
    expect([...compileCel(source).needs]).toEqual(needs);
  });
});

describe('what does not compile says what and where, on one line', () => {
  test.each([
    ['', 'Unexpected token: EOF at 1:1'],
    ['1 +', 'Unexpected token: EOF at 1:4'],
    ['mcp.tool.name ==\n  ', 'Unexpected token: EOF at 2:3'],
    ['a.b', "undeclared reference to 'a' at 1:1"],
    ['default(mcp.tol.name, "")', "undeclared reference to 'mcp.tol' at 1:17"],
    ['has(request.headers.x) && request.pth == "/"', "undeclared reference to 'request.pth' at 1:35"],
    ['mcp.tool.name.first', "undeclared reference to 'mcp.tool.name.first' at 1:15"],
    ['[1].all(x, x > source.adress)', "undeclared reference to 'source.adress' at 1:23"],
    ['default(mcp.tool.name, defualt)', "undeclared reference to 'defualt' at 1:24"],
    ['defualt(mcp.tool.name, "")', "found no matching overload for 'defualt(dyn, string)' at 1:1"],
    ['"a" + 1', 'no such overload: string + int at 1:1'],
    ['"a".matches("(?=a)")', 'regular expression: look-around is not part of RE2 at 1:13'],
    ['constructor', "undeclared reference to 'constructor' at 1:1"],
    ['__proto__', 'Reserved identifier: __proto__ at 1:1'],
  ])('%j: %s', (source, message) => {
    expect(() => compileCel(source)).toThrow(new CelSyntaxError(message));
  });

  test.each([
    ['too long', `"${'a'.repeat(MAX_SOURCE_LENGTH)}"`],
    ['parentheses', `${'('.repeat(5000)}1${')'.repeat(5000)}`],
    ['a chain of operators', `1${'+1'.repeat(8000)}`],
    ['a chain of negations', `${'!'.repeat(16_000)}true`],
    ['a list', `[${'1,'.repeat(2000)}1]`],
    ['arguments', `coalesce(${'1,'.repeat(100)}1)`],
    ['nested lists', `${'['.repeat(8000)}${']'.repeat(8000)}`],
    ['selections', `mcp${'.a'.repeat(5000)}`],
  ])('%s', (_, source) => {
    const begin = performance.now();
    expect(() => compileCel(source)).toThrow(CelSyntaxError);
    expect(performance.now() - begin).toBeLessThan(500);
  });
});
