import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { injectMeta } from '../../../../gateway/mcp/meta.ts';

const FIELDS = new Map([
  ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
  ['tracestate', 'vendor="1"'],
]);
const WRITTEN = '"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","tracestate":"vendor=\\"1\\""';

const inject = (text: string): string => injectMeta(Buffer.from(text), FIELDS).toString();

describe('the trace context goes into params._meta', () => {
  test.each([
    ['that is there', '{"params":{"_meta":{"a":1},"name":"x"}}', `{"params":{"_meta":{${WRITTEN},"a":1},"name":"x"}}`],
    ['that is empty', '{"params":{"_meta":{ }}}', `{"params":{"_meta":{${WRITTEN}}}}`],
    ['of params without one', '{"params":{"name":"x"}}', `{"params":{"_meta":{${WRITTEN}},"name":"x"}}`],
    ['of empty params', '{"params":{}}', `{"params":{"_meta":{${WRITTEN}}}}`],
    ['of params that are not there', '{"method":"ping"}', `{"params":{"_meta":{${WRITTEN}}},"method":"ping"}`],
    [
      'in place of what a client sent',
      '{"params":{"_meta":{"traceparent":"old","baggage":"old","traceparent":"older","a":1}}}',
      `{"params":{"_meta":{${WRITTEN},"a":1}}}`,
    ],
    [
      'whose names are escaped',
      '{"\\u0070arams":{"_m\\u0065ta":{"trace\\u0070arent":"old","\\u0061":1}}}',
      `{"\\u0070arams":{"_m\\u0065ta":{${WRITTEN},"\\u0061":1}}}`,
    ],
    [
      'of the params that count: the last',
      '{"params":{"_meta":{"a":1}},"params":{"_meta":{"b":2}}}',
      `{"params":{"_meta":{"a":1}},"params":{"_meta":{${WRITTEN},"b":2}}}`,
    ],
    [
      'and nowhere deeper',
      '{"params":{"arguments":{"_meta":{"traceparent":"data"}}}}',
      `{"params":{"_meta":{${WRITTEN}},"arguments":{"_meta":{"traceparent":"data"}}}}`,
    ],
    ['behind a byte order mark', '\ufeff {"params":{}}', `\ufeff {"params":{"_meta":{${WRITTEN}}}}`],
  ])('%s', (_, before, after) => {
    expect(inject(before)).toBe(after);
  });

  test.each(['{"params":[1,2]}', '{"params":{"_meta":null}}', '{"params":{"_meta":"x","name":"{"}}'])(
    'not where there is no place for it: %s',
    (text) => {
      expect(inject(text)).toBe(text);
    },
  );

  /** JSON text of the same value in different spellings. */
  const spelled = (value: fc.JsonValue): fc.Arbitrary<string> =>
    fc.constantFrom(undefined, 1, '\t').map((space) => JSON.stringify(value, undefined, space));

  test('and everything else stays as it is', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 });
    const message = fc
      .record(
        {
          jsonrpc: fc.constant('2.0'),
          method: fc.string(),
          params: fc.record({ _meta: object, name: fc.string(), arguments: object }, { requiredKeys: [] }),
        },
        { requiredKeys: ['jsonrpc'] },
      )
      .chain((value) => spelled(value as fc.JsonValue).map((text) => ({ value, text })));
    fc.assert(
      fc.property(message, ({ value, text }) => {
        const { params, ...rest } = JSON.parse(inject(text)) as { params: Record<string, unknown> };
        const { _meta, ...others } = params;
        const { traceparent: _, tracestate: __, baggage: ___, ...foreign } = value.params?._meta ?? {};
        const { params: ____, ...before } = value;
        const { _meta: _____, ...beforeParams } = value.params ?? {};
        expect(rest).toEqual(JSON.parse(JSON.stringify(before)));
        expect(others).toEqual(JSON.parse(JSON.stringify(beforeParams)));
        expect(_meta).toEqual({ ...JSON.parse(JSON.stringify(foreign)), ...Object.fromEntries(FIELDS) });
      }),
      { numRuns: 500 },
    );
  });

  test('foreign members keep their bytes: numbers that no double holds, escapes, white space', () => {
    const member = '"io.example/x" : { "big" : 12345678901234567890.000, "text" : "\\u00e9\\/" ,"list":[ 1 , 2 ] }';
    expect(inject(`{"params":{"_meta":{ ${member} }}}`)).toBe(`{"params":{"_meta":{${WRITTEN},${member}}}}`);
  });
});
