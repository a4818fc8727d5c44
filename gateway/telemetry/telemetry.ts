import type { Registry } from 'prom-client';
import type { TraceContextMode } from '../../lib/api/agentgateway/annotations.ts';
import type { CelContext } from '../../lib/cel/expression.ts';
import { ContextPlan, type EnvironmentFacts, expressionsOf, optional } from './context.ts';
import type { Sink } from './export/signal.ts';
import { accessLogLine, type LogFormat } from './log/access-log.ts';
import { auditLine } from './log/audit.ts';
import { accessLogRecord, type LogData } from './log/log-record.ts';
import { ConnectionMetrics } from './metrics/connections.ts';
import { RequestMetrics } from './metrics/requests.ts';
import { SessionMetrics } from './metrics/sessions.ts';
import { type Needs, needsOf } from './needs.ts';
import { exportedTrace, outcomeOf } from './outcome.ts';
import type { LogExportPolicy, TelemetryPolicy, TracingPolicy } from './policy.ts';
import type { RequestFacts, RequestRecord } from './record.ts';
import { type RandomBytes, Sampler } from './trace/sampling.ts';
import type { SpanData } from './trace/span.ts';
import { buildSpans, type SpanNames } from './trace/spans.ts';
import { TRACE_FIELDS, type TraceCarrier, type TraceContext } from './trace/trace-context.ts';

export interface TelemetryDependencies {
  readonly random: RandomBytes;
  /** Milliseconds of the Unix epoch, with fractions. */
  readonly now: () => number;
  /** Where a policy's spans go. */
  readonly sinks: (policy: TracingPolicy) => Sink<SpanData>;
  /** Where log records go that a policy exports; default: nowhere. */
  readonly logSinks?: (policy: LogExportPolicy) => Sink<LogData>;
  /** Writes one line; the line break is its own. */
  readonly log: (line: string) => void;
  readonly logFormat: LogFormat;
  readonly registry: Registry;
  /** Of the gateway, for `agentgateway_build_info`; default `unknown`. */
  readonly version?: string;
  readonly environment?: EnvironmentFacts;
  /** What becomes of clients' trace contexts where no policy says so; default `parent`. */
  readonly traceContext?: TraceContextMode;
  /** Whether spans of requests that fail are exported, where no policy says so, whatever sampling said; default false. */
  readonly keepErrors?: boolean;
  /** Whether audit records are written where no policy says so; default false. */
  readonly audit?: boolean;
  /** Default `post`. */
  readonly spanNames?: SpanNames;
  /** Told of a defect in telemetry itself, which must not become a defect of the request; default: nobody. */
  readonly onDefect?: (error: unknown) => void;
}

/** What a policy's expressions read, for each of the three outputs. */
interface Plans {
  readonly spans: ContextPlan;
  readonly log: ContextPlan;
  readonly logExport: ContextPlan;
  readonly metrics: ContextPlan;
  readonly audit: ContextPlan;
}

const NO_POLICY: TelemetryPolicy = { metricLabels: [] };

/** Everything that is told of a request, made from its record when it has ended. No method throws. */
export class Telemetry {
  readonly #deps: TelemetryDependencies;
  readonly #environment: EnvironmentFacts;
  readonly #sampler: Sampler;
  readonly #metrics: RequestMetrics;
  readonly #sessions: SessionMetrics;
  /** Of clients and backends. */
  readonly connections: ConnectionMetrics;
  readonly #plans = new WeakMap<TelemetryPolicy, Plans>();
  readonly #needs = new WeakMap<TelemetryPolicy, Needs>();
  readonly #finished = new WeakSet<RequestRecord>();

  constructor(deps: TelemetryDependencies) {
    this.#deps = deps;
    this.#environment = deps.environment ?? {};
    this.#sampler = new Sampler(deps.random, this.#environment, deps);
    this.#metrics = new RequestMetrics(deps.registry, deps.version ?? 'unknown');
    this.#sessions = new SessionMetrics(deps.registry, deps.now);
    this.connections = new ConnectionMetrics(deps.registry);
  }

