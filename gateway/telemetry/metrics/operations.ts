import { isProtocolRevision, mcpMethod } from '../../../lib/api/mcp.ts';
import { TOOL_ERROR } from '../../../lib/api/telemetry/attributes.ts';
import { METRICS, type MetricDefinition, OPERATION_LABELS, OTHER } from '../../../lib/api/telemetry/metrics.ts';
import { ERRORS } from '../../errors.ts';
import { clientFailure, type Failure, serverFailure } from '../failure.ts';
import type { RouteLabels } from '../labels.ts';
import { exportedTrace } from '../outcome.ts';
import type { McpFacts, RequestRecord, UpstreamCall } from '../record.ts';
import type { Family, HistogramSeries, Labels } from './series.ts';

/** Series of one metric; beyond them, the name of the tool or prompt, the kind of error and added labels are `_OTHER`, and counted. */
export const MAX_OPERATION_SERIES = 2_000;

/** Codes of JSON-RPC and MCP; servers may answer with any integer. */
const RPC_CODES: ReadonlySet<string> = new Set(
  [-32700, -32600, -32601, -32602, -32603, -32000, -32001, -32002, -32020, -32021, -32022, -32042].map(String),
);

/** Durations of MCP operations, on both sides of the gateway. GET streams and the end of a session are none. */
export class OperationMetrics {
  readonly #server: Family<HistogramSeries>;
  readonly #client: Family<HistogramSeries>;
  readonly #call: Family<HistogramSeries>;
  readonly #onOverflow: (label: string) => void;
  /** Series by the labels that differ between the operations of one route. */
  readonly #known = new WeakMap<RouteLabels, Map<string, HistogramSeries>>();

  constructor(
    histogram: (definition: MetricDefinition) => Family<HistogramSeries>,
    onOverflow: (label: string) => void,
  ) {
    this.#server = histogram(METRICS.serverOperation);
    this.#client = histogram(METRICS.clientOperation);
    this.#call = histogram(METRICS.upstreamCallDuration);
    this.#onOverflow = onOverflow;
  }

  /** @param added labels of the policy */
  observe(record: RequestRecord, added: Labels): void {
    const { mcp, backend, labels, upstreamCalls, startTime, endTime, outcome = '' } = record;
    const trace = exportedTrace(record);
    for (const call of upstreamCalls)
      this.#observeCall(call, backend?.protocol ?? 'http', trace && spanOf(trace, call));
    if (mcp?.method === undefined) return;
    const values = operationValues(mcp);
    this.#series(
      this.#server,
      labels,
      [...values, ...failureValues(serverFailure(record), mcp), outcome],
      added,
    ).observe(seconds(startTime, endTime), trace, endTime);
    for (const call of upstreamCalls) {
      this.#series(this.#client, labels, [...values, ...failureValues(clientFailure(call, mcp), mcp)], added).observe(
        seconds(call.startTime, call.endTime),
        trace && spanOf(trace, call),
        call.endTime,
      );
    }
  }

  #observeCall(call: UpstreamCall, protocol: 'mcp' | 'http', trace: Span | undefined): void {
    if (call.headersTime === undefined) return;
    const series = this.#call.series([
      ['kind', 'Primary'],
      ['subtype', protocol === 'mcp' ? 'Mcp' : 'Http'],
    ]);
    series.observe(seconds(call.startTime, call.headersTime), trace, call.headersTime);
  }

  /** @param values of OPERATION_LABELS, and of `outcome` on the server's side */
  #series(
    family: Family<HistogramSeries>,
    route: RouteLabels,
    values: readonly string[],
    added: Labels,
  ): HistogramSeries {
    let known = this.#known.get(route);
    if (known === undefined) {
      known = new Map();
      this.#known.set(route, known);
    }
    const key = shortKey(values, added);
    const found = known.get(key);
    if (found !== undefined) return found;
    const labels = [...named(values), ...routeLabels(route), ...added];
    if (family.size < MAX_OPERATION_SERIES || family.has(labels)) {
      const series = family.series(labels);
      known.set(key, series);
      return series;
    }
    this.#onOverflow('gen_ai_tool_name');
    const bounded = values.map((value, index) => (value !== '' && UNBOUNDED.has(index) ? OTHER : value));
    return family.series([...named(bounded), ...routeLabels(route), ...added.map(([name]) => [name, OTHER] as const)]);
  }
}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
}

const spanOf = ({ traceId }: Span, { spanId }: UpstreamCall): Span => ({ traceId, spanId });

const seconds = (from: number, to: number): number => Math.max(0, to - from) / 1_000;

/** Values of which there may be many, by their place in OPERATION_LABELS. */
const UNBOUNDED: ReadonlySet<number> = new Set(
  (['gen_ai_tool_name', 'gen_ai_prompt_name', 'error_type', 'rpc_response_status_code'] as const).map((name) =>
    OPERATION_LABELS.indexOf(name),
  ),
);

/** The first of OPERATION_LABELS: what is done, in words of which there are few. */
const operationValues = ({
  method = '',
  resourceType,
  name = '',
  nameKnown,
  target = '',
  protocolVersion,
}: McpFacts): readonly string[] => {
  const about = (type: string): string => (resourceType !== type ? '' : nameKnown ? name : OTHER);
  return [
    mcpMethod(method) === undefined ? OTHER : method,
    about('tool'),
    about('prompt'),
    target,
    revisionLabel(protocolVersion),
  ];
};

/** A client may ask for any, and a server answer with any. */
export const revisionLabel = (version: string | undefined): string =>
  version === undefined ? '' : isProtocolRevision(version) ? version : OTHER;

/** And the last of them. */
const failureValues = (failure: Failure | undefined, { errorCode }: McpFacts): readonly string[] => [
  failure === undefined ? '' : boundedError(failure.type),
  errorCode === undefined ? '' : bounded(String(errorCode)),
];

const boundedError = (type: string): string =>
  type === TOOL_ERROR || Object.hasOwn(ERRORS, type) || /^[45]\d\d$/.test(type) ? type : bounded(type);

const bounded = (code: string): string => (RPC_CODES.has(code) ? code : OTHER);

const named = (values: readonly string[]): Labels =>
  values.map((value, index) => [OPERATION_LABELS[index] ?? 'outcome', value]);

const printedRoutes = new WeakMap<RouteLabels, Labels>();

/** As the metrics of the semantic conventions have them: what is not there is left out. */
const routeLabels = (labels: RouteLabels): Labels => {
  let printed = printedRoutes.get(labels);
  if (printed === undefined) {
    const { bind, gateway, listener, route = '', routeRule = '' } = labels;
    printed = Object.entries({ bind, gateway, listener, route, route_rule: routeRule });
    printedRoutes.set(labels, printed);
  }
  return printed;
};

/** Unambiguous for any text, and between both sides: each value with its length before it. */
const shortKey = (values: readonly string[], added: Labels): string => {
  let key = `${values.length}`;
  for (const value of values) key += `,${value.length}:${value}`;
  for (const [name, value] of added) key += `,${name}=${value.length}:${value}`;
  return key;
};
