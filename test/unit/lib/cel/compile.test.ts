import { describe, expect, test } from '@jest/globals';
import { compileCel, MAX_SOURCE_LENGTH } from '../../../../lib/cel/compile.ts';
import { CelEvaluationError, CelSyntaxError } from '../../../../lib/cel/expression.ts';
import { CONTEXT } from '../../../support/cel/expressions.ts';

const run = (source: string) => compileCel(source).evaluate(CONTEXT);

describe('default(expression, fallback)', () => {
  test.each([
    ['the value is there', 'default(mcp.tool.name, "")', 'get_me'],
    ['a key is missing', 'default(mcp.prompt, "none")', 'none'],
    ['a key below a missing one', 'default(mcp.prompt.name, "")', ''],
    ['a key of a string', 'default(mcp.tool.name.first, "")', ''],
    ['the root has no value', 'default(jwt.sub, "anonymous")', 'anonymous'],
    ['the root alone', 'default(jwt, "anonymous")', 'anonymous'],
    ['a map index is missing', 'default(request.headers["x-none"], "")', ''],
    ['a list index is out of range', 'default([1, 2][5], 0)', 0n],
    ['a negative index', 'default([1, 2][-1], 0)', 0n],
    ['an index that is missing itself', 'default(request.headers[jwt.header], "")', ''],
    ['an optional without value', 'default(mcp.?prompt.value(), "none")', 'none'],
    ['null', 'default(mcp.nothing, "null")', 'null'],
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

  test('coalesce also skips errors', () => {
    expect(run('coalesce(1 / 0, jwt.sub, null, "last")')).toBe('last');
    expect(run('coalesce(jwt.sub)')).toBeNull();
  });
});

describe('own functions', () => {
  test.each([
    ['json(\'{"a": [1, 2.5, {"b": null}]}\').a[0] + 1', 2n],
    ['json("1.5")', 1.5],
    ['json(b"[true]")[0]', true],
    ['toJson({"a": 1, "b": [1.5, true, null, "\\n"], "c": b"x"})', '{"a":1,"b":[1.5,true,null,"\\n"],"c":"eA=="}'],
    ['toJson(json("[9007199254740993]"))', '[9007199254740992]'],
    ['uuid().size()', 36n],
    ['random() < 1.0', true],
    ['"a.b.c".replace(".", "$&")', 'a$&b$&c'],
    ['"a.b.c".replace(".", "", 1)', 'ab.c'],
    ['"abc".charAt(1)', 'b'],
    ['"/api/v1".stripPrefix("/api") + "x".stripSuffix("y")', '/v1x'],
    ['"tool_42_7".regexReplace("[0-9]+", "N")', 'tool_N_7'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the replacement of a regular expression.
    ['"john smith".regexReplace("(?P<a>\\\\w+) (\\\\w+)", "$2 ${a} $$")', 'smith john $'],
    ['base64.encode("hi") + string(base64.decode("aGk="))', 'aGk=hi'],
    ['url.encode("a b/c") + url.decode("%2F")', 'a%20b%2Fc/'],
    ['sha256.encode("")', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['string(timestamp("2026-02-25T06:13:20Z"))', '2026-02-25T06:13:20Z'],
    ['string(timestamp("2026-02-25T06:13:20.500Z"))', '2026-02-25T06:13:20.5Z'],
    ['int(timestamp("1970-01-01T00:01:00Z"))', 60n],
    ['duration("90s")', '90s'],
    ['timestamp("2026-02-25T06:13:20Z")', '2026-02-25T06:13:20.000Z'],
    ['b"hi"', 'aGk='],
    ['7u', 7n],
    ['type(1u)', 'uint'],
    ['toJson([type(1), 7u, duration("1s"), optional.of(1)])', '["int",7,"1s",1]'],
    ['optional.none()', null],
  ])('%s is %j', (source, value) => {
    expect(run(source)).toEqual(value);
  });

  test.each(['json("{")', 'json("[".charAt(5))', 'base64.decode("?")', 'url.decode("%")', 'fail("no")'])(
    '%s fails',
    (source) => {
      expect(() => run(source)).toThrow(CelEvaluationError);
    },
  );
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
  ])('%s', (source, references) => {
    expect([...compileCel(source).references]).toEqual(references);
  });
});

describe('what does not compile says what and where, on one line', () => {
  test.each([
    ['', 'Unexpected token: EOF at 1:1'],
    ['1 +', 'Unexpected token: EOF at 1:4'],
    ['mcp.tool.name ==\n  ', 'Unexpected token: EOF at 2:3'],
    ['a.b', "undeclared reference to 'a' at 1:1"],
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
