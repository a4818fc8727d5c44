import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SseScanner } from '../../../../gateway/mcp/answer/sse-scanner.ts';

interface Event {
  readonly type: string;
  readonly data: string;
}

const scan = (chunks: readonly Buffer[]) => {
  const events: Event[] = [];
  let data = '';
  let ids = 0;
  const scanner = new SseScanner({
    onData: (bytes) => {
      data += bytes.toString('latin1');
    },
    onEvent: (type) => {
      events.push({ type, data: Buffer.from(data, 'latin1').toString('utf8') });
      data = '';
    },
    onId: () => {
      ids += 1;
    },
  });
  for (const chunk of chunks) {
    scanner.push(chunk);
  }
  return { events, ids, atBoundary: scanner.atBoundary };
};

const read = (text: string): Event[] => scan([Buffer.from(text)]).events;

test.each<[string, string, Event[]]>([
  ['one event', 'data: a\n\n', [{ type: 'message', data: 'a' }]],
  ['a type', 'event: ping\ndata: a\n\n', [{ type: 'ping', data: 'a' }]],
  ['a type after the data', 'data: a\nevent: ping\n\n', [{ type: 'ping', data: 'a' }]],
  ['a type that does not outlive its event', 'event: ping\n\ndata: a\n\n', [{ type: 'message', data: 'a' }]],
  ['several data lines', 'data: a\ndata\ndata:b\n\n', [{ type: 'message', data: 'a\n\nb' }]],
  ['one space only is taken off', 'data:  a \n\n', [{ type: 'message', data: ' a ' }]],
  [
    'CR',
    'data: a\r\rdata: b\r\r',
    [
      { type: 'message', data: 'a' },
      { type: 'message', data: 'b' },
    ],
  ],
  ['CRLF', 'data: a\r\ndata: b\r\n\r\n', [{ type: 'message', data: 'a\nb' }]],
  [
    'a mixture',
    'data: a\r\n\rdata: b\n\r\n',
    [
      { type: 'message', data: 'a' },
      { type: 'message', data: 'b' },
    ],
  ],
  ['a byte order mark', '\uFEFFdata: a\n\n', [{ type: 'message', data: 'a' }]],
  [
    'comments and fields of others',
    ': data: x\nfoo: y\ndatax: z\nretry: 5\ndata: a\n\n',
    [{ type: 'message', data: 'a' }],
  ],
  ['empty data', 'data\n\n', [{ type: 'message', data: '' }]],
  ['no data, no event', 'id: 1\n\n: only\n\n', []],
  ['an event that is not ended', 'data: a\n', []],
])('reads %s', (_name, text, events) => {
  expect(read(text)).toEqual(events);
});

test('notices ids, and whether an event is under way', () => {
  expect(scan([Buffer.from('id: 1\ndata:\n\n')])).toMatchObject({ ids: 1, atBoundary: true });
  expect(scan([Buffer.from('data: a\n')])).toMatchObject({ ids: 0, atBoundary: false });
  expect(scan([Buffer.from('data: a\n\n: ke')]).atBoundary).toBe(false);
  expect(scan([Buffer.from('data: a\n\n: keep-alive\n')]).atBoundary).toBe(true);
  expect(scan([Buffer.from('data: a\n\n\n')]).atBoundary).toBe(true);
});

test('the same bytes give the same events, wherever the chunks are cut', () => {
  const line = fc.oneof(
    fc.constantFrom('', 'data', 'data:', 'data: ', ': c', 'event: ping', 'event:', 'id: 1', 'retry: 1', ':'),
    fc.string({ unit: 'grapheme' }).map((text) => `data: ${text.replaceAll(/[\r\n]/g, '')}`),
  );
  const stream = fc
    .tuple(fc.boolean(), fc.array(fc.tuple(line, fc.constantFrom('\n', '\r', '\r\n'))))
    .map(([mark, lines]) => (mark ? '\uFEFF' : '') + lines.map(([text, end]) => text + end).join(''));
  fc.assert(
    fc.property(stream, fc.array(fc.nat(), { maxLength: 20 }), (text, cuts) => {
      const bytes = Buffer.from(text);
      expect(scan(cut(bytes, cuts))).toEqual(scan([bytes]));
    }),
  );
});

const cut = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const ends = [...cuts.map((at) => at % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
};
