const NUMBERS = Array.from({ length: 2_000 }, (_, index) => BigInt(index));
const A_64K = 'a'.repeat(65_536);
const A_4K = 'a'.repeat(4_096);

/** What a client may have sent. */
export const HOSTILE_CONTEXT = {
  request: {
    path: `${'a'.repeat(40)}!`,
    headers: { long: A_4K, word: 'word', pattern: '(a+)+$' },
    body: new Uint8Array(Buffer.from(A_64K)),
  },
  metadata: {
    numbers: NUMBERS,
    words: NUMBERS.map((number) => `word${number}`),
    text: A_64K,
    json: `[${'1,'.repeat(100_000)}1]`,
    object: `{${Array.from({ length: 10_000 }, (_, index) => `"k${index}":${index}`).join(',')}}`,
    deep: '['.repeat(50_000) + ']'.repeat(50_000),
    entries: Object.fromEntries(NUMBERS.map((number) => [`k${number}`, number])),
  },
};

const nest = (depth: number, around: (inner: string, level: number) => string, core: string): string =>
  depth === 0 ? core : around(nest(depth - 1, around, core), depth);

/** `x1`, `x2`, …, each made of the one before. */
const chain = (
  levels: number,
  start: string,
  next: (before: string) => string,
  end: (last: string) => string,
): string => {
  let source = end(`x${levels}`);
  for (let level = levels; level > 0; level--) {
    source = `cel.bind(x${level}, ${level === 1 ? start : next(`x${level - 1}`)}, ${source})`;
  }
  return source;
};

const each = (body: string, list = 'metadata.numbers'): string => `${list}.map(x, ${body})`;

