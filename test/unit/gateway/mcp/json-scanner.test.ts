import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Interest,
  JsonScanner,
  MAX_CAPTURED_BYTES,
  MAX_SCANNED_DEPTH,
  type Scalar,
} from '../../../../gateway/mcp/answer/json-scanner.ts';

const INTEREST: Interest = {
  tag: 'root',
  keys: {
    a: { tag: 'a', keys: { b: { tag: 'a.b' } } },
    list: { items: { tag: 'list[]', keys: { a: { tag: 'list[].a' } } } },
  },
};

const scan = (chunks: readonly Buffer[]) => {
  const seen: (string | [string, Scalar])[] = [];
  const scanner = new JsonScanner(INTEREST, {
    onKey: (tag) => seen.push(tag),
    onScalar: (tag, value) => seen.push([tag, value]),
  });
  for (const chunk of chunks) {
    scanner.push(chunk);
  }
  scanner.end();
  return { seen, complete: scanner.complete };
};

const read = (text: string) => scan([Buffer.from(text)]);

/** The same walk over the parsed value. */
const walk = (value: unknown, interest: Interest | undefined): (string | [string, Scalar])[] => {
  if (Array.isArray(value)) {
    return value.flatMap((item) => walk(item, interest?.items));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, child]) => {
      const { keys = {} } = interest ?? {};
      const next = Object.hasOwn(keys, key) ? keys[key] : undefined;
      return [...(next?.tag === undefined ? [] : [next.tag]), ...walk(child, next)];
    });
  }
  return interest?.tag === undefined ? [] : [[interest.tag, value as Scalar]];
};

const key = fc.oneof(fc.constantFrom('a', 'b', 'list', '__proto__x', 'é"\\'), fc.string({ maxLength: 5 }));
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
})).value;

test('reports what JSON.parse would find, wherever the chunks are cut', () => {
  fc.assert(
    fc.property(json, fc.nat(4), fc.array(fc.nat(), { maxLength: 20 }), (value, indent, cuts) => {
      const text = JSON.stringify(value, null, indent);
      const bytes = Buffer.from(text);
      const ends = [...cuts.map((at) => at % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
      const chunks = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
      expect(scan(chunks)).toEqual({ seen: walk(JSON.parse(text), INTEREST), complete: true });
    }),
  );
});

test('a text that breaks off is not complete', () => {
  fc.assert(
    fc.property(fc.dictionary(key, json), fc.nat(), (value, at) => {
      const bytes = Buffer.from(JSON.stringify(value));
      expect(scan([bytes.subarray(0, at % bytes.length)]).complete).toBe(false);
    }),
  );
});

test('no bytes whatever make it throw', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
      expect(() => scan(chunks.map((chunk) => Buffer.from(chunk)))).not.toThrow();
    }),
  );
});

test.each([
  '',
  '{',
  '{"a"}',
  '{"a":}',
  '{a:1}',
  '[1 2]',
  '[1}',
  '{"a":1]',
  '{"a":1}}',
  '{} {}',
  '<html>',
  '{,}',
  '[]]',
])('%j is no JSON text', (text) => {
  expect(read(text).complete).toBe(false);
});

test('escapes are read in keys and values', () => {
  expect(read('{"\\u0061": "x\\n\\u00e9\\ud83d\\ude00\\""}').seen).toEqual(['a', ['a', 'x\né😀"']]);
});

test('a long string is cut, also within an escape; a huge one that nobody asked for is passed over', () => {
  const long = read(JSON.stringify({ a: `${'x'.repeat(MAX_CAPTURED_BYTES - 3)}\u0001` })).seen[1];
  expect(long).toEqual(['a', 'x'.repeat(MAX_CAPTURED_BYTES - 3)]);
  expect(read(JSON.stringify({ z: 'x'.repeat(1 << 20), a: 1 }))).toEqual({ seen: ['a', ['a', 1]], complete: true });
});

test('nesting beyond the bound is given up', () => {
  const nested = (depth: number) => read('['.repeat(depth) + ']'.repeat(depth)).complete;
  expect([nested(MAX_SCANNED_DEPTH), nested(MAX_SCANNED_DEPTH + 1), nested(1_000_000)]).toEqual([true, false, false]);
});

/** The text at `a.b` of a value, as it is kept. */
const textAt = (
  text: string,
  room: number,
  cuts: readonly number[] = [],
): { text: string; whole: boolean } | undefined => {
  let found: { text: string; whole: boolean } | undefined;
  const interest: Interest = { keys: { a: { keys: { b: { text: room } } } } };
  const scanner = new JsonScanner(interest, {
    onKey: () => {},
    onScalar: () => {},
    onText: (kept, whole) => {
      found = { text: kept, whole };
    },
  });
  const bytes = Buffer.from(text);
  let from = 0;
  for (const cut of [...cuts.map((cut) => cut % (bytes.length + 1)).sort((x, y) => x - y), bytes.length]) {
    scanner.push(bytes.subarray(from, cut));
    from = cut;
  }
  scanner.end();
  return found;
};

test('the text of a value is kept as it is, however it comes, up to a bound', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.array(fc.nat(500), { maxLength: 5 }), fc.nat(40), (value, cuts, room) => {
      const inner = JSON.stringify(value);
      const text = JSON.stringify({ x: [value], a: { c: value, b: value, d: value } });
      expect(textAt(text, 10_000, cuts)).toEqual({ text: inner, whole: true });
      const kept = textAt(text, room, cuts);
      expect(kept?.whole).toBe(Buffer.byteLength(inner) <= room);
      expect(kept?.text).toBe(Buffer.from(inner).subarray(0, room).toString());
    }),
  );
});

test('white space around it is not its text', () => {
  expect(textAt('{"a": {"b" : [ 1, 2 ] , "c":1}}', 100)).toEqual({ text: '[ 1, 2 ]', whole: true });
  expect(textAt('{"a": {"b" : -1.5e3 }}', 100)).toEqual({ text: '-1.5e3', whole: true });
});
