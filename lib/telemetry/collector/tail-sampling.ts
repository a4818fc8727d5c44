import { REQUEST_ATTRIBUTES, STANDARD_ATTRIBUTES } from '../../api/telemetry/attributes.ts';
import { DENIED_ERROR_TYPES } from '../../api/telemetry/outcomes.ts';
import { countProblems, durationProblems } from '../pods/amounts.ts';

/**
 * Which traces are kept, decided once their spans are there. The Collector decides on what it is sent: policies that sample before it
 * (`clientSampling`, `randomSampling`) should let everything pass.
 */
export interface TailSamplingProps {
  /**
   * Percentage of the traces that no rule keeps, from 0 to 100.
   *
   * @default 10
   */
  readonly percentage?: number;
  /**
   * Whether traces are kept in which a span has failed: errors of the gateway, of upstreams and of tools (`isError`).
   *
   * @default true
   */
  readonly keepErrors?: boolean;
  /**
   * Whether traces of requests are kept that a policy refused.
   *
   * @default true
   */
  readonly keepDenials?: boolean;
  /**
   * Traces are kept in which an MCP request took longer than this, as a duration such as `500ms`. Event streams are no requests, however
   * long they last.
   *
   * @default '2s'
   */
  readonly slowerThan?: string;
  /**
   * How long a trace's spans are waited for, from the first one on, as a duration. Spans of one that was decided follow the decision.
   *
   * @default '10s'
   */
  readonly decisionWait?: string;
  /**
   * Traces that wait for their decision at once, in each pod. Of more, the oldest are lost, and counted
   * (`otelcol_processor_tail_sampling_sampling_trace_dropped_too_early`).
   *
   * @default 50000
   */
  readonly maxTraces?: number;
}

/** Decisions that are remembered, for each trace that may wait. */
const REMEMBERED = 2;

/** The configuration of the processor: a trace is kept when one of the policies says so. Source: OpenTelemetry Collector, tail sampling processor. */
export const tailSamplingProcessor = (props: TailSamplingProps) => {
  const { percentage = 10, keepErrors = true, keepDenials = true } = props;
  const { slowerThan = '2s', decisionWait = '10s', maxTraces = 50_000 } = props;
  const remembered = REMEMBERED * maxTraces;
  return {
    decision_wait: decisionWait,
    num_traces: maxTraces,
    decision_cache: { sampled_cache_size: remembered, non_sampled_cache_size: remembered },
    policies: [
      ...(keepErrors ? [{ name: 'errors', type: 'status_code', status_code: { status_codes: ['ERROR'] } }] : []),
      ...(keepDenials ? [denials()] : []),
      slow(slowerThan),
      { name: 'others', type: 'probabilistic', probabilistic: { sampling_percentage: percentage } },
    ],
  };
};

const denials = () => ({
  name: 'denials',
  type: 'string_attribute',
  string_attribute: { key: STANDARD_ATTRIBUTES.errorType, values: [...DENIED_ERROR_TYPES] },
});

/** By the requests themselves: a trace may go on for as long as the agent that began it. */
const slow = (threshold: string) => ({
  name: 'slow',
  type: 'ottl_condition',
  ottl_condition: {
    error_mode: 'ignore',
    span: [
      `span.kind == SPAN_KIND_SERVER and span.attributes["${REQUEST_ATTRIBUTES.mcpMethod}"] != nil and ` +
        `span.end_time - span.start_time > Duration("${threshold}")`,
    ],
  },
});

export const tailSamplingProblems = (props: TailSamplingProps): readonly string[] => {
  const { percentage = 0, slowerThan, decisionWait, maxTraces } = props;
  return [
    ...(percentage >= 0 && percentage <= 100 ? [] : [`tailSampling.percentage: ${percentage} is not from 0 to 100`]),
    ...durationProblems(slowerThan, '1ms', 'tailSampling.slowerThan'),
    ...durationProblems(decisionWait, '1s', 'tailSampling.decisionWait'),
    ...countProblems(maxTraces, 'tailSampling.maxTraces', 1),
  ];
};
