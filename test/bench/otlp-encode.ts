/**
 * Time to encode one span of 30 attributes, of which 8 have another value each time, in batches of 512, as an exporter does. Run: `npm exec -- node test/bench/otlp-encode.ts`.
 */

import { OtlpEncoder } from '../../gateway/telemetry/export/protobuf/encode.ts';
import { MAX_BATCH_SPANS } from '../../gateway/telemetry/export/queue.ts';
import type { SpanAttribute } from '../../gateway/telemetry/trace/span.ts';
import { aSpan } from '../support/otlp/spans.ts';

const ROUNDS = 7;
const BATCHES = 100;

const VARYING = 8;
const COUNT = 30;
const NAMES = Array.from({ length: COUNT }, (_, index) => `mcp.attribute.name.${index}`);
const CONSTANTS = NAMES.map((_, index) => `agentgateway-system/value-${index}`);
const attributesOf = (span: number): SpanAttribute[] =>
  NAMES.map((name, index): SpanAttribute => {
    if (index < VARYING) return [name, `00f067aa0ba902b7-${span}-${index}`];
    return [name, index % 6 === 0 ? BigInt(index * 1000) : (CONSTANTS[index] ?? '')];
  });
const spans = Array.from({ length: 4 * MAX_BATCH_SPANS }, (_, index) =>
  aSpan({ attributes: attributesOf(index), parentSpanId: '00f067aa0ba902b8' }),
);
const encoder = new OtlpEncoder([{ name: 'service.name', value: 'agentgateway-mcp' }]);

function round(): number {
  const start = performance.now();
  let bytes = 0;
  for (let batch = 0; batch < BATCHES; batch++) {
    const entries: Buffer[] = [];
    for (let index = 0; index < MAX_BATCH_SPANS; index++) {
      const span = spans[(batch * MAX_BATCH_SPANS + index) % spans.length];
      if (span !== undefined) entries.push(encoder.span(span));
    }
    bytes += encoder.request(entries).length;
  }
  if (bytes === 0) throw new Error('nothing was encoded');
  return ((performance.now() - start) * 1000) / (BATCHES * MAX_BATCH_SPANS);
}

round();
const rounds = Array.from({ length: ROUNDS }, round).sort((a, b) => a - b);
const format = (microseconds: number | undefined): string => (microseconds ?? Number.NaN).toFixed(2);
console.log(
  `${format(rounds[ROUNDS >> 1])} µs/span [${format(rounds[0])}-${format(rounds.at(-1))}], ${COUNT} attributes, ${encoder.span(aSpan({ attributes: attributesOf(0) })).length} bytes`,
);