  /**
   * Decides whether the request is traced, before it is routed. Undefined: no spans, and the client's trace context passes through as it
   * is; with `exported: false` the caller had decided so, and ids only go to the access log.
   */
  begin(policy: TelemetryPolicy | undefined, request: RequestFacts, message?: TraceCarrier): TraceContext | undefined {
    const tracing = policy?.tracing;
    return tracing && this.#guard(() => this.#sampler.sample(tracing, request, message));
  }

  /** Decides again, once the client's message is read: `params._meta` may carry a trace context. */
  onMessage(record: RequestRecord, message: TraceCarrier): void {
    if (TRACE_FIELDS.some((name) => message[name] !== undefined)) {
      record.trace = this.begin(record.telemetry, record.request, message);
    }
  }

  /** What handlers have to keep for this policy. */
  needs(policy: TelemetryPolicy | undefined): Needs {
    let needs = this.#needs.get(policy ?? NO_POLICY);
    if (needs === undefined) {
      needs = needsOf(policy ?? NO_POLICY, this.#deps.audit ?? false);
      this.#needs.set(policy ?? NO_POLICY, needs);
    }
    return needs;
  }

  /** A client listens to a server; what is returned ends it. */
  stream(): () => void {
    return this.#sessions.stream();
  }

  /** Id of a CLIENT span: 16 lower-case hex digits. */
  newSpanId(): string {
    return this.#sampler.newSpanId();
  }

  /** Spans, metrics and the access log of an ended request; a second call for the same record does nothing. */
  finish(record: RequestRecord): void {
    if (this.#finished.has(record)) return;
    this.#finished.add(record);
    record.outcome = outcomeOf(record);
    const policy = record.telemetry ?? NO_POLICY;
    const plans = this.#plansOf(policy);
    const context = (plan: ContextPlan): CelContext => plan.build(record.request, record, this.#environment);
    const trace = exportedTrace(record);
    const { tracing, accessLog, metricLabels } = policy;
    this.#guard(() => this.#metrics.count(record, metricLabels, context(plans.metrics)));
    this.#guard(() => this.#sessions.observe(record));
    if (tracing !== undefined && trace !== undefined) {
      this.#guard(() => {
        const spans = buildSpans(record, trace, tracing, context(plans.spans), this.#deps.spanNames);
        if (spans.length > 0) this.#deps.sinks(tracing).export(spans);
      });
    }
    this.#guard(() => {
      const line = accessLogLine(record, accessLog, context(plans.log), this.#deps.logFormat);
      if (line !== undefined) this.#deps.log(line);
    });
    const otlp = accessLog?.otlp;
    if (otlp !== undefined) {
      this.#guard(() => {
        const exported = accessLogRecord(record, otlp, accessLog?.capture, context(plans.logExport));
        if (exported !== undefined) this.#deps.logSinks?.(otlp).export([exported]);
      });
    }
    if (policy.audit ?? this.#deps.audit ?? false) {
      this.#guard(() => {
        const line = auditLine(record, policy, context(plans.audit));
        if (line !== undefined) this.#deps.log(line);
      });
    }
  }

  #plansOf(policy: TelemetryPolicy): Plans {
    let plans = this.#plans.get(policy);
    if (plans === undefined) {
      const { tracing, accessLog, metricLabels } = policy;
      plans = {
        spans: new ContextPlan([...expressionsOf(tracing?.attributes.add ?? []), ...optional(tracing?.filter)]),
        log: new ContextPlan([...expressionsOf(accessLog?.attributes.add ?? []), ...optional(accessLog?.filter)]),
        logExport: new ContextPlan([
          ...expressionsOf(accessLog?.otlp?.attributes.add ?? []),
          ...optional(accessLog?.otlp?.filter),
        ]),
        metrics: new ContextPlan(expressionsOf(metricLabels)),
        audit: new ContextPlan(optional(policy.principal)),
      };
      this.#plans.set(policy, plans);
    }
    return plans;
  }

  #guard<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#deps.onDefect?.(error);
      return undefined;
    }
  }
}