/** Expressions that would take seconds, hours or all memory if nothing stopped them. */
export const HOSTILE: Readonly<Record<string, string>> = {
  'nested all': nest(6, (inner, level) => `metadata.numbers.all(v${level}, ${inner})`, 'true'),
  'nested exists that fails': nest(
    4,
    (inner, level) => `metadata.numbers.exists(v${level}, ${inner})`,
    'metadata.no == 1',
  ),
  'nested map': nest(3, (inner, level) => `metadata.numbers.map(v${level}, ${inner})`, '1'),
  'nested filter': nest(3, (inner, level) => `metadata.numbers.filter(v${level}, size(${inner}) >= 0)`, '[1]'),
  'nested mapValues': nest(3, (inner, level) => `metadata.entries.mapValues(v${level}, ${inner})`, '1'),
  'nested filterKeys': nest(3, (inner, level) => `metadata.entries.filterKeys(k${level}, size(${inner}) > 0)`, '"a"'),
  'nested with': nest(3, (inner, level) => `metadata.numbers.map(w, w.with(v${level}, ${inner}))`, '1'),
  'a long body of a comprehension': each(`[${Array(800).fill('x + 1').join(', ')}]`),
  'failures in a comprehension': each('metadata.none == 1 || true'),
  'failures that coalesce skips': each('coalesce(metadata.none.x, 1 / 0, x)'),
  'failures that default skips': each('default(metadata.numbers[x + 100000], x)', 'metadata.numbers'),
  'failures beside one another': Array(700).fill('metadata.none == 1').join(' || '),
  'failures of optional indices': each('metadata.numbers[?x + 100000].hasValue()'),
  'failures of functions': each('coalesce(int("no"), duration("no"), json("no"), x)'),
  'doubled string': chain(
    30,
    '"aaaaaaaaaaaaaaaa"',
    (x) => `${x} + ${x}`,
    (x) => `${x}.size()`,
  ),
  'doubled list': chain(
    30,
    '[1, 2, 3, 4]',
    (x) => `${x} + ${x}`,
    (x) => `${x}.size()`,
  ),
  'doubled bytes': chain(
    30,
    'b"aaaaaaaaaaaaaaaa"',
    (x) => `${x} + ${x}`,
    (x) => `${x}.size()`,
  ),
  'doubled by join': chain(
    8,
    '["aaaa"]',
    (x) => `[${Array(30).fill(`${x}.join("")`).join(', ')}]`,
    (x) => `${x}.size()`,
  ),
  'doubled by replace': chain(
    12,
    '"aaaa"',
    (x) => `${x}.replace("a", ${x})`,
    (x) => `${x}.size()`,
  ),
  'doubled by regexReplace': chain(
    30,
    '"aaaa"',
    (x) => `${x}.regexReplace("(.*)", "$1$1$1$1")`,
    (x) => `${x}.size()`,
  ),
  'doubled types': chain(
    30,
    '{1: 1}',
    (x) => `{"a": ${x}, "b": ${x}}`,
    (x) => `${x}.size()`,
  ),
  'doubled types of keys': chain(
    24,
    '{1: [1]}',
    (x) => `{${x}: ${x}}`,
    (x) => `${x}.size()`,
  ),
  'shared lists, compared': chain(
    40,
    '[1]',
    (x) => `[${x}, ${x}]`,
    (x) => `${x} == [${x}, 1][0]`,
  ),
  'shared lists, found': chain(
    40,
    '[1]',
    (x) => `[${x}, ${x}]`,
    (x) => `${x} in [[${x}], [${x}, ${x}]]`,
  ),
  'shared lists, written': chain(
    40,
    '[1]',
    (x) => `[${x}, ${x}]`,
    (x) => `toJson(${x})`,
  ),
  'shared maps, written': chain(
    40,
    '{"a": 1}',
    (x) => `{"a": ${x}, "b": ${x}}`,
    (x) => `toJson(${x})`,
  ),
  'shared maps, flattened': chain(
    40,
    '{"a": 1}',
    (x) => `{"a": ${x}, "b": ${x}}`,
    (x) => `flattenRecursive(${x})`,
  ),
  'a pattern that backtracks': 'request.path.matches("^(a+)+$")',
  'a pattern that backtracks, on a long text': 'metadata.text.matches("(a+)+b$")',
  'a pattern with many ways': 'metadata.text.matches("^(?:a?){16}a*c")',
  'a pattern with many states': `metadata.text.matches("${'a?'.repeat(200)}b")`,
  'a pattern of a thousand': 'metadata.text.matches("[a-z]{1000}$b")',
  'a pattern with many groups': `request.headers.long.matches("${'(.?'.repeat(200)}${')'.repeat(200)}x")`,
  'a pattern of the sender': 'request.path.matches(request.headers.pattern)',
  'a pattern for each element': each('request.path.matches("^(a+)+$" + string(x))'),
  'large patterns for each element': each('request.path.matches("[a-z]{1000}" + string(x))'),
  'one pattern for each element': each('request.path.matches("^(a|a)*$")'),
  'replacing a pattern': each('metadata.text.regexReplace("(a*)*b", "$1")'),
  'looking for a text in the middle':
    'metadata.text.contains(metadata.text.substring(0, 16000) + "b" + metadata.text.substring(0, 16000))',
  'looking for a text from behind': 'metadata.text.lastIndexOf(metadata.text.substring(0, 32000) + "b")',
  'splitting at that text':
    'metadata.text.split(metadata.text.substring(0, 16000) + "b" + metadata.text.substring(0, 16000))',
  'splitting into characters': each('metadata.text.split("")'),
  'reading a long text again and again': each('metadata.text.contains("b")'),
  'sizes of a long text': each('metadata.text.size()'),
  'comparing long texts': each('metadata.text + "a" < metadata.text + "b"'),
  'hashing a long text': each('sha256.encode(metadata.text)'),
  'encoding a long text': each('url.encode(metadata.text)'),
  'upper case of a long text': each('metadata.text.upperAscii()'),
  'white space around a long text': each('(" " + metadata.text + " ").trim()'),
  'parsing a long text': each('json(metadata.json)'),
  'parsing many numbers': 'json(metadata.json)',
  'parsing many members': each('json(metadata.object)'),
  'one member of many': each('jsonField(metadata.object, "none")'),
  'deep JSON': 'json(metadata.deep)',
  'writing much': each('toJson(metadata.numbers)'),
  'joining many': each('metadata.words.join(",")'),
  'finding in a list': each('x + 100000 in metadata.numbers'),
  'merging many': each('metadata.entries.merge(metadata.entries)'),
  'all variables': each('toJson(variables())'),
  'time zones': each('timestamp(0).getHours("Europe/Berlin")'),
  'time zones that are none': each('coalesce(timestamp(0).getHours("Nowhere/" + string(x)), 0)'),
  'spellings of time zones': each('coalesce(timestamp(0).getHours("UTC".substring(0, x % 3)), 0)'),
  dates: each('timestamp("2026-02-25T06:13:20.123Z").getDayOfYear("+01:00")'),
  durations: each('duration("1h2m3.5s").getHours()'),
  headers: each('request.headers.redacted().split()'),
  queries: each('("/?" + metadata.text).setQuery("a", "b")'),
  addresses: each('cidr("2001:db8::/32").containsIP("2001:db8:0:0:1:0:0:1")'),
  flattening: each('flatten(metadata.entries)'),
  random: each('uuid() + string(random())'),
  tokens: each('coalesce(unvalidatedJwtPayload("a." + metadata.text + ".b"), 0)'),
  'largest of many': each('max(metadata.numbers)'),
  'digests of each byte': each('base64.decode(base64.encode(request.body))'),
};
