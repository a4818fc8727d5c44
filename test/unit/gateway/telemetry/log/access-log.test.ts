import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { accessLogLine, timestamp } from '../../../../../gateway/telemetry/log/access-log.ts';
import { compileCel } from '../../../../../lib/cel/compile.ts';
import { aRecord, aRequest, someMcp } from '../../../../support/telemetry/record.ts';

test.each([
  [0, '1970-01-01T00:00:00.000000Z'],
  [1_772_000_000_000.001, '2026-02-25T06:13:20.000001Z'],
  [1_772_000_000_005.5, '2026-02-25T06:13:20.005500Z'],
  [999.9999, '1970-01-01T00:00:01.000000Z'],
])('%d has padded microseconds', (time, text) => {
  expect(timestamp(time)).toBe(text);
});

describe('whatever a client sends', () => {
  const anything = fc.string({ unit: 'binary', maxLength: 60 });
  const record = (text: string) =>
    aRecord({ request: aRequest({ target: text, host: text }), mcp: someMcp({ sessionId: text, method: text }) });
  const policy = {
    policy: 'a/b',
    attributes: { add: [{ name: 'x.header', expression: compileCel('request.headers.x') }], remove: new Set<string>() },
  };

  test('the text is one line, of which the fields can be told apart', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const context = { request: { headers: { x: text } } };
        const line = accessLogLine(record(text), policy, context, 'text') as string;
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
        expect(line).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
        const [, , message = ''] = line.split('\t');
        const fields = message.slice('request '.length).match(/[^ =]+=("(?:[^"\\]|\\.)*"|[^ "]*)(?= |$)/g) ?? [];
        expect(fields.join(' ')).toBe(message.slice('request '.length));
        expect(fields).toHaveLength(16);
        expect(JSON.parse(fields.at(-1)?.slice('x.header='.length) ?? '')).toBe(text);
      }),
    );
  });

  test('the JSON is one object on one line, with the very values', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const line = accessLogLine(record(text), undefined, {}, 'json') as string;
        expect(line).not.toContain('\n');
        expect(JSON.parse(line)).toMatchObject({ level: 'info', 'http.path': text, 'mcp.session.id': text });
      }),
    );
  });
});
