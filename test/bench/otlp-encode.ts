/**
 * Time to encode one span of 30 attributes, in batches of 512, as an exporter does. Run: `npm exec -- node test/bench/otlp-encode.ts`.
 */

import { OtlpEncoder } from '../../gateway/telemetry/export/encode.ts';
import { MAX_BATCH_SPANS } from '../../gateway/telemetry/export/queue.ts';
import type { SpanAttribute } from '../../gateway/telemetry/trace/span.ts';
import { aSpan } from '../support/otlp/spans.ts';

const ROUNDS = 7;
const BATCHES = 100;

const attributes = Array.from({ length: 30 }, (_, index): SpanAttribute => {
  const name = `mcp.attribute.name.${index}`;
  return [name, index % 6 === 0 ? BigInt(index * 1000) : `agentgateway-system/value-${index}`];
});
const span = aSpan({ attributes, parentSpanId: '00f067aa0ba902b8' });
const encoder = new OtlpEncoder([{ name: 'service.name', value: 'agentgateway-mcp' }]);

function round(): number {
  const start = performance.now();
  let bytes = 0;
  for (let batch = 0; batch < BATCHES; batch++) {
    const entries: Buffer[] = [];
    for (let index = 0; index < MAX_BATCH_SPANS; index++) entries.push(encoder.span(span));
    bytes += encoder.request(entries).length;
  }
  if (bytes === 0) throw new Error('nothing was encoded');
  return ((performance.now() - start) * 1000) / (BATCHES * MAX_BATCH_SPANS);
}

round();
const rounds = Array.from({ length: ROUNDS }, round).sort((a, b) => a - b);
const format = (microseconds: number | undefined): string => (microseconds ?? Number.NaN).toFixed(2);
console.log(
  `${format(rounds[ROUNDS >> 1])} µs/span [${format(rounds[0])}-${format(rounds.at(-1))}], ${attributes.length} attributes, ${encoder.span(span).length} bytes`,
);
