import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Registry } from 'prom-client';
import { parse } from 'yaml';
import type { CounterSeries, Family } from '../../../../gateway/telemetry/metrics/series.ts';
import type { AttributeValue } from '../../../../gateway/telemetry/policy.ts';
import type { McpFacts, RequestFacts, RequestRecord, UpstreamCall } from '../../../../gateway/telemetry/record.ts';
import type { SpanData } from '../../../../gateway/telemetry/trace/span.ts';
import { testGoldens } from '../../../support/golden.ts';
import { aPolicy, type FrontendInput } from '../../../support/telemetry/policy.ts';
import { aCall, aRecord, aRequest, observe, someMcp } from '../../../support/telemetry/record.ts';

/** A record differs from the post's only in what the golden says; null: not there. */
interface Input {
  readonly frontend?: FrontendInput;
  readonly request?: Partial<RequestFacts>;
  readonly status?: number;
  readonly mcp?: Partial<McpFacts> | null;
  readonly calls?: readonly Partial<UpstreamCall>[];
  readonly record?: Partial<RequestRecord>;
}

const TYPE = { string: 'Str', bigint: 'Int', number: 'Double', boolean: 'Bool' } as const;

/** As the collector's debug exporter prints it. */
const printAttribute = ([name, value]: readonly [string, AttributeValue]): string =>
  `${name}: ${TYPE[typeof value as keyof typeof TYPE]}(${value})`;

const printSpan = (span: SpanData) => ({
  name: span.name,
  kind: span.kind,
  id: span.spanId,
  ...(span.parentSpanId === undefined
    ? {}
    : { parent: `${span.parentSpanId}${span.parentIsRemote ? ' (remote)' : ''}` }),
  status: span.status.code === 'UNSET' ? 'Unset' : `Error(${span.status.message})`,
  milliseconds: span.endTime - span.startTime,
  attributes: span.attributes.map(printAttribute),
});

/** Requests and operations, each once: what else is measured has tests of its own. */
const printMetrics = (registry: Registry): string[] =>
  registry
    .getMetricsAsArray()
    .filter(({ name }) => /_requests_total$|_operation_duration_seconds$/.test(name))
    .flatMap((family) => {
      const { name, values } = (family as unknown as Family<CounterSeries>).get();
      return values
        .filter(({ metricName }) => metricName === name || metricName.endsWith('_count'))
        .map(({ metricName, labels, value }) => {
          const printed = Object.entries(labels).flatMap(([label, text]) =>
            text === '' ? [] : [`${label}="${text}"`],
          );
          return `${metricName}{${printed.join(',')}} ${value}`;
        });
    });

const nulls = <T extends object>(values: T): T =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value ?? undefined])) as T;

testGoldens(join(import.meta.dirname, '../../../golden/telemetry'), (text) => {
  const { frontend, request, status = 200, mcp, calls = [{}], record: differing = {} } = parse(text) as Input;
  const { telemetry, spans, lines, registry, defects } = observe();
  const policy = frontend && aPolicy(frontend);
  const record = aRecord({
    request: aRequest(request),
    response: { status, headers: {}, bytes: 0 },
    telemetry: policy,
    mcp: mcp === null ? undefined : someMcp(nulls(mcp ?? {})),
    upstreamCalls: calls.map((call) => aCall(nulls(call))),
    ...nulls(differing),
  });
  record.trace = telemetry.begin(policy, record.request);
  telemetry.finish(record);
  expect(defects).toEqual([]);
  return {
    spans: spans.map(printSpan),
    metrics: printMetrics(registry),
    text: lines,
    json: logged(record),
  };
});

/** The same line as JSON: read back, so that it is JSON. */
const logged = (record: RequestRecord): unknown => {
  const { telemetry, lines } = observe({ logFormat: 'json' });
  telemetry.finish(record);
  return lines.map((line) => JSON.parse(line));
};
